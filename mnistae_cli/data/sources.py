"""`ImageSource`: images that are read in order, from an array in memory, a `.npy` file or other files."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.common import DamagedInput
from mnistae_cli.data.rows import Rows

Pixels = NDArray[np.uint8] | NDArray[np.float32]
"""(N, H, W): uint8 from 0 to 255, or float32 from 0 to 1."""

At = Callable[[NDArray[np.integer[Any]]], Pixels]
"""Indices (M,) → images (M, H, W)."""

CHUNK = 4096
IN_MEMORY = 256 * 2**20  # bytes of an unpacked or decoded array that may be held; a larger one is streamed


class Batches(Protocol):
    """A function that reads an array in batches of rows."""

    def __call__(self, size: int, first: int = 0) -> Iterator[NDArray[Any]]:
        """The rows from `first`, `size` at a time; the last batch may be smaller."""


@dataclass(frozen=True)
class ImageSource:
    """`n` images of `height` × `width`, read in order.

    Args:
        n: N.
        height: of each image, in pixels.
        width: of each image, in pixels.
        batches: batch size, number of the first image → batches (B, H, W) of `Pixels`.
        origin: its name in messages.
        files: the image files, if there is one per image.
        file_hashes: the same for the sha256 of each file's bytes, (B, 32) uint8; only with `files`.
        rows: (N,), numbers of the images in the larger array that they were taken from, if there is one.
        at: indices (M,) in any order → these images (M, H, W); None if images can only be read in order.
    """

    n: int
    height: int
    width: int
    batches: Batches
    origin: str
    files: Sequence[str] = ()
    file_hashes: Batches | None = None
    rows: NDArray[np.int64] | None = None
    at: At | None = None

    @property
    def n_bytes(self) -> int:
        """Bytes of all pixels in memory."""
        first = next(self.batches(1))
        return self.n * first.nbytes

    def names(self) -> list[str]:
        """A unique name for each image: its file, or its number in the array that it came from."""
        if self.files:
            return list(self.files)
        return [str(each) for each in (range(self.n) if self.rows is None else self.rows)]

    def load(self) -> Pixels:
        """All images at once, (N, H, W)."""
        first, whole = 0, np.empty(0)
        for batch in self.batches(CHUNK):
            if not first:
                whole = np.empty((self.n, self.height, self.width), batch.dtype)
            whole[first : first + len(batch)] = batch
            first += len(batch)
        if first < self.n:  # the rest would be whatever was in memory
            raise DamagedInput(f"{self.origin} ends after {first} of {self.n} images.", "Run again, or get it again.")
        return cast(Pixels, whole)

    def take(self, indices: NDArray[np.int64]) -> "ImageSource":
        """The images at `indices`, ascending. They are read in batches, and never all in memory."""
        return replace(
            self,
            n=len(indices),
            batches=take_rows(self.batches, indices),
            files=[self.files[i] for i in indices] if self.files else (),
            file_hashes=take_rows(self.file_hashes, indices) if self.file_hashes else None,
            rows=indices if self.rows is None else self.rows[indices],
            at=take_rows_at(self.at, indices) if self.at else None,
        )

    def sha256(self) -> str:
        """Hex sha256 of the sizes and the files' bytes; without files, of the sizes, the dtype and every pixel.

        It is computed once: several stages of `run` ask for it.
        """
        return self._sha256

    @cached_property
    def _sha256(self) -> str:
        digest = hashlib.sha256(f"{self.n} {self.height} {self.width}".encode())
        for hashes in self.file_hashes(CHUNK) if self.file_hashes else ():
            digest.update(np.ascontiguousarray(hashes).data)
        for batch in () if self.file_hashes else self.batches(CHUNK):
            digest.update(batch.dtype.str.encode())
            digest.update(np.ascontiguousarray(batch).data)
        return digest.hexdigest()


def take_rows(batches: Batches, rows: NDArray[np.int64]) -> Batches:
    """Batches of only these rows, ascending. All rows from the first one are read, at most two batches at a time."""

    def chosen(size: int, first: int = 0) -> Iterator[NDArray[Any]]:
        if first >= len(rows):
            return
        wanted, at, waiting = rows[first:], int(rows[first]), None
        for batch in batches(size, at):
            start, stop = np.searchsorted(wanted, (at, at + len(batch)))
            inside = batch[wanted[start:stop] - at]
            waiting = inside if waiting is None else np.concatenate([waiting, inside])
            if len(waiting) >= size:
                yield waiting[:size]
                waiting = waiting[size:]
            at += len(batch)
        if waiting is not None and len(waiting):
            yield waiting

    return chosen


def take_rows_at(at: At, rows: NDArray[np.int64]) -> At:
    """`at` for only these rows."""
    return lambda indices: at(rows[indices])


def unit_scale(pixels: Pixels) -> NDArray[np.float32]:
    """Pixels as float32 in [0, 1]: uint8 is divided by 255."""
    if pixels.dtype == np.uint8:
        return np.multiply(pixels, np.float32(1 / 255), dtype=np.float32)
    return cast(NDArray[np.float32], pixels)


def checked_pixels(batch: NDArray[Any], origin: str, first: int = 0) -> Pixels:
    """`batch` as `Pixels`; `DamagedInput` for another dtype, or floats outside of [0, 1]. Images count from `first`."""
    if batch.dtype == np.uint8:
        return batch
    if batch.dtype.kind != "f":
        raise DamagedInput(
            f"{origin} has pixels of dtype {batch.dtype}.", "Give uint8 from 0 to 255, or floats from 0 to 1."
        )
    wrong = ~((batch >= 0) & (batch <= 1))
    if wrong.any():
        image, row, column = (int(axis) for axis in np.argwhere(wrong)[0])
        raise DamagedInput(
            f"{origin}: pixel ({row}, {column}) of image {first + image} is {batch[image, row, column]}.",
            "Scale float pixels to the range from 0 to 1, without NaN.",
        )
    return batch.astype(np.float32)


def from_array(array: NDArray[Any], origin: str) -> ImageSource:
    """Images in memory, (N, H, W) or (N, H, W, 1)."""
    array = _without_channel(array, origin)
    pixels = checked_pixels(array, origin)

    def batches(size: int, first: int = 0) -> Iterator[Pixels]:
        return (pixels[start : start + size] for start in range(first, len(pixels), size))

    return ImageSource(len(array), array.shape[1], array.shape[2], batches, origin, at=pixels.__getitem__)


def _without_channel(array: NDArray[Any], origin: str) -> NDArray[Any]:
    if array.ndim == 4 and array.shape[3] == 1:
        array = array[..., 0]
    if array.ndim != 3 or 0 in array.shape:
        raise DamagedInput(f"{origin} has the shape {array.shape}.", "Give images as (N, height, width).")
    return array


def from_npy(path: Path, origin: str = "") -> ImageSource:
    """A `.npy` file of images, (N, H, W) or (N, H, W, 1), read in batches; `origin` is its name in messages."""
    rows = Rows.open(path)
    return from_rows(rows.batches, rows.shape, origin or str(path), rows.take)


def from_rows(
    batches: Batches, shape: tuple[int, ...], origin: str, at: Callable[..., NDArray[Any]] | None = None
) -> ImageSource:
    """Images in an array (N, H, W) or (N, H, W, 1) that is read in batches. Each batch is checked.

    `at` maps indices to rows of the array, if they can be read in any order.
    """
    if len(shape) == 4 and shape[3] == 1:
        shape = shape[:3]
    if len(shape) != 3 or 0 in shape:
        raise DamagedInput(f"{origin} has the shape {shape}.", "Give images as (N, height, width).")

    def checked(size: int, first: int = 0) -> Iterator[Pixels]:
        for batch in batches(size, first):
            yield checked_pixels(batch.reshape(len(batch), *shape[1:]), origin, first)
            first += len(batch)

    def checked_at(indices: NDArray[np.integer[Any]]) -> Pixels:
        return checked_pixels(cast(Any, at)(indices).reshape(len(indices), *shape[1:]), origin)

    return ImageSource(shape[0], shape[1], shape[2], checked, origin, at=checked_at if at else None)
