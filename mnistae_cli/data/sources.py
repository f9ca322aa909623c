"""`ImageSource`: images that are read in order, from an array in memory, a `.npy` file or other files."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.data.npy import read_header, read_rows
from mnistae_cli.errors import DamagedInput

Pixels = NDArray[np.uint8] | NDArray[np.float32]
"""(N, H, W): uint8 from 0 to 255, or float32 from 0 to 1."""

CHUNK = 4096


class Batches(Protocol):
    """Batch size, number of the first image → batches (B, H, W) of `Pixels`, of that image and all after it."""

    def __call__(self, size: int, first: int = 0) -> Iterator[Pixels]:
        """Read them."""


@dataclass(frozen=True)
class ImageSource:
    """`n` images of `height` × `width`, read in order.

    Args:
        batches: batch size → batches (B, H, W) of `Pixels`, starting with the first image or a given one.
        origin: its name in messages.
        files: the image files, if there is one per image; `sha256` hashes their bytes instead of the pixels.
        rows: if the images were taken out of a larger array, their numbers in it.
    """

    n: int
    height: int
    width: int
    batches: Batches
    origin: str
    files: tuple[Path, ...] = ()
    rows: tuple[int, ...] = ()

    def names(self) -> list[str]:
        """A unique name for each image: its file, or its number in the array that it came from."""
        return [str(each) for each in self.files or self.rows or range(self.n)]

    def load(self) -> Pixels:
        """All images at once, (N, H, W)."""
        return cast(Pixels, np.concatenate(list(self.batches(CHUNK))))

    def take(self, indices: NDArray[np.int64]) -> "ImageSource":
        """The images at `indices`, in memory."""
        return replace(from_array(self.load()[indices], self.origin), rows=tuple(indices.tolist()))

    def sha256(self) -> str:
        """Hex sha256 of the sizes, the dtype and every pixel."""
        digest = hashlib.sha256(f"{self.n} {self.height} {self.width}".encode())
        for path in self.files:
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        for batch in () if self.files else self.batches(CHUNK):
            digest.update(batch.dtype.str.encode())
            digest.update(np.ascontiguousarray(batch).data)
        return digest.hexdigest()


def unit_scale(pixels: Pixels) -> NDArray[np.float32]:
    """Pixels as float32 in [0, 1]: uint8 is divided by 255."""
    if pixels.dtype == np.uint8:
        return np.multiply(pixels, np.float32(1 / 255), dtype=np.float32)
    return cast(NDArray[np.float32], pixels)


def checked_pixels(batch: NDArray[Any], origin: str, first: int = 0) -> Pixels:
    """`batch` as `Pixels`. An error counts the images from `first`.

    Raises:
        DamagedInput: another dtype, NaN or infinite values, or floats outside of [0, 1].
    """
    if batch.dtype == np.uint8:
        return batch
    if batch.dtype.kind != "f":
        raise DamagedInput(
            f"{origin}: pixels of dtype {batch.dtype}.", "Give uint8 from 0 to 255, or floats from 0 to 1."
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

    return ImageSource(len(array), array.shape[1], array.shape[2], batches, origin)


def _without_channel(array: NDArray[Any], origin: str) -> NDArray[Any]:
    if array.ndim == 4 and array.shape[3] == 1:
        array = array[..., 0]
    if array.ndim != 3 or 0 in array.shape:
        raise DamagedInput(f"{origin}: an array of shape {array.shape}.", "Give images as (N, height, width).")
    return array


def from_npy(path: Path) -> ImageSource:
    """A `.npy` file of images, (N, H, W) or (N, H, W, 1), read in batches."""
    shape, dtype, offset = read_header(path)
    if len(shape) == 4 and shape[3] == 1:
        shape = shape[:3]
    if len(shape) != 3 or 0 in shape:
        raise DamagedInput(f"{path}: an array of shape {shape}.", "Give images as (N, height, width).")

    def batches(size: int, first: int = 0) -> Iterator[Pixels]:
        for batch in read_rows(path, shape, dtype, offset, size, first):
            yield checked_pixels(batch, str(path), first)
            first += len(batch)

    return ImageSource(shape[0], shape[1], shape[2], batches, str(path))
