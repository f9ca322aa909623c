"""README, pages and presets name commands and options that are there, and together they leave none out."""

import json
import re
import shlex
from pathlib import Path

import pytest
import typer

from mnistae_cli import __version__
from mnistae_cli.cli.commands import app
from mnistae_cli.common.errors import INTERRUPTED, DamagedInput, GateFailed, MissingInput, UsageError
from mnistae_cli.settings.kinds import settings_of
from mnistae_cli.settings.stages import STAGE_CONFIGS
from mnistae_cli.store.directory import STAGES

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
DOCUMENTS = "\n".join(path.read_text(encoding="utf-8") for path in PAGES)
PRESETS = sorted((ROOT / "mnistae_cli" / "settings" / "presets").glob("*.toml"))
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


@pytest.mark.parametrize("path", [*PAGES, ROOT / "CHANGELOG.md", *PRESETS], ids=lambda path: path.name)
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
    assert [words for words in command_lines(DOCUMENTS) if words[1] == command]


def test_every_stage_and_exit_code_is_documented() -> None:
    for stage in STAGES:
        assert f"`{stage}/`" in DOCUMENTS
    for code in (UsageError, MissingInput, DamagedInput, GateFailed):
        assert re.search(rf"\| {code.exit_code} \|", DOCUMENTS)
    assert f"| {INTERRUPTED} |" in DOCUMENTS


def test_every_setting_has_an_option() -> None:
    for stage, config in STAGE_CONFIGS.items():
        for setting in settings_of(config):
            assert {setting.flag, f"--no-{setting.flag[2:]}"} & options_of(stage)


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


def test_pictures_and_links_between_pages_are_there() -> None:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text)
        for target in targets:
            assert (page.parent / target).exists(), f"{page.name} names {target}"
    assert re.search(r"!\[[^]]+\]\(docs/", README)


def test_the_version_is_the_same_everywhere() -> None:
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(r"^## (\S+) \((\S+)\)$", changes, re.MULTILINE)
    assert versions[0][0] == __version__
    version, day = next(each for each in versions if each[1] != "unreleased")
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {version}\ndate-released: {day}\n" in citation


def test_the_readme_is_read_at_one_sitting() -> None:
    assert len(README.splitlines()) <= 90
    for page in (ROOT / "docs").glob("*.md"):
        assert page.stem == "index" or page.name in README + (ROOT / "docs" / "index.md").read_text(encoding="utf-8"), (
            page
        )
