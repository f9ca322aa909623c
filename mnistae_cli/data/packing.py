"""A folder of pictures, decoded once for all stages: its pixels and the sha256 of each file go into the user's cache.

If the cache cannot be written, the pictures are decoded each time that they are read.
"""

import hashlib
import math
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.data.cache import find_or_make
from mnistae_cli.data.image_files import decoded, grey_levels, read_grey, unreadable
from mnistae_cli.data.npy import NpyWriter, read_header, read_rows
from mnistae_cli.data.parallel import in_parallel
from mnistae_cli.data.sources import Batches, ImageSource, Pixels, taken
from mnistae_cli.errors import DamagedInput, MnistaeError
from mnistae_cli.progress import Advance, Notice, Report, silent
from mnistae_cli.reading import DEFAULT, Reading

PIXELS, HASHES = "pixels.npy", "hashes.npy"
FORMAT = 1  # of an entry of the cache; with another one all pictures are decoded anew
TASK_FILES, TASK_BYTES = 256, 2**23  # at most so many files, and bytes of pixels, decoded at a time by a thread
HASH_BYTES = 32

Shape = tuple[int, int]
"""(height, width)."""
Write = Callable[[NDArray[np.uint8], NDArray[np.uint8]], None]
"""Takes the pixels (B, H, W) and the hashes (B, 32) of the next files."""
Sink = Callable[[Shape], AbstractContextManager[Write]]
"""Where the files of a size go."""


@dataclass(frozen=True)
class Pictures:
    """Picture files of one size.

    Args:
        origin: their folder.
        paths: all of them, damaged ones too.
        shape: height and width of most.
        damaged: index → what is wrong with that file, the end of a sentence.
        pixels: those of all, if they are packed; a damaged file's are black.
        hashes: the sha256 of all files' bytes, as batches of (B, 32) uint8.
    """

    origin: str
    paths: Sequence[str]
    shape: Shape
    damaged: Mapping[int, str]
    pixels: Batches | None
    hashes: Batches

    def part(self, indices: NDArray[np.int64]) -> tuple[ImageSource, NDArray[np.int64]]:
        """The undamaged pictures among `indices`, which ascend, and their indices."""
        left = np.setdiff1d(indices, np.array(list(self.damaged), np.int64), assume_unique=True)
        files = [self.paths[i] for i in left]
        pixels = taken(self.pixels, left) if self.pixels else partial(decoded, files, self.shape)
        batches = cast(Callable[[int], Iterator[Pixels]], pixels)
        return ImageSource(len(left), *self.shape, batches, self.origin, files, taken(self.hashes, left)), left


def open_pictures(folder: Path, paths: Sequence[str], reading: Reading = DEFAULT, report: Report = silent) -> Pictures:
    """Open the picture files `paths` in `folder`, decoded earlier or now.

    Raises:
        DamagedInput: some cannot be read or have another size than most, and `reading` does not skip them: a notice
            for each says why. Or none can be read, or one is written to at this moment.
    """
    states = _states(paths)
    key = _key(folder, paths, states)

    def pack(into: Path) -> dict[str, Any]:
        """Decode all files into a folder of the cache. Returns what has to be known later."""
        (height, width), damaged, unread = _decode_all(paths, states, partial(_written, into, len(paths)), report)
        return {"height": height, "width": width, "damaged": list(damaged.items()), "unread": unread}

    def holds(facts: Mapping[str, Any]) -> bool:
        """Whether no file that could not be read, for lack of a permission, can be read now: its key is the same."""
        return not any(_opens(paths[i]) for i in facts["unread"])

    entry = find_or_make(key, folder.resolve(), pack, report, holds=holds)
    if entry:
        shape, damaged = (entry.facts["height"], entry.facts["width"]), dict(entry.facts["damaged"])
        pixels, hashes = (partial(read_rows, each, *read_header(each)) for each in _files_of(entry.folder))
        pictures = Pictures(str(folder), paths, shape, damaged, pixels, hashes)
    else:
        known: list[NDArray[np.uint8]] = []
        shape, damaged, _ = _decode_all(paths, states, lambda _: _remembered(known), report)
        pictures = Pictures(str(folder), paths, shape, damaged, None, partial(_slices, np.concatenate(known)))
    _judge(folder, pictures, reading, report, listed=not entry or entry.fresh or not reading.skip_damaged)
    return pictures


