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
        light_ink: light ink on dark ground, as in MNIST.
    """

    height: int
    width: int
    box: int
    light_ink: bool


def measure_frame(pixels: Pixels) -> Frame:
    """The frame of the first thousand images of (N, H, W): median box, majority polarity."""
    images = unit_scale(pixels[:MEASURED_IMAGES])
    inks = [_ink(image) for image in images]
    boxes = [max(_bounds(ink)[2:]) for ink, _ in inks if ink.any()]
    light = [light for _, light in inks]
    height, width = images.shape[1:]
    return Frame(height, width, int(np.median(boxes)) if boxes else max(height, width), 2 * sum(light) >= len(light))


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


def _corner(ink: NDArray[np.float32], frame: Frame) -> tuple[int, int]:
    """Where the ink's corner goes so that its centre of mass is in the centre, the ink staying inside."""
    corner = []
    for axis, room in enumerate((frame.height, frame.width)):
        extent = ink.shape[axis]
        mass = ink.sum(axis=1 - axis)
        centre = float((mass * (np.arange(extent) + 0.5)).sum() / mass.sum())
        corner.append(int(np.clip(round(room / 2 - centre), 0, room - extent)))
    return corner[0], corner[1]
