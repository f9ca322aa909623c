"""The import of TensorFlow and Keras, made fast. Import this module before any other one that needs them."""

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mnistae_cli.common import NOWHERE, can_be_written, in_home, own_process

# Keras imports these if they are installed, for parts of it that mnistae does not use. They take two fifths of the
# import's time, and 120 MB.
UNUSED = ("IPython", "matplotlib", "pandas", "sklearn")


@contextmanager
def hidden(*names: str) -> Iterator[None]:
    """In the block, these packages cannot be imported unless they are loaded already. Other threads must not try it."""
    absent = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]  # None: an import raises ImportError
    try:
        yield
    finally:
        for name in absent:
            sys.modules.pop(name, None)


@contextmanager
def keras_at_home() -> Iterator[None]:
    """In this block, an import of Keras makes its folder only in the user's home folder.

    If that cannot be written, Keras would make it in /tmp; without a home folder, in a folder called `~`.
    """
    before = os.environ.get("KERAS_HOME")
    wanted = in_home(before or "~/.keras")
    otherwise = (NOWHERE if own_process.is_own() else Path("/tmp")) / ".keras"
    os.environ["KERAS_HOME"] = str(wanted if wanted and (before or can_be_written(wanted.parent)) else otherwise)
    try:
        yield
    finally:
        os.environ.pop("KERAS_HOME")
        if before is not None:
            os.environ["KERAS_HOME"] = before


# With oneDNN, a step of an invariant training takes two thirds of the time. TensorFlow reads this when it is imported.
# By itself it uses oneDNN only on processors with special instructions for networks (VNNI, AMX).
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
# The import makes about a million objects, and all of them stay. Looking for garbage would take a tenth of its time.
_gc_was_on = gc.isenabled()
gc.disable()
try:
    with keras_at_home(), hidden(*(UNUSED if own_process.is_own() else ())):
        import keras  # noqa: F401
        import tensorflow  # noqa: F401
finally:
    if _gc_was_on:
        gc.enable()
