"""Decode all picture files of a folder in one pass; find the size of most, and the damaged ones."""

import hashlib
import math
import os
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.common import Advance, DamagedInput, MnistaeError, Report
from mnistae_cli.data.image_files import gray_levels, read_gray, unreadable
from mnistae_cli.data.parallel import in_parallel

TASK_FILES, TASK_BYTES = 256, 2**23  # most files, and most bytes of pixels, that a thread decodes at a time
HASH_BYTES = 32

Shape = tuple[int, int]
"""(height, width)."""
Write = Callable[[NDArray[np.uint8], NDArray[np.uint8]], None]
"""Takes the pixels (B, H, W) and the hashes (B, 32) of the next files."""
Sink = Callable[[Shape], AbstractContextManager[Write]]
"""Where the files of a size go."""


@dataclass(frozen=True)
class Found:
    """What was found in picture files.

    Args:
        shape: height and width of most.
        damaged: index → what is wrong with a file that cannot be read or has another size; the end of a sentence.
        unread: indices of the files that the system did not allow to read.
    """

    shape: Shape
    damaged: dict[int, str]
    unread: list[int]


def decode_all(paths: Sequence[str], states: NDArray[np.int64], sink: Sink, report: Report) -> Found:
    """Decode all files once; or twice, if most have another size than the first one.

    The `states` (N, 2) are size and mtime in ns of each file; `DamagedInput` if they have changed. The `sink` takes the
    pixels, black for a damaged file, and the sha256 of each file's bytes.
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
    return Found(wanted, problems, unread)


def _first_shape(paths: Sequence[str]) -> Shape:
    """The size of the first file that can be read; (1, 1) if none can."""
    for path in paths:
        with suppress(MnistaeError):
            height, width = read_gray(Path(path)).shape
            return height, width
    return 1, 1


@dataclass(frozen=True)
class _Decoded:
    """A batch of files. Pixels are black, and the shape is None, for a file that cannot be read.

    `problems`: number → what is wrong with a file. `unread`: those that the system did not allow to read.
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
            gray = gray_levels(content)
        except (OSError, ValueError) as problem:
            done.problems[i] = unreadable(problem)
            done.unread.extend([i] if isinstance(problem, OSError) else [])
            continue
        if gray.shape == wanted:
            done.shapes[i], done.pixels[i] = wanted, gray
        else:
            done.shapes[i] = (gray.shape[0], gray.shape[1])
    return done
