"""Answers given to `label` are kept one by one: Ctrl-C, or the end of the input, loses none."""

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from mnistae_cli.stages.label import Answers
from tests.conftest import Mnistae, exit_code


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


def changing(finished: Path, typed: list[str]) -> Iterator[str]:
    """What a person types, while another process makes other clusters, as many as before, after the first name."""
    yield typed[0]
    made = exit_code(
        ["mnistae", "cluster", "--clusters", "3", "--seed", "5", "--n-init", "1", "-a", str(finished), "-q"]
    )
    assert made == 0
    yield from typed[1:]


def test_names_are_not_given_to_clusters_that_were_not_shown(finished: Path, mnistae: Mnistae, answer: object) -> None:
    first = (finished / "cluster" / "manifest.json").read_bytes()
    answers = changing(finished, ["a", "b", "c"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mnistae_cli.cli.console.somebody_answers", lambda: True)
        patch.setattr("mnistae_cli.cli.console.ask", lambda *_: next(answers))
        told = mnistae("label", "-a", finished)
    errors = [line for line in told.err.splitlines() if line.startswith(("error", "help", "Trace"))]
    assert (told.code, [line.split(":")[0] for line in errors]) == (3, ["error", "help"]), told.err
    assert "the clusters have changed" in errors[0]
    assert "a, b, c" in errors[1]
    assert not (finished / "label" / "labels.csv").exists()
    assert (finished / "cluster" / "manifest.json").read_bytes() != first
    # The new clusters get their own names, and the typed ones wait for theirs.
    answer("x\ny\nz\n")  # type: ignore[operator]
    told = mnistae("label", "-a", finished)
    assert (told.code, "Kept from before" in told.err) == (0, False)
    assert names_of(finished) == ["x", "y", "z"]
    assert (finished / ".answers.json").exists()
    assert mnistae("cluster", "--clusters", "3", "-a", finished, "-q").code == 0
    answer("")  # type: ignore[operator]
    told = mnistae("label", "-a", finished)
    assert told.code == 0, told.err
    assert "Kept from before: a, b, c" in told.err
    assert names_of(finished) == ["a", "b", "c"]
    assert not (finished / ".answers.json").exists()


def test_clusters_that_change_before_the_first_question_are_noticed(
    finished: Path, mnistae: Mnistae, monkeypatch: pytest.MonkeyPatch
) -> None:
    def somebody() -> bool:
        for _ in changing(finished, ["a"]):
            pass
        return True

    monkeypatch.setattr("mnistae_cli.cli.console.somebody_answers", somebody)
    monkeypatch.setattr("sys.stdin", io.StringIO("a\nb\nc\n"))
    told = mnistae("label", "-a", finished)
    assert told.code == 3
    assert "the clusters have changed" in told.err


@pytest.mark.parametrize(
    "content", ["[]", "3", '{"answers": 3}', '{"answers": [{"names": 3}]}', '{"names": ["a"]}', "["]
)
def test_a_damaged_file_of_answers_holds_none(content: str, tmp_path: Path) -> None:
    (tmp_path / ".answers.json").write_text(content)
    answers = Answers(tmp_path, {"a": "b"})
    assert answers.names == []
    answers.add("x")
    assert Answers(tmp_path, {"a": "b"}).names == ["x"]
    answers.forget()
    assert not (tmp_path / ".answers.json").exists()


def test_answers_of_the_former_version_count(tmp_path: Path) -> None:
    (tmp_path / ".answers.json").write_text('{"clusters": {"a": "b"}, "names": ["x"]}')
    assert Answers(tmp_path, {"a": "b"}).names == ["x"]
    assert Answers(tmp_path, {"a": "c"}).names == []


def names_of(root: Path) -> list[str]:
    clusters = json.loads((root / "label" / "manifest.json").read_text())["metrics"]["clusters"]
    return [each["name"] for each in clusters]
