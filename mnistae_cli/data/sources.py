"""`ImageSource`: images that are read in order, from an array in memory, a `.npy` file or other files."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.common import DamagedInput
from mnistae_cli.data.layouts import layout_of
from mnistae_cli.data.npy import is_fortran, load_npy
from mnistae_cli.data.ranges import Pixels
from mnistae_cli.data.rows import Rows

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
        prepared: how the images differ from those in the files, for the hash of `files`; empty if they do not.
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
    prepared: str = ""

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

    def changed(self, change: Callable[[NDArray[Any], int], Pixels], height: int, width: int) -> "ImageSource":
        """The images after `change`, a function of a batch (B, H, W) and the number of its first image.

        If they are few, they are changed now, and held in memory; otherwise each time they are read.
        """
        batches, at = self.batches, self.at

        def changed(size: int, first: int = 0) -> Iterator[Pixels]:
            for batch in batches(size, first):
                yield change(batch, first)
                first += len(batch)

        changed_at = (lambda indices: change(at(indices), 0)) if at else None
        source = replace(self, height=height, width=width, batches=changed, at=changed_at)
        if (height, width) == (self.height, self.width) or self.n * height * width > IN_MEMORY:
            return source
        held = source.load()
        return replace(source, batches=partial(slices, held), at=held.__getitem__)

    def sha256(self) -> str:
        """Hex sha256 of the sizes and the files' bytes; without files, of the sizes, the dtype and every pixel.

        It is computed once: several stages of `run` ask for it.
        """
        return self._sha256

    @cached_property
    def _sha256(self) -> str:
        digest = hashlib.sha256(f"{self.n} {self.height} {self.width}".encode())
        digest.update(self.prepared.encode())
        for hashes in self.file_hashes(CHUNK) if self.file_hashes else ():
            digest.update(np.ascontiguousarray(hashes).data)
        for batch in () if self.file_hashes else self.batches(CHUNK):
            digest.update(batch.dtype.str.encode())
            digest.update(np.ascontiguousarray(batch).data)
        return digest.hexdigest()


def slices(array: NDArray[Any], size: int, first: int = 0) -> Iterator[NDArray[Any]]:
    """The rows of an array in memory from `first`, `size` at a time."""
    return (array[start : start + size] for start in range(first, len(array), size))


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


def from_array(array: NDArray[Any], origin: str, *, transpose: bool = False) -> ImageSource:
    """Images in memory, in a layout that `layout_of` knows. Their numbers are not checked yet: see `Preparation`."""
    layout = layout_of(array.shape, origin, transpose=transpose)
    images = layout.gray(array)

    return ImageSource(len(images), layout.height, layout.width, partial(slices, images), origin, at=images.__getitem__)


def from_npy(path: Path, origin: str = "", *, transpose: bool = False) -> ImageSource:
    """A `.npy` file of images, read in batches, with numbers that are not checked yet; `origin` is its name."""
    if is_fortran(path):
        return from_array(load_npy(path), origin or str(path), transpose=transpose)
    rows = Rows.open(path)
    return from_rows(rows.batches, rows.shape, origin or str(path), rows.take, transpose=transpose)


def from_rows(
    batches: Batches,
    shape: tuple[int, ...],
    origin: str,
    at: Callable[..., NDArray[Any]] | None = None,
    *,
    transpose: bool = False,
) -> ImageSource:
    """Images in an array that is read in batches, with numbers that are not checked yet.

    `at` maps indices to rows of the array, if they can be read in any order.
    """
    layout = layout_of(shape, origin, transpose=transpose)

    def gray(size: int, first: int = 0) -> Iterator[NDArray[Any]]:
        return map(layout.gray, batches(size, first))

    gray_at = (lambda indices: layout.gray(cast(Any, at)(indices))) if at else None
    return ImageSource(shape[0], layout.height, layout.width, gray, origin, at=gray_at)
