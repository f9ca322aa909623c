"""Tables, errors and notices show any text as it is, on one line, and do not steer the terminal."""

import io
import sys
from pathlib import Path

import pytest

from mnistae_cli.cli import console
from mnistae_cli.cli.listener import Listener
from mnistae_cli.common import Notice
from tests.conftest import Mnistae, assert_two_lines

STEERING = "a\x1b[31mb\r\tc\n\u202ed\x7f\x9b[bold]e[/] :smile:"
SHOWN = "a\\x1b[31mb\\r\\tc\\n\\u202ed\\x7f\\x9b[bold]e[/] :smile:"


def test_a_table_shows_markup_and_controls_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    console.print_table(STEERING, ["name", STEERING], [[STEERING, "1"], ["[b]", STEERING]], STEERING)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].strip() == lines[-1] == SHOWN
    assert f" {SHOWN} " in lines[2]
    assert f"│ {SHOWN} │ {'1':>{len(SHOWN)}} │" == lines[4]
    assert len({len(line) for line in lines[1:-1]}) == 1


def test_errors_and_notices_are_one_line(mnistae: Mnistae, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = STEERING.replace("/", "")
    shown = SHOWN.replace("/", "")
    assert_two_lines(mnistae("train", "--dataset", f"./{name}", "-a", tmp_path / "a"), 3, shown)
    assert_two_lines(mnistae(f"no{name}"), 2, "no")
    Listener(quiet=False)(Notice(STEERING))
    assert capsys.readouterr().err == f"… {SHOWN}\n"


def test_letters_that_the_terminal_lacks_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii", write_through=True))
    console.print_table("t", ["class", "n"], [["\u0915", "–"], ["\u0916", "2 × 3"]], "done…")
    lines = written.getvalue().decode("ascii").splitlines()
    assert [[cell.strip() for cell in line.split("|")[1:3]] for line in lines[4:6]] == [
        ["\\u0915", "-"],
        ["\\u0916", "2 x 3"],
    ]
    assert lines[-1] == "done..."
