"""Progress as Rich's bars: on a terminal, and in a notebook."""

import sys
from collections.abc import Mapping
from importlib.util import find_spec
from types import TracebackType
from typing import TYPE_CHECKING, Self

from mnistae_cli.common.progress import Advance, Notice, StageEnded

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class Bars:
    """A listener that shows each task as a bar, and each notice as a line above the bars, if it is `visible`.

    In a notebook without ipywidgets, Rich has no bars: each task prints one line when it has ended.
    """

    def __init__(self, visible: bool = True, *, stderr: bool = False) -> None:
        self._visible, self._stderr = visible, stderr
        self._progress: Progress | None = None
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def __call__(self, event: Advance | Notice | StageEnded) -> None:
        """Show one event."""
        if not self._visible:
            return
        if isinstance(event, Advance):
            self.advance(event)
        elif isinstance(event, Notice):
            self._line(f"… {event.text}")

    def advance(self, event: Advance) -> None:
        """Move the bar of a task."""
        count, values = f"{int(event.done):,}/{int(event.total):,} {event.unit}", progress_text(event.values)
        if _has_no_bars():
            if event.done == event.total:
                self._line(f"{event.task} {count}  {values}")
            return
        shown = self._shown()
        if event.task not in self._tasks:
            self._tasks[event.task] = shown.add_task(event.task, total=event.total, count=count, values=values)
        shown.update(self._tasks[event.task], completed=event.done, total=event.total, count=count, values=values)

    def stop(self) -> None:
        """Stop the bars. They stay on the screen."""
        if self._progress:
            self._progress.stop()
            self._progress = None
            self._tasks.clear()

    def _line(self, text: str) -> None:
        if _has_no_bars():
            print(text, file=sys.stderr if self._stderr else sys.stdout)
        else:
            self._shown().console.print(text, highlight=False, markup=False)

    def _shown(self) -> "Progress":
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        if not self._progress:
            self._progress = Progress(
                TextColumn("{task.description}"),
                BarColumn(bar_width=16),
                TextColumn("{task.fields[count]}"),
                TextColumn("[dim]{task.fields[values]}"),
                TimeRemainingColumn(compact=True),
                console=Console(stderr=self._stderr),
            )
            self._progress.start()
        return self._progress


def _has_no_bars() -> bool:
    return "ipykernel" in sys.modules and find_spec("ipywidgets") is None


def progress_text(values: Mapping[str, float]) -> str:
    """Figures in a line of progress: `loss 0.0812 · 1,024 img/s`."""
    parts = []
    for name, value in values.items():
        words = name.replace("_", " ")
        parts.append(f"{value:,.0f} img/s" if name == "images_per_second" else f"{words} {value:.4f}")
    return " · ".join(parts)
