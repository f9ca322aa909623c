"""What several figures share."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis, XAxis
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from mnistae_cli.pictures._names import Names
from mnistae_cli.pictures.palette import PALETTE
from mnistae_cli.scores import Table

SIGNED = "RdBu_r"  # colors of values in [-1, 1]
DPI = 120
COMPRESSION = 3  # of PNG files, up to 9; the usual 6 takes twice the time, for files that are 6% smaller
SHOWN = 10  # images per row
FEW_ROWS = 4  # fewer rows would be stretched to the height of the figure
MARGIN, HEADING = 6, 54  # pixels around a picture, and above it for two lines
MOST_NUMBERS = 20  # rows or columns; a larger table has no room for its counts
SMALLEST_TEXT, TEXT = 5.0, 10.0  # points; of so many names that smaller text would be needed, only every k-th is shown
POINTS = 72  # per inch
LETTER, USUAL = 0.085, 0.5  # inches: a letter's usual width, and the room that a figure has for names


def colored(axes: Axes) -> Axes:
    """Axes with lines and bars in the colors of the palette."""
    axes.set_prop_cycle(color=PALETTE)
    return axes


def save(figure: Figure, path: Path) -> None:
    """Write a figure as PNG, without the name of the program."""
    figure.set_dpi(DPI)
    canvas: Any = FigureCanvasAgg(figure)  # has no types
    layout = figure.get_layout_engine()
    if layout:
        layout.execute(figure)
        figure.set_layout_engine("none")  # otherwise Matplotlib would draw it twice
    canvas.draw()
    opaque = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    opaque.save(path, "PNG", dpi=(DPI, DPI), compress_level=COMPRESSION)


class _Pixels(Artist):
    """Pixels (H, W, 4) that fill the axes one to one. `imshow` would resample them, in a quarter of a second."""

    def __init__(self, pixels: NDArray[np.uint8]) -> None:
        super().__init__()
        self._pixels = pixels

    def draw(self, renderer: RendererBase) -> None:
        """Called by Matplotlib, which counts rows from below."""
        assert self.axes is not None
        gc, box, pixels = renderer.new_gc(), self.axes.bbox, self._pixels
        size = round(box.width), round(box.height)
        if size != pixels.shape[1::-1]:  # a notebook has another number of dots per inch
            pixels = np.asarray(Image.fromarray(pixels).resize(size))
        renderer.draw_image(gc, round(box.x0), round(box.y0), pixels[::-1])
        gc.restore()


def axes_of(picture: NDArray[np.uint8], least: int) -> tuple[Figure, Axes]:
    """A figure of one picture (H, W, 4) in RGBA, with room for a title.

    A pixel of the picture covers a square of whole pixels of the figure, so that it is not blurred.

    Args:
        picture: the picture.
        least: smallest width of the picture in the figure, in pixels. One that is more than twice as wide is shrunk.
    """
    height, width = picture.shape[:2]
    zoom = math.ceil(least / width) if width <= 2 * least else 2 * least / width
    shown = np.round((width * zoom, height * zoom)).astype(int)
    whole = shown + np.array((2 * MARGIN, MARGIN + HEADING))
    figure = Figure(figsize=tuple(whole / DPI), dpi=DPI)
    axes = figure.add_axes((*(MARGIN / whole), *(shown / whole)), xticks=[], yticks=[])
    axes.set(xlim=(0, width), ylim=(height, 0))
    way = Image.Resampling.NEAREST if zoom >= 1 else Image.Resampling.BOX
    axes.add_artist(_Pixels(np.asarray(Image.fromarray(picture).resize(tuple(shown), way))))
    return figure, axes


def counts(axes: Axes, table: Table, row_names: Names, column_names: Names, size: tuple[float, float]) -> None:
    """Draw a table of counts of about this size in inches, across and down. The colors show the shares in each row."""
    shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    name_ticks(axes.xaxis, range(len(column_names.texts)), column_names, size[0])
    name_ticks(axes.yaxis, range(len(row_names.texts)), row_names, size[1])
    if max(table.shape) <= MOST_NUMBERS:
        for (row, column), count in np.ndenumerate(table):
            color = "white" if shares[row, column] > 0.5 else "black"
            text = axes.text(column, row, str(count), ha="center", va="center", fontsize=8, color=color)
            text.set_in_layout(False)  # it does not need extra room


def name_ticks(axis: Axis, places: Sequence[float] | NDArray[np.float64], names: Names, length: float) -> None:
    """Write names at places along an axis of this length in inches, as large as there is room."""
    size, step = _size_of(names, length)
    upright = isinstance(axis, XAxis) and _is_upright(names, length)
    texts = names.texts[::step]
    axis.set_ticks(places[::step], texts, fontfamily=names.family, size=size, rotation=90 if upright else 0)


def beyond(names: Names, across: float | None = None) -> float:
    """Inches that a figure needs more, so that long names leave room for what they name.

    `across` is the length of an axis with names below it. If they fit side by side, they need nothing.
    """
    needed = LETTER * max(map(len, names.texts), default=0) - USUAL
    return max(needed, 0.0) if across is None or _is_upright(names, across) else 0.0


def _size_of(names: Names, length: float) -> tuple[float, int]:
    """The size of names along an axis, in points; every how manieth is shown."""
    room = length * POINTS / max(len(names.texts), 1)
    step = math.ceil(SMALLEST_TEXT / room)
    return min(TEXT, room * step), step


def _is_upright(names: Names, across: float) -> bool:
    """Whether names below an axis of this length in inches are too long to stand side by side."""
    size, step = _size_of(names, across)
    widest = max(map(len, names.texts), default=0) * LETTER * size / TEXT
    return widest > 0.9 * across * step / max(len(names.texts), 1)


def rows_of_images(
    axes: Axes, rows: Sequence[NDArray[np.float32]], names: Names, length: float, n_columns: int = SHOWN
) -> None:
    """Draw rows of images (M, H, W) in [0, 1] as one picture of at least `n_columns`, with names at the left.

    All rows together are about `length` inches high.
    """
    height, width = (side + 2 for side in rows[0].shape[1:])
    strips = np.full((len(rows) * height, max(n_columns, *map(len, rows)) * width), 1.0, np.float32)
    for number, row in enumerate(rows):
        framed = np.pad(row, ((0, 0), (1, 1), (1, 1)), constant_values=1.0)
        strip = framed.swapaxes(0, 1).reshape(height, len(row) * width)
        strips[number * height : (number + 1) * height, : len(row) * width] = strip
    aspect: Literal["auto", "equal"] = "auto" if len(rows) >= FEW_ROWS else "equal"  # auto: in line with a table
    axes.imshow(strips, cmap="gray", vmin=0, vmax=1, aspect=aspect)
    axes.set_xticks([])
    name_ticks(axes.yaxis, (np.arange(len(rows)) + 0.5) * height - 0.5, names, length)
