"""Figures of the code: its atoms, how often they are active, what they add up to; and a map."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator, StrMethodFormatter
from numpy.typing import NDArray

from mnistae_cli.data import Pixels, unit_scale
from mnistae_cli.pictures._axes import MOST_NUMBERS, SIGNED, TEXT, axes_of, colored
from mnistae_cli.pictures._names import names_for
from mnistae_cli.pictures.palette import color_and_marker

MANY = 3000  # dots; more must be small, or they cover each other
FINE = 6  # points, of the names of many classes
MOST_ATOMS = 1024
STRONGEST = 8  # atoms that are shown for an image
WIDTH = 1000  # smallest width of the picture of all atoms, in pixels
COLUMN = 118  # smallest width of a picture and its gap in a composition, in pixels


def _unit_peak(atoms: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each picture (H, W) of (M, H, W) divided by its largest absolute value."""
    peaks = np.abs(atoms).max(axis=(1, 2), keepdims=True)
    scaled: NDArray[np.float32] = np.divide(atoms, peaks, out=np.zeros_like(atoms), where=peaks > 0)
    return scaled


def atoms(pictures: NDArray[np.float32], density: NDArray[np.float32]) -> Figure:
    """The atoms (D, H, W): what each unit adds to the picture. The most active ones come first, without dead units."""
    alive = int((density > 0).sum())
    order = np.argsort(-density, kind="stable")[: min(MOST_ATOMS, alive or len(density))]
    shown = _unit_peak(pictures[order])
    height, width = (side + 1 for side in shown.shape[1:])
    n_columns = min(math.ceil(math.sqrt(len(shown) * height / width)), len(shown))  # the grid is about square
    n_rows = -(-len(shown) // n_columns)
    grid = np.zeros((n_rows * height, n_columns * width), np.float32)
    for number, picture in enumerate(shown):
        top, left = number // n_columns * height, number % n_columns * width
        grid[top : top + height - 1, left : left + width - 1] = picture
    figure, axes = axes_of(colormaps[SIGNED](grid / 2 + 0.5, bytes=True), WIDTH)
    often, seldom = density[order[0]], density[order[-1]]
    axes.set_title(
        f"{len(shown):,} of {len(density):,} atoms, each scaled to its peak; red adds light, blue removes it.\n"
        f"The first is active on {often:.1%} of the training images, the last on {seldom:.2%}."
    )
    return figure


def density(shares: NDArray[np.float32]) -> Figure:
    """Histogram of the share of training images on which each unit is active, (D,). The log axis has no dead units."""
    alive = shares[shares > 0]
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = colored(figure.subplots())
    if len(alive):
        lowest = min(np.log10(alive.min()), -1.0)
        axes.hist(alive, bins=list(np.logspace(lowest, 0, 41)))
    dead = len(shares) - len(alive)
    axes.set(
        xscale="log",
        xlabel="share of training images on which a unit is active",
        ylabel="units",
        title=f"Density of {len(shares):,} units; {dead:,} are never active" + (", and not shown" if dead else ""),
    )
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.3)
    return figure


def compositions(
    images: Pixels, codes: NDArray[np.float32], decoded: NDArray[np.float32], atoms: NDArray[np.float32]
) -> Figure:
    """Images (M, H, W), the decoded pictures of their codes (M, D), and the atoms (D, H, W) that add most to each.

    Only the decoded pictures contain the decoder's bias and its sigmoid or clipping.
    """
    sizes = np.linalg.norm(atoms.reshape(len(atoms), -1), axis=1)
    n_shown = min(STRONGEST, len(atoms))
    height, width = images.shape[1:]
    gap, above = max(round(0.06 * width), 1), math.ceil(0.3 * height)  # between pictures, and for the text above one
    grid = np.full((len(images) * (above + height), (n_shown + 2) * (width + gap), 4), 255, np.uint8)
    texts = []

    def put(picture: NDArray[np.uint8], row: int, column: int, text: str) -> None:
        top, left = row * (above + height) + above, column * (width + gap)
        grid[top : top + height, left : left + width] = picture
        texts.append((left + width / 2, top - 1, text))

    for row, (image, code, picture) in enumerate(zip(unit_scale(images), codes, decoded, strict=True)):
        gray = colormaps["gray"](np.stack([image, picture]), bytes=True)
        put(gray[0], row, 0, "" if row else "image")
        put(gray[1], row, 1, f"{'' if row else 'decoded: '}{np.count_nonzero(code)} active")
        strongest = np.argsort(-code * sizes, kind="stable")[:n_shown]
        tinted = colormaps[SIGNED](_unit_peak(atoms[strongest]) / 2 + 0.5, bytes=True)
        for column, (unit, atom) in enumerate(zip(strongest, tinted, strict=True), start=2):
            if code[unit] != 0:
                put(atom, row, column, f"{code[unit]:.2f} × #{unit}")
    figure, axes = axes_of(grid, COLUMN * (n_shown + 2))
    for across, down, text in texts:
        axes.text(across, down, text, fontsize=7, ha="center", va="bottom")
    axes.set_frame_on(False)
    title = (
        "Test images, and the atoms that change most: activation × number of the unit.\n"
        "Each atom is scaled to its peak; red adds light, blue removes it."
    )
    axes.set_title(title, fontsize=9)
    return figure


def feature_map(
    points: NDArray[np.float32],
    method: str,
    labels: NDArray[np.integer[Any]] | None,
    class_names: Sequence[str],
) -> Figure:
    """The map of `maps.lay_out`: places (M, 2) of test images, colored by their labels (M,), with names."""
    figure = Figure(figsize=(7.4, 6) if len(class_names) <= MOST_NUMBERS else (11, 10), layout="constrained")
    axes = figure.subplots()
    groups, names = [np.arange(len(points))], names_for(class_names)
    if labels is not None:
        groups = [np.flatnonzero(labels == number) for number in range(len(class_names))]
    dot = 3 if len(points) > MANY else 9
    few = len(groups) <= MOST_NUMBERS
    dots = []
    for number, members in enumerate(groups):
        color, marker = color_and_marker(number)
        style: dict[str, Any] = {"color": color, "marker": marker, "edgecolors": "0.2", "linewidths": 0.1}
        dots.append(axes.scatter(points[members, 0], points[members, 1], s=dot, **style))
        if labels is not None and len(members):
            across, up = np.median(points[members], axis=0)
            style = {"fontfamily": names.family, "fontsize": TEXT if few else FINE, "fontweight": "bold"}
            text = axes.text(across, up, names.texts[number], ha="center", va="center", **style)
            text.set_path_effects([withStroke(linewidth=3 if few else 2, foreground="white")])
    axes.set(xticks=[], yticks=[], title=f"Features of {len(points):,} test images ({method})")
    if labels is not None and few:
        numbers, family = [str(number) for number in range(len(dots))], {"family": names.family}
        legend = figure.legend(dots, numbers, loc="outside right center", title="class", markerscale=3, prop=family)
        for text, name in zip(legend.get_texts(), names.texts, strict=True):
            text.set_text(name)  # Matplotlib leaves out an entry whose name begins with _
    return figure
