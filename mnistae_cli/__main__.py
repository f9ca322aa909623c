"""The console script, and `python -m mnistae_cli`. Signals are seen to before anything heavy is imported."""

import os
import signal
import sys
from contextlib import suppress
from types import FrameType

from mnistae_cli.errors import INTERRUPTED, KEPT
from mnistae_cli.files import discard_unfinished

TERMINATED = 143


def _stop(number: int, frame: FrameType | None) -> None:
    """End the process at once: every finished stage is whole on the disk, an exception would only be in the way.

    A KeyboardInterrupt that is raised inside a callback of native code gets lost there, or crashes it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    processes = sys.modules.get("multiprocessing.process")  # an import could meet itself half done
    for child in getattr(processes, "active_children", list)():  # a sweep's jobs would go on
        if child.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(child.pid, signal.SIGKILL)
    discard_unfinished()
    what, code = ("interrupted", INTERRUPTED) if number == signal.SIGINT else ("terminated", TERMINATED)
    stderr = sys.stderr.fileno()
    cursor = "\x1b[?25h\n" if os.isatty(stderr) else ""
    os.write(stderr, f"{cursor}error: {what}.\nhelp: {KEPT}\n".encode())
    os._exit(code)


def _end(ended: BaseException | None) -> None:
    """End the process at once with the exit code that was asked for; what is to last is on the disk."""
    if isinstance(ended, SystemExit) and isinstance(ended.code, int):
        with suppress(OSError):  # nobody reads on
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(ended.code)


def main() -> None:
    """Run the command line."""
    signal.signal(signal.SIGINT, _stop)
    signal.signal(signal.SIGTERM, _stop)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by the shell
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115
        getattr(sys, name).reconfigure(errors="replace")
    from mnistae_cli.cli import main as command_line

    try:
        command_line()
    finally:
        if "tensorflow" in sys.modules:  # which takes most of a second to take itself down
            _end(sys.exc_info()[1])


if __name__ == "__main__":
    main()
