"""An array of images in any usual layout, as gray images (N, H, W)."""

from collections.abc import Callable
from dataclasses import dataclass
from math import isqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.common import DamagedInput

LUMA = (19595, 38470, 7471)  # ITU-R 601, in 65536ths, as in Pillow


@dataclass(frozen=True)
class Layout:
    """How the rows of an array are gray images.

    Args:
        height, width: of an image, in pixels.
        gray: rows (B, …) of the array → images (B, H, W) of the same kind of numbers.
    """

    height: int
    width: int
    gray: Callable[[NDArray[Any]], NDArray[Any]]


def layout_of(shape: tuple[int, ...], origin: str, *, transpose: bool = False) -> Layout:
    """The layout of an array of this shape.

    It is (N, H, W), also with one or three channels last or first, or (N, H·W) if H = W. `transpose` swaps the axes of
    each image, as needed for EMNIST.

    Raises:
        DamagedInput: another shape.
    """
    found = _layout_of(shape)
    if found is None or 0 in shape[1:]:
        raise DamagedInput(f"{origin} has the shape {shape}.", "Give images as (N, height, width).")
    if transpose:
        gray = found.gray
        return Layout(found.width, found.height, lambda rows: gray(rows).swapaxes(1, 2))
    return found


def _layout_of(shape: tuple[int, ...]) -> Layout | None:
    match shape:
        case (n, d) if isqrt(d) ** 2 == d and n != d and d > 1:
            side = isqrt(d)
            return Layout(side, side, lambda rows: rows.reshape(-1, side, side))
        case (_, height, width):
            return Layout(height, width, lambda rows: rows)
        case (_, height, width, 1):
            return Layout(height, width, lambda rows: rows[..., 0])
        case (_, 1, height, width):
            return Layout(height, width, lambda rows: rows[:, 0])
        case (_, height, width, 3):
            return Layout(height, width, luma)
        case (_, 3, height, width):
            return Layout(height, width, lambda rows: luma(np.moveaxis(rows, 1, -1)))
    return None


def luma(colors: NDArray[Any]) -> NDArray[Any]:
    """Red, green and blue, (…, 3), as gray levels (…) of the same dtype: 0.299 R + 0.587 G + 0.114 B."""
    if colors.dtype.kind == "f":
        levels: NDArray[Any] = colors @ (np.array(LUMA, colors.dtype) / np.array(2**16, colors.dtype))
        return levels
    rounded: NDArray[Any] = (colors.astype(np.int64) @ np.array(LUMA) + 2**15) >> 16
    return rounded.astype(colors.dtype)
