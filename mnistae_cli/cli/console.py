"""Output: tables, JSON, errors, exit codes. The result goes to stdout, everything else to stderr."""

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TextIO

from mnistae_cli.common import INTERRUPTED, KEPT, MnistaeError, UsageError, legible, on_command_line
from mnistae_cli.store import NO_PLACE, SCHEMA_VERSION

BUG = 1
PLAIN = str.maketrans({"…": "...", "–": "-", "×": "x", "·": "|", "✓": "done:"})  # our own signs, for ASCII


def say(text: str) -> None:
    """One line on stderr."""
    print(shown_on(sys.stderr, text), file=sys.stderr, flush=True)


def shown_on(stream: TextIO, text: str) -> str:
    r"""The text as a stream can show it: `legible`; a letter that its encoding lacks, as in the C locale, is `\xe9`."""
    text, encoding = legible(text), stream.encoding or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.translate(PLAIN).encode(encoding, "backslashreplace").decode(encoding)
    return text


def ask(question: str, problem_of: Callable[[str], str]) -> str:
    """Ask a question on stderr until `problem_of` the answer is empty; `KeyboardInterrupt` at the end of the input."""
    while True:
        print(shown_on(sys.stderr, f"{question}: "), end="", file=sys.stderr, flush=True)
        answer = sys.stdin.readline()
        if not answer:
            say("")
            raise KeyboardInterrupt
        answer = answer.strip()
        problem = problem_of(answer)
        if not problem:
            return answer
        if answer:
            say(problem)


def somebody_answers() -> bool:
    """Whether stdin is a terminal, so that a person can answer."""
    return sys.stdin is not None and sys.stdin.isatty()


def print_error(problem: str, remedy: str) -> None:
    """Print two lines on stderr: what is wrong, what to do."""
    say(f"error: {' '.join(problem.split())}")
    say(f"help: {' '.join(remedy.split())}")


@contextmanager
def guarded(verbose: bool) -> Iterator[None]:
    """Turn an error in the block into two lines and an exit code."""
    try:
        yield
    except MnistaeError as error:
        print_error(*error.worded(on_command_line))
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        print_error("interrupted.", KEPT)
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader has stopped, like `head`
        sys.exit(0)
    except OSError as error:
        if verbose:
            raise
        if error.errno in NO_PLACE:
            where = legible(str(error.filename or "the disk"))
            print_error(f"{where}: {error.strerror}.", "Check permissions and free space.")
            sys.exit(UsageError.exit_code)
        if _lacks_temporary_folder():
            print_error("there is no folder for temporary files.", "Set TMPDIR to a folder where you may write.")
            sys.exit(UsageError.exit_code)
        _print_bug(error)
    except Exception as error:
        if verbose:
            raise
        _print_bug(error)


def _lacks_temporary_folder() -> bool:
    """Whether neither TMPDIR nor one of the system's folders can be written."""
    import tempfile

    try:
        tempfile.gettempdir()
    except OSError:
        return True
    return False


def _print_bug(error: Exception) -> None:
    print_error(
        f"a bug in mnistae: {type(error).__name__}: {error}", "Run it again with --verbose, and report the output."
    )
    sys.exit(BUG)


def print_json(result: Mapping[str, Any]) -> None:
    """Print the result as one JSON object."""
    print(json.dumps({"schema_version": SCHEMA_VERSION, **result}, allow_nan=False), flush=True)


def print_table(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], note: str = "", *, words: bool = False
) -> None:
    """Print a table: the first column, or all columns of `words`, to the left; others to the right; then the note."""
    from rich.console import Console
    from rich.table import Table

    def cell(text: str) -> str:
        return shown_on(sys.stdout, text)

    table = Table(title=cell(title), title_justify="left", title_style="bold")
    for index, column in enumerate(columns):
        table.add_column(cell(column), justify="left" if index == 0 or words else "right", overflow="fold")
    for row in rows:
        table.add_row(*map(cell, row))
    console = Console(markup=False, emoji=False, highlight=False)
    if not console.is_terminal:
        console.width = 160  # a pipe has no width; at 80, figures would be cut
    with console.capture() as text:
        console.print(table)
    lines = text.get() + (f"{cell(note)}\n" if note else "")  # not as a caption, which would break a path
    print(lines, end="", flush=True)  # with Rich, a reader that stops early would mean exit code 1
