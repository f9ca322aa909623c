"""The README and the presets name commands and options that are there, and leave no command out."""

import dataclasses
import json
import re
import shlex
from pathlib import Path

import pytest
import typer

import mnistae_cli.cli  # noqa: F401 registers the commands
from mnistae_cli.checked import flag_of
from mnistae_cli.commands import app
from mnistae_cli.configs import STAGE_CONFIGS
from mnistae_cli.directory import STAGES
from mnistae_cli.errors import INTERRUPTED, DamagedInput, GateFailed, MissingInput, UsageError

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PRESETS = sorted((ROOT / "mnistae_cli" / "presets").glob("*.toml"))
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]


def command_lines(text: str) -> list[list[str]]:
    """Every `mnistae …` in a text: in code blocks, inline code and the comments of a preset."""
    found = re.findall(r"(?:^|[`(#]|&& )\s*(mnistae [a-z][^`#\n|]*)", text, re.MULTILINE)
    return [shlex.split(line.replace("…", "")) for line in found]


def options_of(command: str) -> set[str]:
    given = {name for option in COMMANDS[command].params for name in [*option.opts, *option.secondary_opts]}
    return given | {"-h", "--help"}


ALL_OPTIONS = {name for command in COMMANDS for name in options_of(command)} | {
    "--version",
    "--install-completion",
    "--help",
}


@pytest.mark.parametrize("path", [ROOT / "README.md", ROOT / "CHANGELOG.md", *PRESETS], ids=lambda path: path.name)
def test_documented_commands_and_options_are_real(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for words in command_lines(text):
        assert words[1] in COMMANDS, words
        for word in words[2:]:
            if word.startswith("-"):
                assert word.split("=")[0] in options_of(words[1]), words
    for option in re.findall(r"`(--[a-z0-9-]+)", text):
        assert option in ALL_OPTIONS, option


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_is_documented(command: str) -> None:
    assert [words for words in command_lines(README) if words[1] == command]


def test_every_stage_and_exit_code_is_documented() -> None:
    for stage in STAGES:
        assert f"`{stage}/`" in README
    for code in (UsageError, MissingInput, DamagedInput, GateFailed):
        assert re.search(rf"\| {code.exit_code} \|", README)
    assert f"| {INTERRUPTED} |" in README


def test_every_setting_has_an_option() -> None:
    for stage, config in STAGE_CONFIGS.items():
        for field in dataclasses.fields(config):  # type: ignore[arg-type]
            assert {flag_of(field), f"--no-{flag_of(field)[2:]}"} & options_of(stage)


@pytest.mark.parametrize("path", PRESETS, ids=lambda path: path.stem)
def test_a_presets_header_says_its_command_and_its_figures(path: Path) -> None:
    header = "".join(line for line in path.read_text(encoding="utf-8").splitlines(True) if line.startswith("#"))
    assert f"mnistae run --preset {path.stem}" in header
    assert re.search(r"0\.\d{3}", header)


@pytest.mark.parametrize("path", sorted((ROOT / "benchmarks" / "results").glob("*.json")), ids=lambda path: path.stem)
def test_the_benchmarks_readme_shows_what_was_measured(path: Path) -> None:
    text = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    result = json.loads(path.read_text(encoding="utf-8"))
    assert result["command"].strip() in text
    for row in (result["table"]["header"], *result["table"]["rows"]):
        assert f"| {' | '.join(row)} |" in text


def test_pictures_of_the_readme_are_there() -> None:
    pictures = re.findall(r"!\[[^]]+\]\(([^)]+)\)", README)
    assert pictures
    for picture in pictures:
        assert (ROOT / picture).is_file()
