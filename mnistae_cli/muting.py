"""What native libraries write to stderr is kept away from the user."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

STDERR = 2


@contextmanager
def muted_native_stderr(muted: bool = True) -> Iterator[None]:
    """Send what native libraries write to stderr to nowhere; Python's own stderr stays.

    TensorFlow and XLA log from C++ before any setting of theirs is read.
    """
    try:
        is_pythons_own = sys.stderr.fileno() == STDERR
    except (AttributeError, OSError, ValueError):
        is_pythons_own = False
    if not muted or not (is_pythons_own or "ipykernel" in sys.modules):  # a notebook shows what comes to both
        yield
        return
    kept, shown, nowhere = os.dup(STDERR), sys.stderr, os.open(os.devnull, os.O_WRONLY)
    sys.stderr.flush()
    os.dup2(nowhere, STDERR)
    if is_pythons_own:
        sys.stderr = os.fdopen(os.dup(kept), "w", buffering=1, encoding=shown.encoding, errors="backslashreplace")
    try:
        yield
    finally:
        if is_pythons_own:
            sys.stderr.close()
            sys.stderr = shown
        os.dup2(kept, STDERR)
        os.close(kept)
        os.close(nowhere)
