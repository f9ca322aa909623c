"""A hook of MkDocs: it writes the reference of the commands into `commands.md`, from the commands themselves.

`typer … utils docs` gives one list without headings for the ninety options of `run`, and leaves out their variables.
"""

import html
import re
from collections.abc import Iterator
from typing import Any

import typer
from rich.text import Text

from mnistae_cli.cli.commands import app

MARKER = "The commands are put here when the site is built: `mkdocs build`."
WITHOUT_PANEL = "Options"


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Replace the marker by the reference, on the page that has the marker."""
    return markdown.replace(MARKER, "\n".join(reference())) if MARKER in markdown else markdown


def reference() -> Iterator[str]:
    """The lines of the page: the commands in the order of `mnistae --help`, each with all of its options."""
    for name, command in typer.main.get_command(app).commands.items():  # type: ignore[attr-defined]
        yield from (f"## mnistae {name}", "", _escaped(command.help), "", _escaped(command.epilog), "")
        context = typer.Context(command)
        panels: dict[str, list[str]] = {}
        for each in command.params:
            if getattr(each, "hidden", False):  # an old name of an option
                continue
            panel = "Arguments" if each.param_type_name == "argument" else each.rich_help_panel or WITHOUT_PANEL
            panels.setdefault(panel, []).append(_row(each, context))
        for panel, rows in panels.items():
            yield from (f"**{panel}**", "", "| option | what it does | variable |", "|---|---|---|", *rows, "")


def _row(parameter: Any, context: typer.Context) -> str:
    """An option with its value, its help text with the default, its environment variables."""
    parameter.show_envvar = False  # they have a column of their own
    names, text = parameter.get_help_record(context)
    told = text.removeprefix(parameter.help).strip()  # a default or a range, in brackets that are not markup
    variables = parameter.envvar or ()
    variables = [variables] if isinstance(variables, str) else variables
    return f"| {_code(names)} | {_escaped(parameter.help)} {told} | {' '.join(map(_code, variables))} |"


def _escaped(text: str) -> str:
    """The text of Rich's markup as plain Markdown."""
    plain = html.escape(Text.from_markup(text).plain, quote=False)
    return re.sub(r"([\\`*_|])", r"\\\1", plain)


def _code(text: str) -> str:
    return f"`{text.strip()}`".replace("|", r"\|")
