"""A folder of pictures, decoded once for all stages: its pixels and the sha256 of each file go into the user's cache.

If the cache cannot be written, few pictures are held in memory, and many are decoded each time they are read.
"""

import hashlib
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.common import DamagedInput, Notice, Report, setting, silent
from mnistae_cli.data.cache import find_or_make
from mnistae_cli.data.decoding import HASH_BYTES, Shape, Write, decode_all
from mnistae_cli.data.image_files import decode_files
from mnistae_cli.data.npy import NpyWriter
from mnistae_cli.data.rows import Rows
from mnistae_cli.data.sources import IN_MEMORY, At, Batches, ImageSource, take_rows, take_rows_at
from mnistae_cli.settings import DEFAULT, ReadOptions

PIXELS, HASHES = "pixels.npy", "hashes.npy"
FORMAT = 1  # version of a cache entry; after a change, all pictures are decoded again


@dataclass(frozen=True)
class Pictures:
    """Picture files of one size.

    Args:
        origin: their folder.
        paths: all files, also damaged ones.
        shape: height and width of most.
        damaged: index → what is wrong with that file; the end of a sentence.
        pixels: the pixels of all files, if they are in the cache or in memory; black for a damaged file.
        hashes: the sha256 of all files' bytes, as batches of (B, 32) uint8.
        at: indices → pixels, if they are in the cache.
    """

    origin: str
    paths: Sequence[str]
    shape: Shape
    damaged: Mapping[int, str]
    pixels: Batches | None
    hashes: Batches
    at: At | None = None

    def part(self, indices: NDArray[np.int64]) -> tuple[ImageSource, NDArray[np.int64]]:
        """The undamaged pictures of `indices`, ascending, and their indices."""
        left = np.setdiff1d(indices, np.array(list(self.damaged), np.int64), assume_unique=True)
        files = [self.paths[i] for i in left]
        pixels = take_rows(self.pixels, left) if self.pixels else partial(decode_files, files, self.shape)
        at = take_rows_at(self.at, left) if self.at else None
        source = ImageSource(len(left), *self.shape, pixels, self.origin, files, take_rows(self.hashes, left), at=at)
        return source, left


def open_pictures(
    folder: Path, paths: Sequence[str], reading: ReadOptions = DEFAULT, report: Report = silent
) -> Pictures:
    """Open the picture files `paths` in `folder`. They are decoded if the cache does not have them.

    Raises:
        DamagedInput: some cannot be read or have another size than most, and `reading` does not skip them (a notice
            for each says why); or none can be read; or a program is writing to one.
    """
    states = _states(paths)
    key = _key(folder, paths, states)

    def pack(into: Path) -> dict[str, Any]:
        """Decode all files into a folder of the cache. Returns its facts."""
        found = decode_all(paths, states, partial(_written, into, len(paths)), report)
        return {"shape": found.shape, "damaged": list(found.damaged.items()), "unread": found.unread}

    def holds(facts: Mapping[str, Any]) -> bool:
        """Whether files without a permission still cannot be read: a permission does not change the key."""
        return not any(_opens(paths[i]) for i in facts["unread"])

    entry = find_or_make(key, folder.resolve(), pack, report, holds=holds)
    if entry:
        height, width = entry.facts["shape"]
        rows, hashes = (Rows.open(each) for each in _files_of(entry.folder))
        damaged = dict(entry.facts["damaged"])
        pictures = Pictures(str(folder), paths, (height, width), damaged, rows.batches, hashes.batches, rows.take)
    else:
        known: list[tuple[NDArray[np.uint8] | None, NDArray[np.uint8]]] = []
        found = decode_all(paths, states, partial(_remembered, known, len(paths)), report)
        held = [pixels for pixels, _ in known if pixels is not None]
        held_pixels = partial(_slices, np.concatenate(held)) if held else None
        all_hashes = partial(_slices, np.concatenate([hashes for _, hashes in known]))
        pictures = Pictures(str(folder), paths, found.shape, found.damaged, held_pixels, all_hashes)
    _judge(folder, pictures, reading, report, listed=not entry or entry.fresh or not reading.skip_damaged)
    return pictures


def _judge(folder: Path, pictures: Pictures, reading: ReadOptions, report: Report, *, listed: bool) -> None:
    """Refuse damaged files, or report how many are left out; if `listed`, report what is wrong with each."""
    damaged, paths = pictures.damaged, pictures.paths
    if not damaged:
        return
    for index in sorted(damaged) if listed else ():
        report(Notice(f"{paths[index]} {damaged[index]}"))
    first = min(damaged)
    problem = f"{len(damaged):,} of {len(paths):,} images in {folder} are damaged; {paths[first]} {damaged[first]}"
    if len(damaged) == len(paths):
        raise DamagedInput(f"{problem}.", "Give PNG, JPEG or BMP files.")
    if not reading.skip_damaged:
        raise DamagedInput(f"{problem}.", f"Repair or remove them, or leave them out: {setting('skip_damaged', True)}")
    report(Notice(f"{len(damaged):,} of {len(paths):,} images in {folder} are damaged and left out"))


def _states(paths: Sequence[str]) -> NDArray[np.int64]:
    """Size in bytes and mtime in ns of each file, (N, 2); -1 for a file that is gone."""
    states = np.full((len(paths), 2), -1, np.int64)
    for state, path in zip(states, paths, strict=True):
        with suppress(OSError):
            found = os.stat(path)  # noqa: PTH116 a million `Path`s would take seconds
            state[:] = found.st_size, found.st_mtime_ns
    return states


def _key(folder: Path, paths: Sequence[str], states: NDArray[np.int64]) -> str:
    """Hex sha256 over the folder and the name, size and time of each file."""
    # Another version of Pillow may decode a JPEG file to other pixels.
    digest = hashlib.sha256(f"{FORMAT} {metadata.version('pillow')} ".encode() + os.fsencode(folder.resolve()))
    start = len(os.fspath(folder))
    for path, state in zip(paths, states, strict=True):
        digest.update(b"\0" + os.fsencode(path[start:]) + b"\0" + state.tobytes())
    return digest.hexdigest()


def _opens(path: str) -> bool:
    try:
        Path(path).open("rb").close()
    except OSError:
        return False
    return True


def _files_of(folder: Path) -> tuple[Path, Path]:
    return folder / PIXELS, folder / HASHES


@contextmanager
def _written(folder: Path, n: int, shape: Shape) -> Iterator[Write]:
    """Write pixels and hashes into the cache."""
    pixels_file, hashes_file = _files_of(folder)
    with (
        NpyWriter(pixels_file, (n, *shape), np.uint8) as all_pixels,
        NpyWriter(hashes_file, (n, HASH_BYTES), np.uint8) as all_hashes,
    ):

        def write(pixels: NDArray[np.uint8], hashes: NDArray[np.uint8]) -> None:
            all_pixels.write(pixels)
            all_hashes.write(hashes)

        yield write


@contextmanager
def _remembered(
    known: list[tuple[NDArray[np.uint8] | None, NDArray[np.uint8]]], n: int, shape: Shape
) -> Iterator[Write]:
    """Keep the hashes in memory, and the pixels if they are few."""
    known.clear()
    few = n * math.prod(shape) <= IN_MEMORY
    yield lambda pixels, hashes: known.append((pixels if few else None, hashes))


def _slices(array: NDArray[Any], size: int, first: int = 0) -> Iterator[NDArray[Any]]:
    return (array[start : start + size] for start in range(first, len(array), size))
