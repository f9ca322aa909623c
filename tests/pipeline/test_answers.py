"""Answers given to `label` are kept one by one: Ctrl-C, or the end of the input, loses none."""

import io
import json
from pathlib import Path

import pytest

from tests.conftest import Mnistae


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> object:
    """Let a person be there who types some lines, and then ends the input as Ctrl-C would."""

    def typed(text: str) -> None:
        monkeypatch.setattr("mnistae_cli.cli.console.somebody_answers", lambda: True)
        monkeypatch.setattr("sys.stdin", io.StringIO(text))

    return typed


def test_what_was_answered_is_not_asked_again(finished: Path, mnistae: Mnistae, answer: object) -> None:
    answer("five\nsix\n")  # type: ignore[operator]
    stopped = mnistae("label", "-a", finished)
    assert stopped.code == 130
    assert not (finished / "label" / "labels.csv").exists()
    answer("seven\n")  # type: ignore[operator]
    ended = mnistae("label", "-a", finished)
    assert ended.code == 0
    assert "Kept from before: five, six" in ended.err
    assert "cluster 1," not in ended.err
    clusters = json.loads((finished / "label" / "manifest.json").read_text())["metrics"]["clusters"]
    assert [each["name"] for each in clusters] == ["five", "six", "seven"]
    assert not (finished / ".answers.json").exists()


@pytest.mark.parametrize("damage", ["", "null", '{"clusters": "other", "names": ["a"]}'])
def test_answers_for_other_clusters_or_damaged_ones_do_not_count(
    damage: str, finished: Path, mnistae: Mnistae, answer: object
) -> None:
    (finished / ".answers.json").write_text(damage)
    answer("a\nb\nc\n")  # type: ignore[operator]
    ended = mnistae("label", "-a", finished)
    assert ended.code == 0
    assert "Kept from before" not in ended.err
    clusters = json.loads((finished / "label" / "manifest.json").read_text())["metrics"]["clusters"]
    assert [each["name"] for each in clusters] == ["a", "b", "c"]


def test_a_name_that_is_too_long_is_asked_for_again(finished: Path, mnistae: Mnistae, answer: object) -> None:
    answer("w" * 81 + "\na\nb\nc\n")  # type: ignore[operator]
    ended = mnistae("label", "-a", finished)
    assert ended.code == 0
    assert "a name is 1 to 80 printable characters" in ended.err
    clusters = json.loads((finished / "label" / "manifest.json").read_text())["metrics"]["clusters"]
    assert [each["name"] for each in clusters] == ["a", "b", "c"]