def _judge(folder: Path, pictures: Pictures, reading: Reading, report: Report, *, listed: bool) -> None:
    """Refuse damaged files, or say how many are left out; `listed`: tell what is wrong with each."""
    damaged, paths = pictures.damaged, pictures.paths
    if not damaged:
        return
    for index in sorted(damaged) if listed else ():
        report(Notice(f"{paths[index]} {damaged[index]}"))
    first = min(damaged)
    told = f"{len(damaged):,} of {len(paths):,} images in {folder} are damaged; {paths[first]} {damaged[first]}"
    if len(damaged) == len(paths):
        raise DamagedInput(f"{told}.", "Give PNG, JPEG or BMP files.")
    if not reading.skip_damaged:
        raise DamagedInput(f"{told}.", "Mend or remove them, or go on without them: --skip-damaged")
    report(Notice(f"{len(damaged):,} of {len(paths):,} images in {folder} are damaged and left out"))


def _states(paths: Sequence[str]) -> NDArray[np.int64]:
    """Size in bytes and mtime in ns of each file, (N, 2); -1 for a file that is gone."""
    states = np.full((len(paths), 2), -1, np.int64)
    for state, path in zip(states, paths, strict=True):
        with suppress(OSError):
            found = os.stat(path)  # noqa: PTH116 a million `Path`s take seconds
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
def _remembered(known: list[NDArray[np.uint8]]) -> Iterator[Write]:
    """Keep the hashes in memory, and no pixels."""
    known.clear()
    yield lambda _, hashes: known.append(hashes)


def _slices(array: NDArray[Any], size: int) -> Iterator[NDArray[Any]]:
    return (array[start : start + size] for start in range(0, len(array), size))


def _decode_all(
    paths: Sequence[str], states: NDArray[np.int64], sink: Sink, report: Report
) -> tuple[Shape, dict[int, str], list[int]]:
    """Decode all files once; twice, if most have another size than the first one that can be read.

    Returns:
        The size of most files; what is wrong with those that cannot be read or have another size; and which of them the
        system did not let us read.
    """
    wanted = _first_shape(paths)
    while True:
        shapes: list[Shape | None] = []
        problems: dict[int, str] = {}
        unread: list[int] = []
        with sink(wanted) as write:
            step = min(max(TASK_BYTES // math.prod(wanted), 1), TASK_FILES)
            tasks = (slice(start, min(start + step, len(paths))) for start in range(0, len(paths), step))
            for done in in_parallel(partial(_decode, paths, states, wanted), tasks):
                problems |= {len(shapes) + i: problem for i, problem in done.problems.items()}
                unread += [len(shapes) + i for i in done.unread]
                shapes += done.shapes
                write(done.pixels, done.hashes)
                report(Advance("decode", len(shapes), len(paths), "images"))
        most = Counter(shape for shape in shapes if shape).most_common(1)
        if not most or most[0][0] == wanted:
            break
        wanted = most[0][0]
    for index, shape in enumerate(shapes):
        if shape not in (None, wanted):
            problems[index] = f"is {shape[0]}×{shape[1]}, most are {wanted[0]}×{wanted[1]}"
    return wanted, problems, unread


def _first_shape(paths: Sequence[str]) -> Shape:
    """The size of the first file that can be read; (1, 1) if none can."""
    for path in paths:
        with suppress(MnistaeError):
            height, width = read_grey(Path(path)).shape
            return height, width
    return 1, 1


@dataclass(frozen=True)
class _Decoded:
    """Some files.

    Args:
        pixels: (B, H, W) uint8; black where a file is damaged.
        hashes: (B, 32) uint8, the sha256 of each file's bytes.
        shapes: height and width of each; None where a file cannot be read.
        problems: number → what is wrong with those that cannot be read.
        unread: the numbers of those that the system did not let us read.
    """

    pixels: NDArray[np.uint8]
    hashes: NDArray[np.uint8]
    shapes: list[Shape | None]
    problems: dict[int, str]
    unread: list[int]


def _decode(paths: Sequence[str], states: NDArray[np.int64], wanted: Shape, part: slice) -> _Decoded:
    n = part.stop - part.start
    done = _Decoded(np.zeros((n, *wanted), np.uint8), np.zeros((n, HASH_BYTES), np.uint8), [None] * n, {}, [])
    for i, path in enumerate(paths[part]):
        try:
            with Path(path).open("rb") as file:
                state, content = os.fstat(file.fileno()), file.read()
            if (state.st_size, state.st_mtime_ns) != tuple(states[part.start + i]):
                raise DamagedInput(f"{path} was written to while it was read.", "Run again when that is done.")
            done.hashes[i] = np.frombuffer(hashlib.sha256(content).digest(), np.uint8)
            grey = grey_levels(content)
        except (OSError, ValueError) as problem:
            done.problems[i] = unreadable(problem)
            done.unread.extend([i] if isinstance(problem, OSError) else [])
            continue
        if grey.shape == wanted:
            done.shapes[i], done.pixels[i] = wanted, grey
        else:
            done.shapes[i] = (grey.shape[0], grey.shape[1])
    return done
