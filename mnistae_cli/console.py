"""How mnistae speaks: Rich, JSON, exit codes. stdout carries the result, stderr everything else."""

import json
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mnistae_cli.errors import INTERRUPTED, KEPT, MnistaeError, UsageError
from mnistae_cli.files import NO_PLACE
from mnistae_cli.manifests import SCHEMA_VERSION
from mnistae_cli.progress import Advance, Notice, StageEnded

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

NEXT_COMMANDS = {
    "train": "mnistae encode",
    "encode": "mnistae classify, mnistae cluster",
    "classify": "mnistae evaluate",
    "cluster": "mnistae label, mnistae evaluate",
    "evaluate": "mnistae predict IMAGE",
    "finetune": "mnistae evaluate, mnistae predict IMAGE",
    "label": "mnistae predict IMAGE",
}
BUG = 1
PLAIN_SECONDS = 2.0  # off a terminal, at most one line of progress in so many seconds


def say(text: str) -> None:
    """One line on stderr."""
    print(text, file=sys.stderr, flush=True)


def ask(question: str) -> str:
    """The answer, without blanks around it, to a question on stderr; asked again while it is empty or not printable.

    Raises:
        KeyboardInterrupt: the input is at its end.
    """
    while True:
        print(f"{question}: ", end="", file=sys.stderr, flush=True)
        answer = sys.stdin.readline()
        if not answer:
            say("")
            raise KeyboardInterrupt
        if answer.strip() and answer.strip().isprintable():
            return answer.strip()


def somebody_answers() -> bool:
    """Whether a person is there to ask."""
    return sys.stdin is not None and sys.stdin.isatty()


def print_error(problem: str, remedy: str) -> None:
    """Two lines on stderr: what is wrong, what to do."""
    say(f"error: {' '.join(problem.split())}")
    say(f"help: {' '.join(remedy.split())}")


@contextmanager
def guarded(verbose: bool) -> Iterator[None]:
    """Turn what goes wrong inside into two lines and an exit code."""
    try:
        yield
    except MnistaeError as error:
        print_error(error.problem, error.remedy)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        print_error("interrupted.", KEPT)
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader left, as `head` does
        sys.exit(0)
    except OSError as error:
        if verbose:
            raise
        if error.errno in NO_PLACE:
            print_error(f"{error.filename or 'the disk'}: {error.strerror}.", "Check permissions and free space.")
            sys.exit(UsageError.exit_code)
        _print_bug(error)
    except Exception as error:
        if verbose:
            raise
        _print_bug(error)


def _print_bug(error: Exception) -> None:
    print_error(f"a bug in mnistae: {type(error).__name__}: {error}", "Run it again with --verbose and report that.")
    sys.exit(BUG)


@contextmanager
def muted_native_stderr(verbose: bool) -> Iterator[None]:
    """Send what native libraries write to stderr to nowhere; Python's own stderr stays.

    TensorFlow and XLA log from C++ before any setting of theirs is read.
    """
    try:
        native = sys.stderr.fileno()
    except (AttributeError, OSError, ValueError):
        native = -1
    if verbose or native != 2:
        yield
        return
    kept = os.dup(native)
    shown, nowhere = sys.stderr, os.open(os.devnull, os.O_WRONLY)
    sys.stderr.flush()
    os.dup2(nowhere, native)
    sys.stderr = os.fdopen(os.dup(kept), "w", buffering=1, encoding=shown.encoding, errors="backslashreplace")
    try:
        yield
    finally:
        sys.stderr.close()
        sys.stderr = shown
        os.dup2(kept, native)
        os.close(kept)
        os.close(nowhere)


@dataclass
class Listener:
    """Shows what stages report, as bars on a terminal and as plain lines elsewhere."""

    quiet: bool
    closing: bool = True
    _bars: "Progress | None" = None
    _tasks: dict[str, "TaskID"] = field(default_factory=dict)
    _last_line: float = 0.0

    def __call__(self, event: Advance | Notice | StageEnded) -> None:
        """Show one event."""
        if self.quiet:
            return
        if isinstance(event, Advance):
            self._advance(event)
        else:
            self.stop()
            self._line(event)

    def stop(self) -> None:
        """Take the bars off the screen's bottom line; they stay as they are."""
        if self._bars:
            self._bars.stop()
            self._bars = None
            self._tasks.clear()

    def _line(self, event: Notice | StageEnded) -> None:
        if isinstance(event, Notice):
            say(f"… {event.text}")
            return
        stage = event.folder.name
        if event.up_to_date:
            say(f"✓ {stage}: up to date in {event.folder} (--force runs it all the same)")
            return
        following = f"; next: {NEXT_COMMANDS[stage]}" if self.closing else ""
        say(f"✓ {stage}: wrote {event.folder} in {event.seconds:.1f} s{following}")

    def _advance(self, event: Advance) -> None:
        if sys.stderr.isatty():
            self._bar(event)
        elif event.done == event.total or (
            event.done == int(event.done) and time.monotonic() - self._last_line > PLAIN_SECONDS
        ):
            self._last_line = time.monotonic()
            say(f"{event.task} {event.done:g}/{event.total:g} {event.unit}  {_values(event.values)}")

    def _bar(self, event: Advance) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        if not self._bars:
            self._bars = Progress(
                TextColumn("{task.description}"),
                BarColumn(bar_width=16),
                TextColumn("{task.fields[count]}"),
                TextColumn("[dim]{task.fields[values]}"),
                TimeRemainingColumn(compact=True),
                console=Console(stderr=True),
            )
            self._bars.start()
        count, values = f"{int(event.done):,}/{int(event.total):,} {event.unit}", _values(event.values)
        if event.task not in self._tasks:
            self._tasks[event.task] = self._bars.add_task(event.task, total=event.total, count=count, values=values)
        self._bars.update(self._tasks[event.task], completed=event.done, total=event.total, count=count, values=values)


def _values(values: Mapping[str, float]) -> str:
    parts = []
    for name, value in values.items():
        words = name.replace("_", " ")
        parts.append(f"{value:,.0f} img/s" if name == "images_per_second" else f"{words} {value:.4f}")
    return " · ".join(parts)


def print_json(result: Mapping[str, Any]) -> None:
    """The result as the one JSON object of stdout."""
    print(json.dumps({"schema_version": SCHEMA_VERSION, **result}, allow_nan=False), flush=True)


def print_table(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], note: str = "", *, words: bool = False
) -> None:
    """The result for a person: numbers to the right, the first column, or all that are `words`, to the left."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left", title_style="bold", caption=note or None, caption_justify="left")
    for index, column in enumerate(columns):
        table.add_column(column, justify="left" if index == 0 or words else "right", overflow="fold")
    for row in rows:
        table.add_row(*row)
    console = Console(markup=False, emoji=False, highlight=False)
    if not console.is_terminal:
        console.width = 160  # a pipe has no width; do not cut figures at 80
    with console.capture() as text:
        console.print(table)
    print(text.get(), end="", flush=True)  # Rich would turn a reader that leaves early into exit 1
