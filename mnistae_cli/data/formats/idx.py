"""IDX files, the format of MNIST: images and labels, gzipped or plain."""

import gzip
import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.common import DamagedInput, MissingInput
from mnistae_cli.data.formats.contents import is_gzip
from mnistae_cli.data.ranges import Pixels
from mnistae_cli.data.rows import Rows
from mnistae_cli.data.sources import ImageSource, from_rows
from mnistae_cli.settings import DEFAULT, ReadOptions

IDX_IMAGES, IDX_LABELS, IDX_TABLE = 2051, 2049, 3074
MOST_IMAGES, WIDEST_IMAGE = 2**31, 4096  # beyond that, an IDX header is damaged


def open_idx(path: Path) -> BinaryIO:
    """Open an IDX file, gzipped or plain, whatever its name is."""
    return cast(BinaryIO, gzip.open(path, "rb")) if is_gzip(path) else path.open("rb")


def from_idx(path: Path, reading: ReadOptions = DEFAULT) -> ImageSource:
    """An IDX file of images, gzipped or plain, read in batches. The MNIST page of LeCun et al. has the format."""
    n, height, width = _idx_header(path, IDX_IMAGES, 3)
    if not (0 < n <= MOST_IMAGES and 0 < height <= WIDEST_IMAGE and 0 < width <= WIDEST_IMAGE):
        raise DamagedInput(
            f"{path}: its header says {n} images of {height}×{width}.",
            f"Give at least one image, of at most {WIDEST_IMAGE} pixels in each direction.",
        )
    _check_bytes(path, n, 16 + n * height * width, reading)

    def batches(size: int, first: int = 0) -> Iterator[Pixels]:
        for content in _idx_items(path, 16, n, height * width, size, first):
            yield np.frombuffer(content, np.uint8).reshape(-1, height, width)

    at = None if is_gzip(path) else Rows(path, (n, height, width), np.dtype(np.uint8), 16).take
    return from_rows(batches, (n, height, width), str(path), at, transpose=reading.transpose)


def read_idx_labels(path: Path, reading: ReadOptions = DEFAULT) -> NDArray[Any]:
    """An IDX file of labels, (N,) uint8; or int32, the first column of the eight of QMNIST."""
    if path.is_file() and _first_number(path) == IDX_TABLE:
        n, columns = _idx_header(path, IDX_TABLE, 2)
        _check_bytes(path, n, 12 + 4 * n * columns, reading)
        rows = b"".join(_idx_items(path, 12, n, 4 * columns, max(n, 1)))
        return np.frombuffer(rows, ">i4").reshape(n, columns)[:, 0].astype(np.int32)
    (n,) = _idx_header(path, IDX_LABELS, 1)
    _check_bytes(path, n, 8 + n, reading)
    return np.frombuffer(b"".join(_idx_items(path, 8, n, 1, max(n, 1))), np.uint8)


def _first_number(path: Path) -> int:
    with suppress(EOFError, zlib.error, gzip.BadGzipFile), open_idx(path) as file:
        return int.from_bytes(file.read(4), "big")
    return 0


def _check_bytes(path: Path, n: int, expected: int, reading: ReadOptions) -> None:
    """Compare the size that a header says with the size of the file, before anything is read."""
    if is_gzip(path):
        reading.check_size(path, expected)
    elif path.stat().st_size < expected:
        raise DamagedInput(f"{path} is cut short: its header says {n} items.", "Get the file again.")


def _idx_header(path: Path, magic: int, axes: int) -> tuple[int, ...]:
    try:
        with open_idx(path) as file:
            header = file.read(4 * (1 + axes))
    except FileNotFoundError:
        raise MissingInput(f"{path} does not exist.", "Check the folder, or run: mnistae data") from None
    except (EOFError, zlib.error, gzip.BadGzipFile) as problem:
        raise DamagedInput(f"{path} is not a complete gzip file: {problem}.", "Get the file again.") from None
    numbers = struct.unpack(f">{len(header) // 4}I", header[: len(header) // 4 * 4])
    if numbers and numbers[0] == magic and len(header) < 4 * (1 + axes):
        raise DamagedInput(
            f"{path} is cut short within its header: {len(header)} of {4 * (1 + axes)} bytes.", "Get the file again."
        )
    if not numbers or numbers[0] != magic:
        what = "images" if magic == IDX_IMAGES else "labels"
        found = numbers[0] if numbers else "nothing"
        raise DamagedInput(
            f"{path} is not an IDX file of {what}: it starts with {found}, not {magic}.",
            f"Give a file of {what}, a byte for each {'pixel' if magic == IDX_IMAGES else 'label'}.",
        )
    return numbers[1:]


def _idx_items(path: Path, offset: int, n: int, item_bytes: int, batch_size: int, first: int = 0) -> Iterator[bytes]:
    remaining = n - first
    try:
        with open_idx(path) as file:
            file.seek(offset + first * item_bytes)
            while remaining:
                count = min(batch_size, remaining)
                content = file.read(count * item_bytes)
                if len(content) < count * item_bytes:
                    raise DamagedInput(f"{path} is cut short: its header says {n} items.", "Get the file again.")
                yield content
                remaining -= count
            if file.read(1):
                raise DamagedInput(
                    f"{path} is longer than the {n} items of its header.", "Correct its header, or cut it."
                )
    except (EOFError, zlib.error, gzip.BadGzipFile) as problem:
        raise DamagedInput(f"{path} is damaged: {problem}.", "Get the file again.") from None
