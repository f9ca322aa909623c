"""What every command consists of: its session, its options, its place in the help."""

import dataclasses
import inspect
import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import typer

from mnistae_cli.cli import console, options, resolving
from mnistae_cli.cli.listener import Listener
from mnistae_cli.cli.options import Common
from mnistae_cli.common import MnistaeError, Notice, muted_native_stderr

app = typer.Typer(
    name="mnistae",
    help="Learn features of small gray images with an autoencoder, classify from few labels, cluster without labels.",
    epilog="Start with: mnistae run --dataset digits",
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
EVERY_STAGE = ("artifacts", "force", "json", "quiet", "verbose", "preset", "config")
READING = ("artifacts", "json", "quiet", "verbose")


@contextmanager
def session(common: Common, *, closing: bool = True) -> Iterator[Listener]:
    """The context of every command: an error becomes two lines, progress goes to a listener."""
    if not common.verbose:
        warnings.simplefilter("ignore")  # of libraries; mnistae raises errors instead
    with console.guarded(common.verbose), muted_native_stderr(not common.verbose):
        listener = Listener(common.quiet, closing)
        for line in resolving.misspelled_variables(os.environ):
            listener(Notice(line))
        try:
            yield listener
        except MnistaeError as error:
            raise resolving.as_given(error, common) from error
        finally:
            listener.stop()


def _common(values: Mapping[str, Any]) -> Common:
    names = {each.name for each in dataclasses.fields(Common)}
    given = {name: value for name, value in values.items() if name in names}
    return Common(**given, from_environment=frozenset(resolving.given_values(values["context"], ("ENVIRONMENT",))))


def command(name: str, parameters: list[inspect.Parameter], example: str, panel: str) -> Callable[..., Any]:
    """Register a function of (context, common, own options) as a command with these `parameters`."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        own = list(inspect.signature(function, eval_str=True).parameters.values())[2:]
        context = inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)

        def carry_out(**values: Any) -> None:
            extra = {each.name: values[each.name] for each in own}
            function(values["context"], _common(values), **extra)

        every = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in own] + parameters
        every = [options.refuse_empty_paths(each) for each in every]
        carry_out.__signature__ = inspect.Signature([context, *every])  # type: ignore[attr-defined]
        carry_out.__annotations__ = {each.name: each.annotation for each in [context, *every]}
        app.command(name, help=function.__doc__, epilog=f"Example: {example}", rich_help_panel=panel)(carry_out)
        return function

    return register
