"""Decode all picture files of a folder in one pass; find the size of most, and the damaged ones."""

import hashlib
import math
import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.common import Advance, DamagedInput, Report
from mnistae_cli.data.image_files import gray_levels, unreadable
from mnistae_cli.data.parallel import in_parallel
from mnistae_cli.data.preparing import Preparation, Unframed

TASK_FILES, TASK_BYTES = 256, 2**23  # most files, and most bytes of pixels, that a thread decodes at a time
HASH_BYTES = 32

Shape = tuple[int, int]
"""(height, width)."""
Write = Callable[[NDArray[np.uint8], NDArray[np.uint8]], None]
"""Takes the pixels (B, H, W) and the hashes (B, 32) of the next files."""
Sink = Callable[[Shape], AbstractContextManager[Write]]
"""Where the files of a size go."""


@dataclass(frozen=True)
class Look:
    """A file that can be read: the shape of its picture, the dtype of its numbers, and the largest one."""

    shape: Shape
    dtype: str
    highest: float


@dataclass
class Decoded:
    """What was found in picture files.

    Args:
        looks: of each file; None if it cannot be read.
        damaged: index → what is wrong with a file that cannot be read or prepared; the end of a sentence.
        unread: indices of the files that the system did not allow to read.
        unframed: number of the files that can be read, but not framed.
    """

    looks: list[Look | None] = field(default_factory=list)
    damaged: dict[int, str] = field(default_factory=dict)
    unread: list[int] = field(default_factory=list)
    unframed: int = 0


def decode_all(
    paths: Sequence[str], states: NDArray[np.int64], preparation: Preparation, sink: Sink, report: Report
) -> Decoded:
    """Decode and prepare all files.

    The `states` (N, 2) are size and mtime in ns of each file; `DamagedInput` if they have changed. The `sink` takes the
    pixels, black for a damaged file and for one that has another size, and the sha256 of each file's bytes.
    """
    found = Decoded()
    shape = (preparation.height, preparation.width)
    with sink(shape) as write:
        step = min(max(TASK_BYTES // math.prod(shape), 1), TASK_FILES)
        tasks = (slice(start, min(start + step, len(paths))) for start in range(0, len(paths), step))
        for part, pixels, hashes in in_parallel(partial(_decode, paths, states, preparation), tasks):
            first = len(found.looks)
            found.damaged |= {first + i: problem for i, problem in part.damaged.items()}
            found.unread += [first + i for i in part.unread]
            found.unframed += part.unframed
            found.looks += part.looks
            write(pixels, hashes)
            report(Advance("decode", len(found.looks), len(paths), "images"))
    return found


def _decode(
    paths: Sequence[str], states: NDArray[np.int64], preparation: Preparation, part: slice
) -> tuple[Decoded, NDArray[np.uint8], NDArray[np.uint8]]:
    n, found = part.stop - part.start, Decoded()
    pixels = np.zeros((n, preparation.height, preparation.width), np.uint8)
    hashes = np.zeros((n, HASH_BYTES), np.uint8)
    for i, path in enumerate(paths[part]):
        look = None
        try:
            with Path(path).open("rb") as file:
                state, content = os.fstat(file.fileno()), file.read()
            if (state.st_size, state.st_mtime_ns) != tuple(states[part.start + i]):
                raise DamagedInput(f"{path} was written to while it was read.", "Run again when that is done.")
            hashes[i] = np.frombuffer(hashlib.sha256(content).digest(), np.uint8)
            levels = gray_levels(content)
            look = Look((levels.shape[0], levels.shape[1]), levels.dtype.name, float(levels.max()))
            image = preparation.picture(levels)
            if image.shape == pixels[i].shape:
                pixels[i] = image
        except Unframed as problem:
            found.damaged[i] = str(problem)
            found.unframed += 1
        except (OSError, ValueError) as problem:
            found.damaged[i] = unreadable(problem)
            found.unread.extend([i] if isinstance(problem, OSError) else [])
        found.looks.append(look)
    return found, pixels, hashes
