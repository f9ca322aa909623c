"""Readers of images: IDX, `.npy`, arrays in memory and image files, all as one `ImageSource`."""

import gzip
import hashlib
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.errors import DamagedInput, MissingInput
from mnistae_cli.npy import read_header, read_rows

Pixels = NDArray[np.uint8] | NDArray[np.float32]
"""(N, H, W): uint8 from 0 to 255, or float32 from 0 to 1."""

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp")
IDX_IMAGES, IDX_LABELS = 2051, 2049
CHUNK = 4096
MOST_IMAGES, WIDEST_IMAGE = 2**31, 4096  # beyond that, an IDX header is damaged


@dataclass(frozen=True)
class ImageSource:
    """`n` images of `height` × `width`, read in order.

    Args:
        batches: batch size → the images from the first, (B, H, W), as `Pixels`.
        origin: what to call it in a message.
        files: the image files, where there is one per image; their bytes stand for the pixels in `sha256`.
        rows: where the images were taken from among others, their numbers there.
    """

    n: int
    height: int
    width: int
    batches: Callable[[int], Iterator[Pixels]]
    origin: str
    files: tuple[Path, ...] = ()
    rows: tuple[int, ...] = ()

    def names(self) -> list[str]:
        """What tells each image from the others: its file, or its number in the array it came from."""
        return [str(each) for each in self.files or self.rows or range(self.n)]

    def load(self) -> Pixels:
        """All images at once, (N, H, W)."""
        return cast(Pixels, np.concatenate(list(self.batches(CHUNK))))

    def take(self, indices: NDArray[np.int64]) -> "ImageSource":
        """Some of the images, in memory."""
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
    """`batch` as `Pixels`.

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

    def batches(size: int) -> Iterator[Pixels]:
        return (pixels[start : start + size] for start in range(0, len(pixels), size))

    return ImageSource(len(array), array.shape[1], array.shape[2], batches, origin)


def _without_channel(array: NDArray[Any], origin: str) -> NDArray[Any]:
    if array.ndim == 4 and array.shape[3] == 1:
        array = array[..., 0]
    if array.ndim != 3 or 0 in array.shape:
        raise DamagedInput(f"{origin}: an array of shape {array.shape}.", "Give images as (N, height, width).")
    return array


def from_npy(path: Path) -> ImageSource:
    """A `.npy` file of images, (N, H, W) or (N, H, W, 1), never read whole."""
    shape, dtype, offset = read_header(path)
    if len(shape) == 4 and shape[3] == 1:
        shape = shape[:3]
    if len(shape) != 3 or 0 in shape:
        raise DamagedInput(f"{path}: an array of shape {shape}.", "Give images as (N, height, width).")

    def batches(size: int) -> Iterator[Pixels]:
        first = 0
        for batch in read_rows(path, shape, dtype, offset, size):
            yield checked_pixels(batch, str(path), first)
            first += len(batch)

    return ImageSource(shape[0], shape[1], shape[2], batches, str(path))


def open_idx(path: Path) -> BinaryIO:
    """An IDX file, gzipped or plain."""
    return cast(BinaryIO, gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")


def from_idx(path: Path) -> ImageSource:
    """An IDX file of images, gzipped or plain, never held whole. Format: the MNIST page of LeCun et al."""
    n, height, width = _idx_header(path, IDX_IMAGES, 3)
    if not (0 < n <= MOST_IMAGES and 0 < height <= WIDEST_IMAGE and 0 < width <= WIDEST_IMAGE):
        raise DamagedInput(f"{path}: its header says {n} images of {height}×{width}.", "Get the file again.")

    def batches(size: int) -> Iterator[Pixels]:
        for content in _idx_items(path, 16, n, height * width, size):
            yield np.frombuffer(content, np.uint8).reshape(-1, height, width)

    return ImageSource(n, height, width, batches, str(path))


def read_idx_labels(path: Path) -> NDArray[np.uint8]:
    """An IDX file of labels, (N,) uint8."""
    (n,) = _idx_header(path, IDX_LABELS, 1)
    return np.frombuffer(b"".join(_idx_items(path, 8, n, 1, max(n, 1))), np.uint8)


def _idx_header(path: Path, magic: int, axes: int) -> tuple[int, ...]:
    try:
        with open_idx(path) as file:
            header = file.read(4 * (1 + axes))
    except FileNotFoundError:
        raise MissingInput(f"{path} is not there.", "Check the folder, or run: mnistae data") from None
    except (EOFError, zlib.error, gzip.BadGzipFile) as problem:
        raise DamagedInput(f"{path} is no whole gzip file: {problem}.", "Get the file again.") from None
    numbers = struct.unpack(f">{len(header) // 4}I", header[: len(header) // 4 * 4])
    if len(numbers) != 1 + axes or numbers[0] != magic:
        what = "images" if magic == IDX_IMAGES else "labels"
        found = numbers[0] if numbers else "nothing"
        raise DamagedInput(
            f"{path} is no IDX file of {what}: it starts with {found}, not {magic}.", "Get the file again."
        )
    return numbers[1:]


def _idx_items(path: Path, offset: int, n: int, item_bytes: int, batch_size: int) -> Iterator[bytes]:
    remaining = n
    try:
        with open_idx(path) as file:
            file.read(offset)
            while remaining:
                count = min(batch_size, remaining)
                content = file.read(count * item_bytes)
                if len(content) < count * item_bytes:
                    raise DamagedInput(f"{path} is cut short: its header says {n} items.", "Get the file again.")
                yield content
                remaining -= count
            if file.read(1):
                raise DamagedInput(f"{path} is longer than the {n} items of its header.", "Get the file again.")
    except (EOFError, zlib.error, gzip.BadGzipFile) as problem:
        raise DamagedInput(f"{path} is damaged: {problem}.", "Get the file again.") from None


def image_paths(folder: Path) -> list[Path]:
    """The PNG, JPEG and BMP files directly in `folder`, by name."""
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in IMAGE_SUFFIXES and path.is_file() and not path.name.startswith(".")
    )


def read_grey(path: Path) -> NDArray[np.uint8]:
    """One image file as grey levels, (H, W) uint8 (ITU-R 601 luma); transparency counts as white paper.

    Raises:
        MissingInput: no such file.
        DamagedInput: no image.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(path) as image:
            upright = ImageOps.exif_transpose(image)
            if upright.mode.startswith(("I", "F")):  # 16-bit greys
                return (np.asarray(upright, np.float64).clip(0, 65535) / 257).round().astype(np.uint8)
            if "A" in upright.getbands() or "transparency" in upright.info:
                layer = upright.convert("RGBA")
                upright = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer)
            return np.asarray(upright.convert("L"))
    except FileNotFoundError:
        raise MissingInput(f"{path} is not there.", "Check the path.") from None
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError) as problem:
        raise DamagedInput(f"{path} is no image that can be read: {problem}.", "Give PNG, JPEG or BMP.") from None


