"""Files of decisions: what is taken, and what is refused."""

from pathlib import Path

import pytest

from mnistae_cli.common.errors import DamagedInput, MissingInput, MnistaeError
from mnistae_cli.curation import read_decisions

KNOWN = {("train", 5, "label"): "a.png", ("test", 0, "stranger"): "b.png"}
HEADER = "split,index,suspicion,decision,chosen\n"


def written(tmp_path: Path, content: str) -> Path:
    path = tmp_path / "decisions.csv"
    path.write_text(content)
    return path


def test_rows_without_a_decision_are_passed_over(tmp_path: Path) -> None:
    path = written(tmp_path, HEADER + "train,5,label,Accept ,'=x\ntest,0,stranger,,\ntest,0,stranger,refuse,\n")
    found = read_decisions(path, KNOWN, ["=x", "y"])
    assert [(each.key, each.accepted, each.chosen) for each in found] == [
        (("train", 5, "label"), True, "=x"),
        (("test", 0, "stranger"), False, ""),
    ]


def test_a_review_with_a_column_of_decisions_is_one(tmp_path: Path) -> None:
    content = "split,index,image,suspicion,label,decision\ntrain,5,a.png,label,y,accept\n"
    (found,) = read_decisions(written(tmp_path, content), KNOWN, ["x", "y"])
    assert found.chosen == ""  # the column label holds the label that is suspected


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "column"),
        ("split,index,suspicion\ntrain,5,label\n", "column decision"),
        (HEADER + "train,5,label,perhaps,\n", "'perhaps'"),
        (HEADER + "train,6,label,accept,\n", "train:6"),
        (HEADER + "train,x,label,accept,\n", "train:x"),
        (HEADER + "test,0,label,accept,\n", "test:0"),
        (HEADER + "train,5,label,accept,z\n", "'z'"),
        (HEADER + f"train,{'9' * 5000},label,accept,\n", "train:999"),
        (HEADER + "train,5,label,accept,x\ntrain,5,label,accept,y\n", "another row"),
        (HEADER + "train,5,label,accept,\ntrain,5,label,refuse,\n", "another row"),
        ("split,index,image,suspicion,decision\ntrain,5,b.png,label,accept\n", "b.png"),
    ],
)
def test_rows_that_are_not_about_the_review_are_refused(tmp_path: Path, content: str, words: str) -> None:
    with pytest.raises(DamagedInput) as refused:
        read_decisions(written(tmp_path, content), KNOWN, ["x", "y"])
    assert words in refused.value.problem


@pytest.mark.parametrize("name", ["nothing.csv", "."])
def test_a_file_that_is_not_there_is_told(tmp_path: Path, name: str) -> None:
    error: type[MnistaeError] = MissingInput
    with pytest.raises(error):
        read_decisions(tmp_path / name, KNOWN, [])


@pytest.mark.parametrize(
    "content",
    [
        "split;index;suspicion;decision\ntrain;5.0;label;accept\n",
        "split,index,suspicion,decision\ntrain,5,label,accept\ntrain,5,label,accept\n",
    ],
)
def test_what_spreadsheets_write_is_read(tmp_path: Path, content: str) -> None:
    (found,) = read_decisions(written(tmp_path, content), KNOWN, ["x"])
    assert found.key == ("train", 5, "label")


def test_a_file_without_rows_decides_nothing(tmp_path: Path) -> None:
    assert read_decisions(written(tmp_path, HEADER), KNOWN, ["x"]) == []
