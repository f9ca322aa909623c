"""Memory that a step of a training has freed is kept for the next one, and given back at the end."""

import ctypes
import sys
from typing import Any

import keras

# Names of glibc's mallopt. At the first step of a training from a generator TensorFlow sets the first to 128 kB.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
# After a training, blocks up to the first size are still kept: else later stages take each batch from the system anew.
KEPT_BLOCKS, ALL_BLOCKS = 16 * 1024**2, 2**31 - 1  # bytes


def keep_freed_memory() -> bool:
    """Let the C library keep freed blocks of any size for this process. Returns whether it could be told: glibc can.

    A step frees and takes blocks of megabytes. Given back to the system and taken again, page by page, they cost a
    third of the processor time of an invariant training.
    """
    return _tell(ALL_BLOCKS)


def give_back_memory() -> bool:
    """Give what is free back to the system, and later each large block once it is freed. Returns as the other one."""
    told = _tell(KEPT_BLOCKS)
    if told:
        ctypes.CDLL(None).malloc_trim(0)
    return told


def _tell(threshold: int) -> bool:
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    return mallopt is not None and all(mallopt(name, threshold) for name in (M_TRIM_THRESHOLD, M_MMAP_THRESHOLD))


class KeepsFreedMemory(keras.callbacks.Callback):
    """Calls `keep_freed_memory` after the first step, when TensorFlow has set its own limit."""

    def __init__(self) -> None:
        super().__init__()
        self._told = False

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Only after the first step."""
        if not self._told:
            self._told = True
            keep_freed_memory()

    def on_train_end(self, logs: Any = None) -> None:
        """The stages after the training need the memory."""
        self._told = False
        give_back_memory()
