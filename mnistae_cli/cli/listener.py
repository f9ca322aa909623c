"""What a person sees while a stage works: bars on a terminal, plain lines elsewhere, all on stderr."""

import sys
import time
from dataclasses import dataclass, field

from mnistae_cli.cli.console import say
from mnistae_cli.common import Advance, Bars, Notice, StageEnded, on_command_line, progress_text

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
PLAIN_SECONDS = 2.0  # without a terminal, at most one line of progress in this time


@dataclass
class Listener:
    """Shows what stages report, as bars on a terminal and as plain lines elsewhere."""

    quiet: bool
    closing: bool = True
    _bars: Bars = field(default_factory=lambda: Bars(stderr=True))
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
        """Stop the bars. They stay on the screen."""
        self._bars.stop()

    def _line(self, event: Notice | StageEnded) -> None:
        if isinstance(event, Notice):
            say(f"… {event.worded(on_command_line)}")
            return
        stage = event.folder.name
        if event.up_to_date:
            say(f"✓ {stage}: up to date in {event.folder} (--force runs it again)")
            return
        following = f"; next: {NEXT_COMMANDS[stage]}" if self.closing else ""
        say(f"✓ {stage}: wrote {event.folder} in {event.seconds:.1f} s{following}")

    def _advance(self, event: Advance) -> None:
        if sys.stderr.isatty():
            self._bars.advance(event)
        elif event.done == event.total or (
            event.done == int(event.done) and time.monotonic() - self._last_line > PLAIN_SECONDS
        ):
            self._last_line = time.monotonic()
            say(f"{event.task} {event.done:g}/{event.total:g} {event.unit}  {progress_text(event.values)}")
