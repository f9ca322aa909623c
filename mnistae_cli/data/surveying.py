"""How the images of a data set are brought to one size, range and polarity: measured on its training images."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.common import setting
from mnistae_cli.data.decoding import Look
from mnistae_cli.data.image_files import read_picture
from mnistae_cli.data.polarity import is_cut_tight, told_apart
from mnistae_cli.data.preparing import KEEP, LIGHT, Preparation
from mnistae_cli.data.ranges import Pixels, as_bytes, find_top, full_ranges, scaled, told_range, top_of
from mnistae_cli.data.sources import ImageSource, unit_scale
from mnistae_cli.settings import PAD, ReadOptions

LEAST_SIDE, MOST_SIDE, STEP = 16, 64, 4  # of a frame whose side is not given, in pixels
MEASURED = 300  # images on which the polarity is measured
MOST_LOOKED_AT = 128  # pixels of the longer side, of an image on which the polarity is measured
MIXED = 0.02  # least share of images of the rarer polarity that is told
ALMOST_BLACK = 0.02  # of the range
MARGIN = 1 / 8  # of the side: the margin of pictures that were cut out without one

Sample = Callable[[Preparation], Iterable[NDArray[np.float32]]]
"""Training images (h, w) in [0, 1], in the range and the layout of a preparation, but not framed yet."""


def default_side(longer_sides: Iterable[int]) -> int:
    """The side of the frame, in pixels: the median of the longer sides, from 16 to 64, a multiple of 4."""
    median = float(np.median(list(longer_sides)))
    return int(np.clip(round(median / STEP) * STEP, LEAST_SIDE, MOST_SIDE))


def survey_array(images: ImageSource, reading: ReadOptions) -> tuple[Preparation, list[str]]:
    """The preparation of images of one size, measured on those of the training; and sentences about it.

    Raises:
        DamagedInput: a pixel is outside of every range.
    """
    some = _some(images)
    tops = {some.dtype.name: find_top(images.batches(MEASURED), images.origin, images.rows)}

    def sample(found: Preparation) -> Iterator[NDArray[np.float32]]:
        yield from map(_reduced, unit_scale(scaled(some, tops[some.dtype.name], images.origin)))

    found, told = _decided(reading, [(images.height, images.width)], tops, images.origin, sample)
    return replace(found, transpose=False, transposed_arrays=reading.transpose), told


def survey_pictures(
    origin: str, paths: Sequence[str], looks: Sequence[Look | None], measured: NDArray[np.int64], reading: ReadOptions
) -> tuple[Preparation, list[str]]:
    """The preparation of picture files, measured on those of the training; and sentences about it.

    Args:
        origin: their folder, in messages.
        paths: all files.
        looks: of each file.
        measured: indices of the training pictures.
        reading: what the user asks for.
    """
    shapes = list({each.shape for each in looks if each})
    training = [int(i) for i in measured if looks[i]] or [i for i, each in enumerate(looks) if each]
    seen = [each for i in training if (each := looks[i])]
    if not seen:
        return Preparation("", 1, 1), []
    kinds = sorted({each.dtype for each in looks if each})
    # Of a dtype that no training picture has, the others must do.
    tops = {kind: _top(kind, seen) or _top(kind, [each for each in looks if each]) for kind in kinds}

    def sample(found: Preparation) -> Iterator[NDArray[np.float32]]:
        for place in _evenly(len(training)):
            levels = read_picture(Path(paths[training[place]]))
            yield _reduced(unit_scale(as_bytes(levels.T if found.transpose else levels, found.top(levels))))

    if len(shapes) == 1:
        (height, width), transpose = shapes[0], reading.transpose
        found, told = _decided(reading, [(width, height) if transpose else (height, width)], tops, origin, sample)
    else:
        found, told = _decided(reading, [each.shape for each in seen], tops, origin, sample, unequal=len(shapes))
    n_dark = sum(0 < each.highest < ALMOST_BLACK * tops[each.dtype] for each in looks if each)
    if n_dark:
        told.append(f"{n_dark:,} images of {origin} are almost black: no pixel is above 2% of the range of the others")
    return found, told


def _top(kind: str, looks: Sequence[Look]) -> float:
    """The value that is white in pictures of this dtype; 0 if there are none."""
    highest = [each.highest for each in looks if each.dtype == kind]
    return top_of(max(highest), np.dtype(kind)) if highest else 0.0


def survey_again(fixed: Preparation, looks: Sequence[Look | None]) -> Preparation:
    """The preparation of an earlier stage that had no frame, for other pictures: if their sizes differ, with `pad`.

    Pictures of one other size stay as they are; the stage refuses them.
    """
    shapes = list({each.shape for each in looks if each}) or [(1, 1)]
    if len(shapes) > 1:
        return replace(fixed, frame=PAD)
    height, width = shapes[0][::-1] if fixed.transpose else shapes[0]
    return replace(fixed, height=height, width=width)


def for_arrays(fixed: Preparation, images: ImageSource) -> Preparation:
    """The preparation of the training images for other images; if a pixel is far above its range, with their range."""
    dtype = next(images.batches(1)).dtype
    found = find_top(images.batches(MEASURED), images.origin, images.rows)
    known = fixed.recorded_top(dtype, found)
    most = 0.0 if known is None else known if known in full_ranges(dtype) else 2 * known
    top = found if known is None or found > most else known
    return replace(fixed, tops={**fixed.tops, dtype.name: top})


def _decided(
    reading: ReadOptions,
    shapes: Sequence[tuple[int, int]],
    tops: dict[str, float],
    origin: str,
    sample: Sample,
    *,
    unequal: int = 0,
) -> tuple[Preparation, list[str]]:
    """`shapes` are those of the training images, or one for all; `unequal` is the number of sizes if they differ."""
    most, n_most = Counter(shapes).most_common(1)[0]
    height, width = most
    frame = reading.frame or (PAD if unequal or reading.side else "")
    if frame:
        height = width = reading.side or default_side(map(max, shapes))
    asked = (reading.frame, reading.side, reading.polarity)
    found = Preparation(frame, height, width, transpose=reading.transpose, tops=tops, asked=asked)
    polarity = reading.polarity or ("auto" if unequal else KEEP)
    told: list[str] = []
    images = list(sample(found)) if polarity == "auto" or frame == PAD else []
    apart, light_share = told_apart(images)
    if polarity == "auto":
        # The warps of a training are dark outside, so the ground is made dark.
        polarity = LIGHT if apart else KEEP
    if (reading.polarity or "auto") == "auto" and polarity == KEEP and (unequal or reading.polarity):
        told.append(
            f"ink and ground of the images of {origin} cannot be told apart for sure, so all keep their polarity; "
            f"{setting('polarity', LIGHT)} changes each by itself"
        )
    margin = round(found.height * MARGIN) if frame == PAD and apart and is_cut_tight(images) else 0
    found = replace(found, polarity=polarity, margin=margin)
    sizes = f"{unequal:,} sizes, most often {most[0]}×{most[1]} ({n_most / len(shapes):.0%})" if unequal else "one size"
    return found, [*_told(found, origin, sizes, light_share if apart else None), *told]


def _told(found: Preparation, origin: str, sizes: str, light_share: float | None) -> Iterator[str]:
    for name, top in found.tops.items():
        yield from told_range(top, np.dtype(name), origin)
    if found.frame:
        yield (
            f"the images of {origin} have {sizes}, and are framed to {found.height}×{found.width}: {found.described()} "
            f"({setting('frame', found.frame)} {setting('side', found.height)})"
        )
    if found.polarity != KEEP:
        wanted, others = ("light on dark", "dark on light")[:: 1 if found.polarity == LIGHT else -1]
        inverted = 1 - (light_share or 0) if found.polarity == LIGHT else light_share or 0
        if light_share is None or inverted:
            share = "those" if light_share is None else f"the {inverted:.0%}"
            yield f"{share} of the images of {origin} that are {others} are inverted, so that all are {wanted}"


def _evenly(n: int) -> NDArray[np.int64]:
    """Up to 300 indices of `n` images: in a folder, those of a class are next to each other."""
    return np.unique(np.linspace(0, n - 1, min(n, MEASURED)).astype(np.int64))


def _some(images: ImageSource) -> NDArray[Any]:
    """Some images, from all places if they can be read in any order."""
    return images.at(_evenly(images.n)) if images.at else next(images.batches(MEASURED))


def _reduced(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """An image of at most 128 pixels in each direction, to be looked at: a photo has millions."""
    from PIL import Image

    factor = -(-max(image.shape) // MOST_LOOKED_AT)
    return image if factor == 1 else np.asarray(Image.fromarray(image).reduce(min(factor, *image.shape)))


def told_mixture(images: ImageSource) -> Iterator[str]:
    """A sentence if some of the prepared images (N, H, W) have light ink and others dark ink."""
    apart, light_share = told_apart(map(_reduced, unit_scale(cast(Pixels, _some(images)))))
    rarer = min(light_share, 1 - light_share)
    if apart and rarer >= MIXED:
        yield (
            f"{rarer:.0%} of the images of {images.origin} are inverted: their ink is as light as the ground of the "
            f"others; {setting('polarity', 'auto')} brings all to one polarity"
        )
