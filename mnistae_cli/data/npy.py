""".npy files, read and written a batch at a time, so that memory does not grow with their size."""

import math
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any, BinaryIO, Self

import numpy as np
from numpy.typing import DTypeLike, NDArray

from mnistae_cli.common import DamagedInput, MissingInput
from mnistae_cli.store import unfinished

REMEDY = "Give a file of plain numbers that numpy.save wrote."


def load_npy(path: Path) -> NDArray[Any]:
    """A whole `.npy` array, of any shape, dtype and order; pickled objects are refused.

    Args:
        path: the file.

    Raises:
        MissingInput: it does not exist.
        DamagedInput: it is not an `.npy` file, is cut short, or holds Python objects.
    """
    if is_fortran(path):
        return np.ascontiguousarray(np.load(path, allow_pickle=False))
    shape, dtype, offset = read_header(path)
    n = math.prod(shape)
    return next(read_rows(path, (n,), dtype, offset, n), np.empty(0, dtype)).reshape(shape)


def is_fortran(path: Path) -> bool:
    """Whether a sound `.npy` file holds an array of several axes in Fortran order, as from `array.T`."""
    with suppress(Exception), path.open("rb") as file:
        shape, _, _ = parse_header(file, path.stat().st_size, str(path), any_order=True)
        with suppress(DamagedInput):
            file.seek(0)
            parse_header(file, path.stat().st_size, str(path))
            return False
        return len(shape) > 1
    return False


def read_header(path: Path) -> tuple[tuple[int, ...], np.dtype[Any], int]:
    """Shape, dtype and the offset of the first byte of data, in an `.npy` file of plain numbers in C order."""
    try:
        with path.open("rb") as file:
            return parse_header(file, path.stat().st_size, str(path))
    except FileNotFoundError:
        raise MissingInput(f"{path} does not exist.", "Check the path.") from None
    except IsADirectoryError:
        raise DamagedInput(f"{path} is a folder.", REMEDY) from None


def parse_header(
    file: IO[bytes], n_bytes: int, origin: str, *, any_order: bool = False
) -> tuple[tuple[int, ...], np.dtype[Any], int]:
    """`read_header` for an open file of `n_bytes`, which is then at its first byte of data."""
    try:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, fortran_order, dtype = read(file)
        offset = file.tell()
    except OSError:
        raise
    except Exception as problem:  # NumPy parses the header as Python, so a damaged one raises many kinds of errors
        raise DamagedInput(f"{origin} is not an .npy file: {problem}.", REMEDY) from None
    if dtype.hasobject:
        raise DamagedInput(f"{origin} holds Python objects.", REMEDY)
    if fortran_order and len(shape) > 1 and not any_order:
        raise DamagedInput(f"{origin} holds an array in Fortran order.", "Save numpy.ascontiguousarray of it.")
    expected = offset + math.prod(shape) * dtype.itemsize
    if n_bytes != expected or min(shape, default=0) < 0:
        raise DamagedInput(f"{origin} has {n_bytes} bytes, but its header says {expected}.", REMEDY)
    return shape, dtype, offset


def read_rows(
    path: Path, shape: tuple[int, ...], dtype: np.dtype[Any], offset: int, batch_size: int, first: int = 0
) -> Iterator[NDArray[Any]]:
    """The rows of an array from `first`, `batch_size` at a time, unless the file is removed or cut meanwhile."""
    row, rows_left = math.prod(shape[1:]), shape[0] - first
    try:
        with path.open("rb") as file:
            file.seek(offset + first * row * dtype.itemsize)
            while rows_left > 0:
                count = min(batch_size, rows_left)
                items = np.fromfile(file, dtype, count * row)
                if len(items) < count * row:
                    raise cut_short(path)
                yield items.reshape(count, *shape[1:])
                rows_left -= count
    except FileNotFoundError:
        raise removed(path) from None


def cut_short(path: Path) -> DamagedInput:
    """The error for a file that ends before the last byte that its header promised."""
    return DamagedInput(f"{path} was cut short while it was read.", "Run again when nothing writes to it.")


def removed(path: Path) -> MissingInput:
    """The error for a file that was there when its header was read."""
    return MissingInput(f"{path} was removed while it was in use.", "Run the same command again.")


class NpyWriter:
    """Write an `.npy` array of known shape and dtype in batches. The file gets its name only when it is complete."""

    def __init__(self, path: Path, shape: tuple[int, ...], dtype: DTypeLike = np.float32) -> None:
        self.path = path
        self.shape = shape
        self.dtype = np.dtype(dtype)

    def __enter__(self) -> Self:
        self._partial = self.path.with_name(f".{self.path.name}.partial")
        self._file: BinaryIO = self._partial.open("wb")
        unfinished.add(self._partial)
        header = {"descr": np.lib.format.dtype_to_descr(self.dtype), "fortran_order": False, "shape": self.shape}
        np.lib.format.write_array_header_1_0(self._file, header)
        self._rows = 0
        return self

    def write(self, batch: NDArray[Any]) -> None:
        """Append a batch of rows (B, …)."""
        self._file.write(np.ascontiguousarray(batch, self.dtype).data)
        self._rows += len(batch)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        whole = kind is None and self._rows == self.shape[0]
        try:
            if whole:
                self._file.flush()
                os.fsync(self._file.fileno())
            self._file.close()  # may still fail on a full disk
            if whole:
                self._partial.replace(self.path)
        finally:
            unfinished.discard(self._partial)
            self._partial.unlink(missing_ok=True)
        if kind is None and not whole:
            raise ValueError(f"{self._rows} rows were written to {self.path}, but {self.shape[0]} were expected")
