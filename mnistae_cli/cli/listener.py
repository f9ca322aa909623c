"""What a person sees while a stage works: bars on a terminal, plain lines elsewhere, all on stderr."""

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mnistae_cli.cli.console import say
from mnistae_cli.progress import Advance, Notice, StageEnded

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

NEXT_COMMANDS = {
    "train": "mnistae encode",
    "encode": "mnistae classify, mnistae cluster",
    "classify": "mnistae evaluate",
    "cluster": "mnistae label, mnistae evaluate",
    "evaluate": "mnistae report, mnistae predict IMAGE",
    "finetune": "mnistae evaluate, mnistae predict IMAGE",
    "label": "mnistae report, mnistae predict IMAGE",
    "review": "mnistae review --apply decisions.csv, mnistae report",
}
PLAIN_SECONDS = 2.0  # off a terminal, at most one line of progress in so many seconds


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