def from_files(paths: Sequence[Path]) -> ImageSource:
    """Image files of one size, in the given order, read when they are needed."""
    height, width = read_grey(paths[0]).shape

    def batches(size: int) -> Iterator[Pixels]:
        for start in range(0, len(paths), size):
            batch = [read_grey(path) for path in paths[start : start + size]]
            for path, image in zip(paths[start:], batch, strict=False):
                if image.shape != (height, width):
                    raise DamagedInput(
                        f"{path} is {image.shape[0]}×{image.shape[1]}, {paths[0]} is {height}×{width}.",
                        "Bring all images of a data set to one size.",
                    )
            yield np.stack(batch)

    return ImageSource(len(paths), height, width, batches, str(paths[0].parent), tuple(paths))


def open_images(path: Path) -> ImageSource:
    """Unlabelled images: a folder or one image file, a `.npy` array, or an IDX file.

    Raises:
        MissingInput: nothing at `path`, or a folder without images.
        DamagedInput: not images of one size.
    """
    if path.is_dir():
        paths = image_paths(path)
        if not paths:
            raise MissingInput(f"{path} holds no PNG, JPEG or BMP file.", "Name a folder with images in it.")
        return from_files(paths)
    if path.suffix.lower() in IMAGE_SUFFIXES:
        return from_files([path])
    if path.suffix == ".npy":
        return from_npy(path)
    if "idx3" in path.name:
        return from_idx(path)
    if not path.exists():
        raise MissingInput(f"{path} is not there.", "Check the path.")
    raise DamagedInput(f"{path} is none of: folder, PNG, JPEG, BMP, .npy, IDX.", "Give one of these.")
