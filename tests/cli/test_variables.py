"""Environment variables: a wrong value names its variable, other programs' variables are left in peace."""

from pathlib import Path

import pytest

from mnistae_cli.cli.resolving import misspelled_variables
from tests.conftest import Mnistae, assert_two_lines


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("MNISTAE_TRAIN_LOSS", "hinge", "is 'hinge': it must be one of bce, mse"),
        ("MNISTAE_TRAIN_MODEL", "tree", "is 'tree'"),
        ("MNISTAE_TRAIN_EPOCHS", "many", "is 'many': it must be a whole number or auto"),
        ("MNISTAE_DATASET", "mnits", "MNISTAE_DATASET=mnits is not"),
        ("MNISTAE_DATA_DIR", "/nope", "=/nope is not a folder"),
        ("MNISTAE_PRESET", "orginal", "MNISTAE_PRESET=orginal"),
        ("MNISTAE_CONFIG", "none.toml", "MNISTAE_CONFIG=none.toml"),
        ("MNISTAE_SEED", "x", "is 'x'"),
        ("MNISTAE_FORCE", "perhaps", "--force"),
    ],
)
def test_a_wrong_value_names_its_variable(
    variable: str, value: str, words: str, mnistae: Mnistae, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    assert_two_lines(mnistae("train", "-a", tmp_path), 2, words, variable)


def test_a_value_of_the_command_line_names_its_option(
    mnistae: Mnistae, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNISTAE_TRAIN_LOSS", "mse")
    refused = mnistae("train", "--loss", "hinge", "-a", tmp_path)
    assert_two_lines(refused, 2, "--loss is 'hinge'")
    assert "MNISTAE" not in refused.err


def test_the_variable_of_a_stage_is_named_in_run(
    mnistae: Mnistae, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNISTAE_TRAIN_EPOCHS", "2")
    assert_two_lines(mnistae("run", "--head-epochs", "x", "-a", tmp_path), 2, "classify: --head-epochs is 'x'")
    monkeypatch.setenv("MNISTAE_CLASSIFY_EPOCHS", "x")
    assert_two_lines(mnistae("run", "-a", tmp_path), 2, "classify: MNISTAE_CLASSIFY_EPOCHS is 'x'")


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("MNISTAE_EPOCHS", "_EPOCHS"),
        ("MNISTAE_CLUSTERS", "_CLUSTERS"),
        ("MNISTAE_TRAIN_LATENTDIM", "MNISTAE_TRAIN_LATENT_DIM"),
    ],
)
def test_a_variable_that_is_nearly_ours_is_told(variable: str, meant: str) -> None:
    (line,) = misspelled_variables([variable])
    assert variable in line
    assert meant in line.split("Did you mean")[1]


@pytest.mark.parametrize("variable", ["MNISTAE_HOME", "MNISTAE_FOO", "PATH", "MNISTAE_TRAIN_EPOCHS"])
def test_other_variables_are_left_in_peace(variable: str) -> None:
    assert misspelled_variables([variable]) == []
