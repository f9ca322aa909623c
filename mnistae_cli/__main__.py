"""The console script, and `python -m mnistae_cli`. Signal handlers are set before any heavy import."""

import io
import os
import signal
import sys
from contextlib import suppress
from types import FrameType

from mnistae_cli.common import INTERRUPTED, KEPT, Output, discard_unfinished, own_process, sheltered

TERMINATED = 143


def _stop(number: int, frame: FrameType | None) -> None:
    """End the process at once. Every finished stage is complete on the disk.

    No exception is raised: inside a callback of native code it would get lost, or crash the process.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    processes = sys.modules.get("multiprocessing.process")  # not imported: the signal may interrupt that
    for child in getattr(processes, "active_children", list)():  # the jobs of a sweep would continue
        if child.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(child.pid, signal.SIGKILL)
    discard_unfinished()
    what, code = ("interrupted", INTERRUPTED) if number == signal.SIGINT else ("terminated", TERMINATED)
    stderr = sys.stderr.fileno()
    cursor = "\x1b[?25h\n" if os.isatty(stderr) else ""
    with suppress(BrokenPipeError):
        os.write(stderr, f"{cursor}error: {what}.\nhelp: {KEPT}\n".encode())
    os._exit(code)


def _end(ended: BaseException | None) -> None:
    """End the process at once with its exit code. All results are on the disk already."""
    if isinstance(ended, SystemExit) and isinstance(ended.code, int):
        with suppress(OSError):  # the reader has closed the pipe
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(ended.code)


def main() -> None:
    """Run the command line."""
    signal.signal(signal.SIGINT, _stop)
    signal.signal(signal.SIGTERM, _stop)
    own_process.begin()
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by the shell
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115
        stream = getattr(sys, name)
        stream.reconfigure(errors="replace")
        if isinstance(stream, io.TextIOWrapper) and not stream.isatty():
            encoding, by_line = stream.encoding, stream.line_buffering
            setattr(sys, name, Output(stream.detach(), encoding=encoding, errors="replace", line_buffering=by_line))
    from mnistae_cli.cli import main as command_line

    try:
        with sheltered():
            command_line()
    finally:
        if "tensorflow" in sys.modules:  # its normal shutdown takes most of a second
            _end(sys.exc_info()[1])


if __name__ == "__main__":
    main()
