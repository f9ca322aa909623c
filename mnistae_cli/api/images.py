"""Convert arrays in scikit-learn's form to images for the networks, and back."""

from dataclasses import dataclass
from math import isqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.data import Pixels

MOST_BYTE = 255


def flattened(X: Any) -> Any:
    """Images (N, H, W) as rows (N, H·W). Color images and lists of images are refused; scikit-learn checks all else."""
    if isinstance(X, np.ndarray) and X.ndim > 3:
        raise ValueError(f"X has the shape {X.shape}: give gray images (N, H, W), or rows (N, H·W).")
    if isinstance(X, list | tuple) and X and np.ndim(X[0]) > 1:
        raise ValueError("X is a list of images: give an array (N, H, W), for example np.stack(X).")
    return X.reshape(len(X), -1) if isinstance(X, np.ndarray) and X.ndim == 3 and X.size else X


@dataclass(frozen=True)
class Layout:
    """How rows of numbers are read as images of `height` × `width` pixels; `low` is black, `high` is white."""

    height: int
    width: int
    low: float
    high: float
    is_bytes: bool
    is_flat: bool

    @classmethod
    def from_images(cls, X: Any, rows: NDArray[Any], image_shape: tuple[int, int] | None) -> "Layout":
        """The layout of X: images (N, H, W), or rows (N, H·W). `rows` are the same, checked.

        Without an `image_shape` (H, W), a row is a square, or one row of pixels if their number is not a square.
        """
        height, width = _shape(X, rows.shape[1], image_shape)
        low, high = 0.0, float(MOST_BYTE)
        if rows.dtype != np.uint8:
            low, high = min(float(rows.min()), 0.0), max(float(rows.max()), 1.0)
        return cls(height, width, low, high, rows.dtype == np.uint8, getattr(X, "ndim", 2) != 3)

    def pixels(self, rows: NDArray[Any]) -> Pixels:
        """Checked rows (N, H·W) as images (N, H, W): uint8, or float32 clipped to [0, 1], whichever `fit` saw."""
        if (rows.dtype == np.uint8) != self.is_bytes:
            now, before = ("floats", "uint8") if self.is_bytes else ("uint8", "floats")
            raise ValueError(f"X holds {now}, but the estimator was fitted on {before}. Give {before}.")
        images: NDArray[Any] = rows.reshape(-1, self.height, self.width)
        if self.is_bytes:
            return images
        scaled = (images.astype(np.float32) - np.float32(self.low)) / np.float32(self.high - self.low)
        clipped: NDArray[np.float32] = np.clip(scaled, 0, 1)
        return clipped

    def restored(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        """Images (N, H, W) in [0, 1] → float32 with the gray levels and the shape of the array that `fit` saw."""
        levels = images * np.float32(self.high - self.low) + np.float32(self.low)
        return levels.reshape(len(levels), -1) if self.is_flat else levels


def _shape(X: Any, n_pixels: int, image_shape: tuple[int, int] | None) -> tuple[int, int]:
    if image_shape is not None and (np.shape(image_shape) != (2,) or min(image_shape) < 1):
        raise ValueError(f"image_shape is {image_shape!r}: it must be (height, width), in pixels, or None.")
    if getattr(X, "ndim", 2) == 3:
        height, width = X.shape[1:]
        if image_shape is not None and tuple(image_shape) != (height, width):
            raise ValueError(f"image_shape is {image_shape}, but the images of X are {(height, width)}.")
    elif image_shape is not None:
        height, width = image_shape
    else:
        side = isqrt(n_pixels)
        height, width = (side, side) if side * side == n_pixels else (1, n_pixels)
    if height * width != n_pixels:
        raise ValueError(f"image_shape is {image_shape}: an image of X has {n_pixels} pixels, not {height * width}.")
    return height, width
