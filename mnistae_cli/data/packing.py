"""A folder of pictures, decoded and framed once for all stages, in the user's cache, with the sha256 of each file.

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

from mnistae_cli.common import DamagedInput, MnistaeError, Notice, Report, setting, silent
from mnistae_cli.data.cache import find_or_make, peek
from mnistae_cli.data.decoding import HASH_BYTES, Decoded, Look, Shape, Sink, Write, decode_all
from mnistae_cli.data.image_files import PICTURES, decode_files, read_picture
from mnistae_cli.data.npy import NpyWriter
from mnistae_cli.data.preparing import UNSCALED, Preparation
from mnistae_cli.data.rows import Rows
from mnistae_cli.data.sources import IN_MEMORY, At, Batches, ImageSource, slices, take_rows, take_rows_at
from mnistae_cli.data.surveying import survey_again, survey_pictures
from mnistae_cli.settings import DEFAULT, ReadOptions

PIXELS, HASHES = "pixels.npy", "hashes.npy"
FORMAT = 4  # version of a cache entry; after a change, all pictures are decoded again


@dataclass(frozen=True)
class Pictures:
    """Picture files, prepared to one size.

    Args:
        origin: their folder.
        paths: all files, also damaged ones.
        preparation: how they become pixels of one size.
        damaged: index → what is wrong with that file; the end of a sentence.
        unframed: number of the damaged ones that can be read, but not framed.
        pixels: the pixels of all files, if they are in the cache or in memory; black for a damaged file.
        hashes: the sha256 of all files' bytes, as batches of (B, 32) uint8.
        at: indices → pixels, if they are in the cache.
    """

    origin: str
    paths: Sequence[str]
    preparation: Preparation
    damaged: Mapping[int, str]
    unframed: int
    pixels: Batches | None
    hashes: Batches
    at: At | None = None

    def part(self, indices: NDArray[np.int64]) -> tuple[ImageSource, NDArray[np.int64]]:
        """The undamaged pictures of `indices`, ascending, and their indices."""
        left = np.setdiff1d(indices, np.array(list(self.damaged), np.int64), assume_unique=True)
        files = [self.paths[i] for i in left]
        pixels = take_rows(self.pixels, left) if self.pixels else partial(decode_files, files, self.preparation)
        source = ImageSource(
            len(left),
            self.preparation.height,
            self.preparation.width,
            pixels,
            self.origin,
            files,
            take_rows(self.hashes, left),
            at=take_rows_at(self.at, left) if self.at else None,
            prepared=self.preparation.note(),
        )
        return source, left


def open_pictures(
    folder: Path,
    paths: Sequence[str],
    reading: ReadOptions = DEFAULT,
    report: Report = silent,
    *,
    training: NDArray[np.int64] | None = None,
    fixed: Preparation | None = None,
) -> Pictures:
    """Open the picture files `paths` in `folder`. They are decoded if the cache does not have them.

    Pictures of unequal sizes are framed.

    Args:
        folder: the folder.
        paths: the files.
        reading: what is refused, and how pictures are framed.
        report: listener.
        training: indices of the training pictures, by default of all: range, frame and polarity are measured on these.
        fixed: the preparation of an earlier stage, which is used again; by default one is measured.

    Raises:
        DamagedInput: some cannot be read or framed, and `reading` does not skip them (a notice for each says why); or
            none can be read; or more than half cannot be framed; or a program is writing to one.
    """
    states = _states(paths)
    measured = np.arange(len(paths)) if training is None else training
    asked = fixed.asked if fixed else (reading.frame, reading.side, reading.polarity)
    key = _key(folder, paths, states, f"{asked} {reading.transpose} {hashlib.sha256(measured.tobytes()).hexdigest()}")
    if fixed and not _is_kept(key, fixed):  # these are not the pictures on which it was measured
        key = _key(folder, paths, states, f"{fixed.note()} {fixed.height} {fixed.width}")
    known: list[tuple[NDArray[np.uint8] | None, NDArray[np.uint8]]] = []

    def decode(sink: Sink) -> tuple[Preparation, Decoded, list[str]]:
        trial = _trial(paths, fixed)
        found = decode_all(paths, states, trial, sink, report)
        told: list[str] = []
        if fixed is None:
            wanted, told = survey_pictures(str(folder), paths, found.looks, measured, reading)
        else:
            wanted = fixed if fixed.frame else survey_again(fixed, found.looks)
        if not wanted.gives_same_pixels(trial):
            found = decode_all(paths, states, wanted, sink, report)
        return wanted, found, told

    def pack(into: Path) -> dict[str, Any]:
        """Decode all files into a folder of the cache. Returns its facts."""
        preparation, found, told = decode(partial(_written, into, len(paths)))
        damaged = {"damaged": list(found.damaged.items()), "unframed": found.unframed, "unread": found.unread}
        return {"preparation": preparation.as_record(), "told": told, **damaged}

    def holds(facts: Mapping[str, Any]) -> bool:
        """Whether files without a permission still cannot be read: a permission does not change the key."""
        return not any(_opens(paths[i]) for i in facts["unread"])

    entry = find_or_make(key, folder.resolve(), pack, report, holds=holds)
    if entry:
        facts = entry.facts
        rows, hashes = (Rows.open(each) for each in _files_of(entry.folder))
        preparation, told = Preparation.from_record(facts["preparation"]), facts["told"]
        damaged, pixels = dict(facts["damaged"]), (rows.batches, hashes.batches, rows.take)
        pictures = Pictures(str(folder), paths, preparation, damaged, facts["unframed"], *pixels)
    else:
        preparation, found, told = decode(partial(_remembered, known, len(paths)))
        held = [pixels for pixels, _ in known if pixels is not None]
        held_pixels = partial(slices, np.concatenate(held)) if held else None
        all_hashes = partial(slices, np.concatenate([hashes for _, hashes in known]))
        pictures = Pictures(str(folder), paths, preparation, found.damaged, found.unframed, held_pixels, all_hashes)
    _judge(folder, pictures, reading, report, listed=not entry or entry.fresh or not reading.skip_damaged)
    for line in () if fixed else told:
        report(Notice(line))
    return pictures


def _trial(paths: Sequence[str], fixed: Preparation | None) -> Preparation:
    """The preparation of the first pass: that of an earlier stage; otherwise one that suits most folders."""
    if fixed is not None and fixed.frame:
        return fixed
    height, width = _first_shape(paths)
    first = Preparation("", height, width, tops=UNSCALED)
    return first if fixed is None else survey_again(fixed, [Look((height, width), "", 0)])


def _first_shape(paths: Sequence[str]) -> Shape:
    """The size of the first file that can be read; (1, 1) if none can."""
    for path in paths:
        with suppress(MnistaeError):
            height, width = read_picture(Path(path)).shape
            return height, width
    return 1, 1


def _judge(folder: Path, pictures: Pictures, reading: ReadOptions, report: Report, *, listed: bool) -> None:
    """Refuse damaged files, or report how many are left out; if `listed`, report what is wrong with each."""
    damaged, paths = pictures.damaged, pictures.paths
    if not damaged:
        return
    for index in sorted(damaged) if listed else ():
        report(Notice(f"{paths[index]} {damaged[index]}"))
    first = min(damaged)
    problem = f"{len(damaged):,} of {len(paths):,} images in {folder} are damaged; {paths[first]} {damaged[first]}"
    if 2 * pictures.unframed > len(paths):
        raise DamagedInput(
            f"{pictures.unframed:,} of {len(paths):,} images in {folder} cannot be framed; "
            f"{paths[first]} {damaged[first]}.",
            "Give pictures that each show one symbol.",
        )
    if len(damaged) == len(paths):
        raise DamagedInput(f"{problem}.", f"Give {PICTURES} files.")
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


def _key(folder: Path, paths: Sequence[str], states: NDArray[np.int64], how: str) -> str:
    """Hex sha256 over the folder, the name, size and time of each file, and `how` they are prepared."""
    # Another version of Pillow may decode a JPEG file to other pixels.
    digest = hashlib.sha256(f"{FORMAT} {metadata.version('pillow')} ".encode() + os.fsencode(folder.resolve()))
    digest.update(how.encode())
    start = len(os.fspath(folder))
    for path, state in zip(paths, states, strict=True):
        digest.update(b"\0" + os.fsencode(path[start:]) + b"\0" + state.tobytes())
    return digest.hexdigest()


def _is_kept(key: str, preparation: Preparation) -> bool:
    """Whether the cache has pictures with this key, prepared like that."""
    entry = peek(key)
    return entry is not None and preparation.gives_same_pixels(Preparation.from_record(entry.facts["preparation"]))


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
