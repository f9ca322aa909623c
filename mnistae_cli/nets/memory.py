"""Memory that a training has freed is kept for its next step."""

import ctypes
import sys
from functools import cache

import keras

# Names of glibc's mallopt. At the first step of a training from a generator TensorFlow sets the first to 128 kB.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
BYTES = 2**31 - 1


@cache
def keep_freed_memory() -> bool:
    """Let the C library keep freed blocks of any size for this process. Returns whether it could be told: glibc can.

    A step frees and takes blocks of megabytes. Given back to the system and taken again, page by page, they cost a
    third of the processor time of an invariant training.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    return mallopt is not None and all(mallopt(name, BYTES) for name in (M_TRIM_THRESHOLD, M_MMAP_THRESHOLD))


class KeepsFreedMemory(keras.callbacks.Callback):
    """Calls `keep_freed_memory` after the first step, when TensorFlow has set its own limit."""

    def on_train_batch_end(self, batch: int, logs: dict[str, float]) -> None:
        """Only the first call does something."""
        keep_freed_memory()
