"""Bring a photo or scan of one symbol into the frame of the training images.

MNIST was made in this way: the ink is cropped and fitted into a 20×20 box, with its aspect ratio kept, and its center
of mass is put into the center of 28×28 (LeCun et al. 1998, section III.A). `measure_frame` measures box, size and
polarity on the training images, so that this works for other data sets too.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.common import DamagedInput
from mnistae_cli.data.sources import Pixels, unit_scale

MEASURED_IMAGES = 1000
PHOTO = 2  # times the frame; a larger image counts as a photo or scan
RULE = 0.95  # of the sheet's width or height; longer ink is a line of the paper, or its edge
SMALLEST_PART = 0.02  # of all ink pixels; a smaller separate part is dirt


@dataclass(frozen=True)
class Frame:
    """Where the symbol is in the training images, and how it is drawn.

    Args:
        height, width: size of an image, in pixels.
        box: longer side of the ink's bounding box, in pixels.
        stroke: mean width of the strokes, in pixels.
        row, column: the ink's center of mass, in pixels from the center of the first pixel.
        light_ink: whether the ink is light and the background dark, as in MNIST.
    """

    height: int
    width: int
    box: int
    stroke: float
    row: float
    column: float
    light_ink: bool


def measure_frame(pixels: Pixels) -> Frame:
    """The frame of the first 1,000 images of (N, H, W): median box and center of mass, majority polarity."""
    images = unit_scale(pixels[:MEASURED_IMAGES])
    height, width = images.shape[1:]
    drawn = [(ink, light) for ink, light in map(_ink, images) if ink.any()]
    if not drawn:
        return Frame(height, width, max(height, width), 0.0, (height - 1) / 2, (width - 1) / 2, light_ink=True)
    box = np.median([max(_bounds(ink)[2:]) for ink, _ in drawn])
    stroke = np.median([_stroke_width(ink) for ink, _ in drawn])
    row, column = np.median([center_of_mass(ink) for ink, _ in drawn], axis=0)
    light_ink = bool(np.mean([light for _, light in drawn]) >= 0.5)
    stroke, row, column = (round(float(value), 2) for value in (stroke, row, column))
    return Frame(height, width, int(box), stroke, row, column, light_ink)


def frame_image(image: NDArray[Any], frame: Frame, origin: str) -> NDArray[np.float32]:
    """Bring one gray image, (h, w) uint8 or float in [0, 1], into `frame`: (H, W) float32. It must not be blank."""
    from PIL import Image

    photo = max(image.shape) > PHOTO * max(frame.height, frame.width)
    ink, _ = _ink(unit_scale(image), photo=photo)
    if photo:
        ink = _without_rules(ink)
    if not ink.any():
        raise DamagedInput(f"{origin}: nothing is drawn on it.", "Give one symbol on an even background.")
    top, left, height, width = _bounds(ink)
    ink = ink[top : top + height, left : left + width]
    scale = min(frame.box / max(height, width), frame.height / height, frame.width / width)
    if photo:
        ink = _thickened(ink, frame.stroke / scale)
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    if size != (width, height):
        ink = np.asarray(Image.fromarray(ink).resize(size, Image.Resampling.BILINEAR))
    ink = ink / ink.max()
    framed = np.zeros((frame.height, frame.width), np.float32)
    row, column = _corner(ink, frame)
    framed[row : row + ink.shape[0], column : column + ink.shape[1]] = ink
    return framed if frame.light_ink else 1 - framed


def _ink(image: NDArray[np.float32], *, photo: bool = False) -> tuple[NDArray[np.float32], bool]:
    """How much ink is on each pixel, 0 on the background, and whether it is lighter than the background."""
    from scipy import ndimage

    border = np.concatenate([image[0], image[-1], image[1:-1, 0], image[1:-1, -1]])
    # Most of a photo is paper, but its edge may not be. A small image may be full of ink, except at its edge.
    background = float(np.median(image if photo else border))
    light = bool(image.max() - background >= background - image.min())
    ink = np.maximum(image - background if light else background - image, 0)
    # Paper has grain and shadows: differences as small as those at the border are not ink.
    grain = min(2 * np.quantile(np.abs(border - background), 0.75), 0.5 * ink.max())
    ink[ink <= grain] = 0
    parts, n_parts = ndimage.label(ink, structure=np.ones((3, 3)))
    sizes = np.bincount(parts.ravel(), minlength=n_parts + 1)
    ink[(sizes < SMALLEST_PART * sizes[1:].sum())[parts]] = 0
    return ink.astype(np.float32), light


def _without_rules(ink: NDArray[np.float32]) -> NDArray[np.float32]:
    """Remove separate lines across the whole sheet, for example of ruled paper, unless nothing else is left."""
    from scipy import ndimage

    parts, _ = ndimage.label(ink, structure=np.ones((3, 3)))
    kept = ink.copy()
    for number, (rows, columns) in enumerate(ndimage.find_objects(parts), start=1):
        spans = [(part.stop - part.start) / extent for part, extent in zip((rows, columns), ink.shape, strict=True)]
        if max(spans) > RULE:
            kept[parts == number] = 0
    return kept if kept.any() else ink


def _thickened(ink: NDArray[np.float32], stroke: float) -> NDArray[np.float32]:
    """Widen thin strokes to `stroke` pixels. Wider strokes stay as they are."""
    from scipy import ndimage

    missing = round(stroke - _stroke_width(ink))
    if missing < 1:
        return ink
    room = missing // 2 + 1
    return np.asarray(ndimage.grey_dilation(np.pad(ink, room), size=(missing + 1, missing + 1)), np.float32)


def _stroke_width(ink: NDArray[np.float32]) -> float:
    """Mean width of the strokes, in pixels: twice the area divided by the length of the edge."""
    inside = np.pad(ink > 0.5 * ink.max(), 1)
    edge = sum(int((inside != np.roll(inside, 1, axis)).sum()) for axis in (0, 1))
    # The edge of pixels follows the axes: for a slanted line it is about 4/π times as long as the line.
    return float(2 * inside.sum() / (edge * np.pi / 4))


def _bounds(ink: NDArray[np.float32]) -> tuple[int, int, int, int]:
    """Top, left, height and width of the box around all ink."""
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    return int(rows[0]), int(columns[0]), int(rows[-1] - rows[0] + 1), int(columns[-1] - columns[0] + 1)


def center_of_mass(ink: NDArray[np.float32]) -> tuple[float, float]:
    """Row and column of the center of mass of ink (H, W)."""
    rows, columns = (ink.sum(axis=axis) for axis in (1, 0))
    total = ink.sum()
    return float(rows @ np.arange(len(rows)) / total), float(columns @ np.arange(len(columns)) / total)


def _corner(ink: NDArray[np.float32], frame: Frame) -> tuple[int, int]:
    """Row and column for the ink's top left corner, so that its center of mass fits `frame`, and all ink is inside."""
    row, column = center_of_mass(ink)
    top = np.clip(round(frame.row - row), 0, frame.height - ink.shape[0])
    left = np.clip(round(frame.column - column), 0, frame.width - ink.shape[1])
    return int(top), int(left)
