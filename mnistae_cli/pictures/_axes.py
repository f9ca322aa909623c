"""Parts that several figures share."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mnistae_cli.data import Pixels, unit_scale
from mnistae_cli.pictures.palette import PALETTE
from mnistae_cli.scores import Table

DPI = 120
SHOWN = 10  # images in a row
FEW_ROWS = 4  # fewer would be stretched to the height of the figure
MOST_NUMBERS = 20  # a larger table has no room for its counts


def plain(names: Sequence[str]) -> list[str]:
    """Class names with escaped dollar signs: Matplotlib takes text between dollar signs for a formula."""
    return [name.replace("$", r"\$") for name in names]


def colored(axes: Axes) -> Axes:
    """Axes whose lines and bars take the colors of the palette."""
    axes.set_prop_cycle(color=PALETTE)
    return axes


def save(figure: Figure, path: Path) -> None:
    """Write a figure as PNG, without the name of the program."""
    figure.savefig(path, dpi=DPI, metadata={"Software": None})


def show(axes: Axes, image: NDArray[Any]) -> None:
    """Draw a grey image without ticks."""
    axes.imshow(image, cmap="gray", vmin=0, vmax=1)
    axes.set_xticks([])
    axes.set_yticks([])


def counts(axes: Axes, table: Table, row_names: Sequence[str], column_names: Sequence[str]) -> None:
    """Draw a table of counts, each row coloured by its shares."""
    shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    axes.set_xticks(range(len(column_names)), plain(column_names))
    axes.set_yticks(range(len(row_names)), plain(row_names))
    if max(table.shape) <= MOST_NUMBERS:
        for (row, column), count in np.ndenumerate(table):
            colour = "white" if shares[row, column] > 0.5 else "black"
            axes.text(column, row, str(count), ha="center", va="center", fontsize=8, color=colour)


def rows_of_images(axes: Axes, images: Pixels, rows: Sequence[NDArray[np.int64]], names: Sequence[str]) -> None:
    """Draw rows of images, given by their indices, each row with its name at the left."""
    height, width = images.shape[1:]
    strips = np.full((len(rows) * (height + 2), max(SHOWN, *(len(each) for each in rows)) * (width + 2)), 1.0)
    for row, indices in enumerate(rows):
        for column, image in enumerate(unit_scale(images[indices])):
            top, left = row * (height + 2) + 1, column * (width + 2) + 1
            strips[top : top + height, left : left + width] = image
    aspect: Literal["auto", "equal"] = (
        "auto" if len(rows) >= FEW_ROWS else "equal"
    )  # beside a table, rows stay in line with it
    axes.imshow(strips, cmap="gray", vmin=0, vmax=1, aspect=aspect)
    axes.set_xticks([])
    axes.set_yticks(np.arange(len(rows)) * (height + 2) + height / 2, names)
