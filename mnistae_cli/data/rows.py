"""Arrays on the disk that are read by rows."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.data.npy import cut_short, read_header, read_rows, removed

ROWS_AT_ONCE = 4096


@dataclass(frozen=True)
class Rows:
    """The rows of an array in a file, `.npy` or plain IDX, from the byte `offset` on. They are read when needed."""

    path: Path
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    offset: int

    @classmethod
    def open(cls, path: Path) -> "Rows":
        """Open an `.npy` file: see `read_header`."""
        return cls(path, *read_header(path))

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def n_bytes(self) -> int:
        """Bytes of the whole array."""
        return int(np.prod(self.shape, dtype=np.int64)) * self.dtype.itemsize

    def batches(self, size: int = ROWS_AT_ONCE, first: int = 0) -> Iterator[NDArray[Any]]:
        """The rows from `first`, `size` at a time; the last batch may be smaller."""
        return read_rows(self.path, self.shape, self.dtype, self.offset, size, first)

    def take(self, indices: NDArray[np.integer[Any]]) -> NDArray[Any]:
        """The rows at `indices` (M,), in their order, unless the file is removed or cut meanwhile."""
        if len(indices) == len(self) and np.array_equal(indices, np.arange(len(self))):
            return self.load()  # takes a tenth of the time
        taken = np.empty((len(indices), *self.shape[1:]), self.dtype)
        row = taken[:1].nbytes
        try:
            with self.path.open("rb") as file:
                for place in np.argsort(indices, kind="stable"):
                    file.seek(self.offset + int(indices[place]) * row)
                    if file.readinto(taken[place : place + 1].reshape(-1).view(np.uint8).data) < row:
                        raise cut_short(self.path)
        except FileNotFoundError:
            raise removed(self.path) from None
        return taken

    def load(self) -> NDArray[Any]:
        """The whole array."""
        return next(self.batches(max(len(self), 1)), np.empty(self.shape, self.dtype))
