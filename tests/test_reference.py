"""The pages of the reference leave out no public name, no stage, no setting, no command and no option."""

import dataclasses
import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer

import mnistae_cli
from docs.generate_commands import on_page_markdown
from docs.griffe_settings import lines_of
from mnistae_cli.cli.commands import app
from mnistae_cli.settings import STAGE_CONFIGS
from mnistae_cli.settings.options import Checked

DOCS = Path(__file__).parents[1] / "docs"
PAGES = [path.read_text(encoding="utf-8") for path in (DOCS / "reference").glob("*.md")]
DIRECTIVES = [name for page in PAGES for name in re.findall(r"^::: ([\w.]+)$", page, re.MULTILINE)]
STAGES = [*STAGE_CONFIGS, "run", "sweep", "predict"]
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]
COMMAND_PAGE = on_page_markdown((DOCS / "commands.md").read_text(encoding="utf-8"))


def documented() -> list[Any]:
    """What the directives name; of a module also what it has for others. Griffe finds it without an import."""
    found = []
    for name in DIRECTIVES:
        try:
            found.append(import_module(name))
            found += [each for key, each in vars(found[-1]).items() if not key.startswith("_")]
        except ModuleNotFoundError:
            module, _, last = name.rpartition(".")
            found.append(getattr(import_module(module), last))
    return found


DOCUMENTED = documented()


def is_documented(public: Any) -> bool:
    return any(each is public for each in DOCUMENTED)


def configs(config: type[Checked]) -> Iterator[type[Checked]]:
    """A config, its groups, the kinds that it chooses between, and theirs."""
    yield config
    for field in dataclasses.fields(config):  # type: ignore[arg-type]
        inner = field.metadata.get("kinds", [type(field.default)] if isinstance(field.default, Checked) else [])
        for each in inner:
            yield from configs(each)


CONFIGS = dict.fromkeys(each for config in STAGE_CONFIGS.values() for each in configs(config))


def test_each_is_documented_once() -> None:
    assert len(DIRECTIVES) == len(set(DIRECTIVES))


@pytest.mark.parametrize("name", ["common.MnistaeError", *getattr(mnistae_cli, "__all__", ())])
def test_public_names_are_documented(name: str) -> None:
    owner, _, last = name.rpartition(".")
    public = getattr(import_module(f"mnistae_cli.{owner}".strip(".")), last)
    if callable(public) or inspect.ismodule(public):
        assert is_documented(public), f"docs/reference/ has no ::: of {name}"


@pytest.mark.parametrize("stage", STAGES)
def test_stages_are_documented(stage: str) -> None:
    assert is_documented(getattr(import_module(f"mnistae_cli.stages.{stage}"), stage))


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.__name__)
def test_settings_are_documented(config: type[Checked]) -> None:
    assert is_documented(config)
    lines = list(lines_of(config))
    assert len(lines) == len(dataclasses.fields(config))  # type: ignore[arg-type]
    assert all(re.search(r"by default|Default: ", line) for line in lines)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_page_of_the_commands_has_every_option_and_its_variable(command: str) -> None:
    (section,) = re.findall(rf"^## mnistae {command}$(.*?)(?=^## |\Z)", COMMAND_PAGE, re.MULTILINE | re.DOTALL)
    rows = {name: row for row in section.splitlines() for name in re.findall(r"--[a-z0-9-]+", row.partition("` |")[0])}
    for option in COMMANDS[command].params:
        if option.param_type_name == "option" and not option.hidden:
            names = [name for name in (*option.opts, *option.secondary_opts) if name.startswith("--")]
            variables = [option.envvar] if isinstance(option.envvar, str) else option.envvar or []
            assert names
            assert all(f"`{variable}`" in rows[name] for name in names for variable in variables)
