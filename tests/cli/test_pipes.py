"""A reader that leaves early, as `head` does, is no error, and hides none."""

import subprocess
import sys
from pathlib import Path

import pytest


def piped(arguments: str, reader: str) -> tuple[list[int], str]:
    """Exit codes of `mnistae ARGUMENTS | READER`, and what came on stderr."""
    script = f"{sys.executable} -m mnistae_cli {arguments} | {reader} > /dev/null; echo ${{PIPESTATUS[@]}}"
    ended = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    return [int(code) for code in ended.stdout.split()], ended.stderr


@pytest.mark.parametrize(
    ("arguments", "reader"),
    [
        ("--help", "true"),
        ("run --help", "head -1"),
        ("status -a {}", "true"),
        ("status --json -a {}", "head -1"),
        pytest.param("--help", "head -1", marks=pytest.mark.slow),
        pytest.param("run --help", "true", marks=pytest.mark.slow),
        pytest.param("status -a {}", "head -1", marks=pytest.mark.slow),
        pytest.param("status --json -a {}", "true", marks=pytest.mark.slow),
    ],
)
def test_a_reader_that_leaves_early_is_no_error(arguments: str, reader: str, tmp_path: Path) -> None:
    assert piped(arguments.format(tmp_path), reader) == ([0, 0], "")


def test_the_exit_code_stays_the_commands_own(tmp_path: Path) -> None:
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "manifest.json").write_text("{}")
    assert piped(f"status -a {tmp_path}", "true") == ([4, 0], "")
