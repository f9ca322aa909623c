"""The range of a data set's pixels: which value is white. It is found once, and recorded by `train`."""

from collections.abc import Iterable, Iterator
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.common import DamagedInput

Pixels = NDArray[np.uint8] | NDArray[np.float32]
"""(N, H, W): uint8 from 0 to 255, or float32 from 0 to 1."""

FULL_BYTES, FULL_WORDS, FULL_FLOATS = 255.0, 65535.0, 1.0
STRAY = 0.01  # share of the drawn pixels; if fewer are above 1, these are errors, and not another range
ROUNDING = 1e-3  # floats that are this much below 0 or above 1 are 0 and 1
WHOLE = "Give whole numbers from 0 to 255 or to 65535, or floats from 0 to 1."
FLOATS = "Scale float pixels to the range from 0 to 1, without NaN."


def full_range(dtype: np.dtype[Any]) -> float:
    """The value that is white in pixels of this dtype, as far as the dtype tells: 1 for floats, 255 for others."""
    return FULL_FLOATS if dtype.kind == "f" else FULL_BYTES


def full_ranges(dtype: np.dtype[Any]) -> tuple[float, ...]:
    """All usual ranges of pixels of this dtype, ascending: of floats, of 8 bits, of 16 bits."""
    return (FULL_FLOATS, FULL_BYTES, FULL_WORDS) if dtype.kind == "f" else (FULL_BYTES, FULL_WORDS)


def top_of(highest: float, dtype: np.dtype[Any]) -> float:
    """The value that is white, if no pixel is above `highest`.

    It is a usual range if a pixel is in its upper half. If no pixel is, as in masks of 0 and 1, or in 12 of 16 bits, it
    is `highest`.
    """
    if dtype.kind == "b":
        return 1.0
    if dtype.kind == "f" and FULL_FLOATS < highest <= FULL_FLOATS + ROUNDING:
        return FULL_FLOATS
    full = (each for each in full_ranges(dtype) if each / 2 < highest <= each)
    return next(full, highest or full_range(dtype))


def find_top(batches: Iterable[NDArray[Any]], origin: str, rows: NDArray[np.int64] | None = None) -> float:
    """The value that is white in images that are read in batches (B, H, W); reading stops when it is known.

    `rows` are the numbers of the images in the array that they come from, if they are only some of it.

    Raises:
        DamagedInput: pixels are not numbers, below 0 or above 65535; or a few floats are above 1.
    """
    highest, first, drawn, above = 0.0, 0, 0, 0
    stray = ""
    for batch in batches:
        numbers = first if rows is None else rows[first : first + len(batch)]
        check_numbers(batch, origin, numbers)
        most = float(batch.max(initial=0))
        if batch.dtype.kind == "f" and most > FULL_FLOATS + ROUNDING:
            drawn, above = drawn + int(np.count_nonzero(batch)), above + int((batch > FULL_FLOATS).sum())
            stray = stray or _pixel(batch, batch > FULL_FLOATS, origin, numbers)
        highest, first = max(highest, most), first + len(batch)
        widest = FULL_FLOATS if batch.dtype.kind == "f" else FULL_BYTES if batch.dtype == np.uint8 else FULL_WORDS
        if not stray and highest > widest / 2:
            break
    if stray and above < STRAY * drawn:
        raise DamagedInput(f"{stray}.", FLOATS)
    return top_of(highest, batch.dtype)


Numbers = int | NDArray[np.int64]
"""The number of the first image of a batch, or (B,) those of all."""


def check_numbers(batch: NDArray[Any], origin: str, first: Numbers = 0) -> None:
    """Raise `DamagedInput` unless all pixels (B, H, W) are numbers from 0 to 65535."""
    if batch.dtype.kind not in "buif":
        raise DamagedInput(f"{origin} has pixels of dtype {batch.dtype}.", WHOLE)
    if batch.dtype == np.uint8:
        return
    wrong = ~((batch >= (-ROUNDING if batch.dtype.kind == "f" else 0)) & (batch <= np.float64(FULL_WORDS)))
    if wrong.any():
        remedy = FLOATS if batch.dtype.kind == "f" else WHOLE
        raise DamagedInput(f"{_pixel(batch, wrong, origin, first)}.", remedy)


def scaled(batch: NDArray[Any], top: float, origin: str, first: Numbers = 0) -> Pixels:
    """Pixels (B, H, W) as uint8 from 0 to 255, or as float32 from 0 to 1 if they are floats; `top` becomes white.

    A pixel above a `top` that was found in other images is white. Above a full range it is refused.

    Raises:
        DamagedInput: pixels are not numbers, or are outside of the range.
    """
    if batch.dtype == np.uint8 and top == FULL_BYTES:
        return batch
    check_numbers(batch, origin, first)
    wrong = batch > (top + ROUNDING if batch.dtype.kind == "f" else top)
    if top in full_ranges(batch.dtype) and wrong.any():
        remedy = FLOATS if top == FULL_FLOATS else WHOLE
        raise DamagedInput(f"{_pixel(batch, wrong, origin, first)}.", remedy)
    if batch.dtype.kind == "f":
        unit = batch.astype(np.float32)
        if top == FULL_FLOATS and unit.min(initial=0) >= 0 and unit.max(initial=0) <= 1:
            return unit
        return cast(Pixels, np.clip(unit / np.float32(top), np.float32(0), np.float32(1)))
    return as_bytes(batch, top)


def as_bytes(image: NDArray[Any], top: float) -> NDArray[np.uint8]:
    """Pixels from 0 to `top`, of any shape and dtype, as uint8: the nearest of 256 gray levels."""
    if image.dtype == np.uint8:
        if top == FULL_BYTES:
            return image
        levels = np.minimum(np.arange(256) * (FULL_BYTES / top), FULL_BYTES)
        bytes_of: NDArray[np.uint8] = np.rint(levels).astype(np.uint8)
        shades: NDArray[np.uint8] = bytes_of[image]
        return shades
    deep: NDArray[np.uint8] = np.rint(np.minimum(image * (FULL_BYTES / top), FULL_BYTES)).astype(np.uint8)
    return deep


def told_range(top: float, dtype: np.dtype[Any], origin: str) -> Iterator[str]:
    """A sentence about a range that was found in the pixels; none about a full range."""
    if top not in full_ranges(dtype):
        full = next(each for each in full_ranges(dtype) if top < each)
        yield f"no pixel of {origin} is above {top:g} of {full:g}: scaled by {full / top:.4g}"


def checked_pixels(batch: NDArray[Any], origin: str, first: int = 0) -> Pixels:
    """`batch` as `Pixels` of a full range: see `scaled`."""
    return scaled(batch, full_range(batch.dtype), origin, first)


def _pixel(batch: NDArray[Any], which: NDArray[np.bool_], origin: str, first: Numbers) -> str:
    """The first of these pixels, with its value, as a sentence."""
    place = tuple(int(axis) for axis in np.argwhere(which)[0])
    number = first + place[0] if isinstance(first, int) else first[place[0]]
    return f"{origin}: pixel ({', '.join(map(str, place[1:]))}) of image {number} is {batch[place]}"
