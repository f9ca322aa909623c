"""A photo or scan of one sign, brought into the frame that the training images have.

MNIST was made so: the ink is cropped, fitted into a 20×20 box with its aspect kept, and its centre of mass
put into the centre of 28×28 (LeCun et al. 1998, section III.A). `measure_frame` reads box, size and polarity
off the training images, so that other data sets get their own.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.errors import DamagedInput
from mnistae_cli.sources import Pixels, unit_scale

MEASURED_IMAGES = 1000
SMALLEST_PART = 0.02  # of all ink pixels; a smaller separate part is a speck of dirt


@dataclass(frozen=True)
class Frame:
    """How the training images hold their sign.

    Args:
        height, width: size of an image, in pixels.
        box: longer side of the ink's bounding box, in pixels.
        row, column: the ink's centre of mass, in pixels from the middle of the first one.
        light_ink: light ink on dark ground, as in MNIST.
    """

    height: int
    width: int
    box: int
    row: float
    column: float
    light_ink: bool


def measure_frame(pixels: Pixels) -> Frame:
    """The frame of the first thousand images of (N, H, W): median box and centre of mass, majority polarity."""
    images = unit_scale(pixels[:MEASURED_IMAGES])
    height, width = images.shape[1:]
    drawn = [(ink, light) for ink, light in map(_ink, images) if ink.any()]
    if not drawn:
        return Frame(height, width, max(height, width), (height - 1) / 2, (width - 1) / 2, light_ink=True)
    box = np.median([max(_bounds(ink)[2:]) for ink, _ in drawn])
    row, column = np.median([_centre_of_mass(ink) for ink, _ in drawn], axis=0)
    light_ink = bool(np.mean([light for _, light in drawn]) >= 0.5)
    return Frame(height, width, int(box), round(float(row), 2), round(float(column), 2), light_ink)


def frame_image(image: NDArray[Any], frame: Frame, origin: str) -> NDArray[np.float32]:
    """One grey image (h, w) of any size, uint8 or float in [0, 1], as `frame` has it: (H, W) float32 in [0, 1].

    Raises:
        DamagedInput: nothing is drawn on it.
    """
    from PIL import Image

    ink, _ = _ink(unit_scale(image))
    if not ink.any():
        raise DamagedInput(f"{origin}: nothing is drawn on it.", "Give an image with one sign on an even ground.")
    top, left, height, width = _bounds(ink)
    ink = ink[top : top + height, left : left + width]
    scale = min(frame.box / max(height, width), frame.height / height, frame.width / width)
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    if size != (width, height):
        ink = np.asarray(Image.fromarray(ink).resize(size, Image.Resampling.BILINEAR))
    ink = ink / ink.max()
    framed = np.zeros((frame.height, frame.width), np.float32)
    row, column = _corner(ink, frame)
    framed[row : row + ink.shape[0], column : column + ink.shape[1]] = ink
    return framed if frame.light_ink else 1 - framed


def _ink(image: NDArray[np.float32]) -> tuple[NDArray[np.float32], bool]:
    """How much ink is on each pixel, 0 on the ground, and whether it is lighter than the ground."""
    from scipy import ndimage

    border = np.concatenate([image[0], image[-1], image[1:-1, 0], image[1:-1, -1]])
    ground = np.median(border)
    light = bool(image.max() - ground >= ground - image.min())
    ink = np.maximum(image - ground if light else ground - image, 0)
    # Paper has grain and shadows: what the border shows of them is no ink.
    grain = min(2 * np.quantile(np.abs(border - ground), 0.75), 0.5 * ink.max())
    ink[ink <= grain] = 0
    parts, n_parts = ndimage.label(ink, structure=np.ones((3, 3)))
    sizes = np.bincount(parts.ravel(), minlength=n_parts + 1)
    ink[(sizes < SMALLEST_PART * sizes[1:].sum())[parts]] = 0
    return ink.astype(np.float32), light


def _bounds(ink: NDArray[np.float32]) -> tuple[int, int, int, int]:
    """Top, left, height and width of the box around all ink."""
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    return int(rows[0]), int(columns[0]), int(rows[-1] - rows[0] + 1), int(columns[-1] - columns[0] + 1)


def _centre_of_mass(ink: NDArray[np.float32]) -> tuple[float, float]:
    rows, columns = (ink.sum(axis=axis) for axis in (1, 0))
    total = ink.sum()
    return float(rows @ np.arange(len(rows)) / total), float(columns @ np.arange(len(columns)) / total)


def _corner(ink: NDArray[np.float32], frame: Frame) -> tuple[int, int]:
    """Where the ink's corner goes so that its centre of mass is where the frame has it, the ink staying inside."""
    row, column = _centre_of_mass(ink)
    top = np.clip(round(frame.row - row), 0, frame.height - ink.shape[0])
    left = np.clip(round(frame.column - column), 0, frame.width - ink.shape[1])
    return int(top), int(left)
