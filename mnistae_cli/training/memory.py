"""Keep memory that a training step has freed for the next step, and give it back at the end."""

import ctypes
import sys
from typing import Any

import keras

from mnistae_cli.common import own_process

# Parameters of glibc's mallopt. In the first step of a training from a generator, TensorFlow sets the first to 128 kB.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
# After a training, blocks up to the first size are still kept; otherwise later stages allocate each batch again.
KEPT_BLOCKS, ALL_BLOCKS = 16 * 1024**2, 2**31 - 1  # bytes


def keep_freed_memory() -> bool:
    """Let the C library keep freed blocks of any size for this process. Returns whether it can: glibc can.

    A step frees and allocates blocks of megabytes. Without this, they go back to the system and come again, page by
    page, which takes a third of the processor time of an invariant training.
    """
    return _set_limit(ALL_BLOCKS)


def give_back_memory() -> bool:
    """Give free memory back to the system, and later each large block when it is freed. Returns whether it can."""
    can = _set_limit(KEPT_BLOCKS)
    if can:
        ctypes.CDLL(None).malloc_trim(0)
    return can


def _set_limit(threshold: int) -> bool:
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    return mallopt is not None and all(mallopt(name, threshold) for name in (M_TRIM_THRESHOLD, M_MMAP_THRESHOLD))


class KeepsFreedMemory(keras.callbacks.Callback):
    """Calls `keep_freed_memory` after the first step, when TensorFlow has set its own limit.

    Only in the process of a command: how another program uses memory is not for us to decide.
    """

    def __init__(self) -> None:
        super().__init__()
        self._called = not own_process.is_own()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Call it, only after the first step."""
        if not self._called:
            self._called = True
            keep_freed_memory()

    def on_train_end(self, logs: Any = None) -> None:
        """Give the memory back, for later stages."""
        if own_process.is_own():
            self._called = False
            give_back_memory()
