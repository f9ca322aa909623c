import pytest

from mnistae_cli.common.spreadsheets import as_text


@pytest.mark.parametrize("name", ["=1+1", "+2", "-3", "@SUM(A1)"])
def test_a_name_is_no_formula_to_a_spreadsheet(name: str) -> None:
    assert as_text(name) == f"'{name}"


@pytest.mark.parametrize("name", ["5", "a=b", "scan-1.png", "", "'quoted'"])
def test_other_names_are_written_as_they_are(name: str) -> None:
    assert as_text(name) == name
