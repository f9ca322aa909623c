"""stdout and stderr: for readers that stop early, and without the messages of native libraries."""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

STDERR = 2


class Output(io.TextIOWrapper):
    """A stream whose reader may stop early, like `head`. Later output is discarded, and nothing is raised."""

    def write(self, text: str) -> int:
        """Write, as any text stream does."""
        try:
            return super().write(text)
        except BrokenPipeError:
            self._drop()
            return len(text)

    def flush(self) -> None:
        """Flush, as any text stream does."""
        try:
            super().flush()
        except BrokenPipeError:
            self._drop()

    def _drop(self) -> None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.fileno())
        os.close(nowhere)


@contextmanager
def muted_native_stderr(muted: bool = True) -> Iterator[None]:
    """Discard what native libraries write to stderr. Python's own stderr stays.

    TensorFlow and XLA log from C++ before any setting of theirs is read.
    """
    try:
        is_pythons_own = sys.stderr.fileno() == STDERR
    except (AttributeError, OSError, ValueError):
        is_pythons_own = False
    if not muted or not (is_pythons_own or "ipykernel" in sys.modules):  # a notebook shows both
        yield
        return
    kept, shown, nowhere = os.dup(STDERR), sys.stderr, os.open(os.devnull, os.O_WRONLY)
    sys.stderr.flush()
    os.dup2(nowhere, STDERR)
    if is_pythons_own:
        own = os.fdopen(os.dup(kept), "wb")
        sys.stderr = Output(own, encoding=shown.encoding, errors="backslashreplace", line_buffering=True)
    try:
        yield
    finally:
        if is_pythons_own:
            sys.stderr.close()
            sys.stderr = shown
        os.dup2(kept, STDERR)
        os.close(kept)
        os.close(nowhere)
