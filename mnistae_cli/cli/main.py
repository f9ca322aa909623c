"""The command line: options → config → stage → print. Nothing is computed here."""

import sys
from typing import Annotated

import typer

from mnistae_cli import __version__
from mnistae_cli.cli import console, look_commands, run_commands, stage_commands  # noqa: F401 they register themselves
from mnistae_cli.cli.commands import app
from mnistae_cli.common import INTERRUPTED, KEPT


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"mnistae {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Learn features of small gray images with an autoencoder, classify from few labels, cluster without labels."""


def main() -> None:
    """Run the command line. Every error is two lines."""
    # Each command has a guard of its own, which lets a traceback pass if that is wanted.
    with console.guarded(verbose="--install-completion" not in sys.argv):
        sys.exit(_exit_code())


def _exit_code() -> int:
    try:
        code = app(standalone_mode=False)
    except typer.TyperException as problem:
        context = getattr(problem, "ctx", None)
        path = context.command_path if context else "mnistae"
        if problem.format_message():  # empty without a command: then the help was shown
            console.print_error(problem.format_message(), f"Run: {path} --help")
        return int(problem.exit_code)
    except (typer.Abort, KeyboardInterrupt):
        console.print_error("interrupted.", KEPT)
        return INTERRUPTED
    return code if isinstance(code, int) else 0
