"""Figures of the code: its atoms, how often they are active, what they add up to, a map."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from mnistae_cli.data import Pixels, unit_scale
from mnistae_cli.pictures._axes import MOST_NUMBERS, colored, plain, save
from mnistae_cli.pictures.palette import look_of

MANY = 3000  # dots, which cover each other unless they are small
MOST_ATOMS = 1024
STRONGEST = 8  # atoms shown for one image
LINE = 1.25  # height of a row of pictures and of the text above them


def _unit_peak(atoms: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each picture (H, W) of (M, H, W) divided by its largest absolute value."""
    peaks = np.abs(atoms).max(axis=(1, 2), keepdims=True)
    scaled: NDArray[np.float32] = np.divide(atoms, peaks, out=np.zeros_like(atoms), where=peaks > 0)
    return scaled


def atoms(pictures: NDArray[np.float32], density: NDArray[np.float32], path: Path) -> None:
    """The atoms (D, H, W): what each unit adds to the picture. Units that are active most often come first."""
    order = np.argsort(-density, kind="stable")[:MOST_ATOMS]
    shown = _unit_peak(pictures[order])
    height, width = (side + 1 for side in shown.shape[1:])
    n_columns = min(math.ceil(math.sqrt(len(shown) * height / width)), len(shown))  # the grid is about square
    n_rows = -(-len(shown) // n_columns)
    grid = np.zeros((n_rows * height, n_columns * width), np.float32)
    for number, picture in enumerate(shown):
        top, left = number // n_columns * height, number % n_columns * width
        grid[top : top + height - 1, left : left + width - 1] = picture
    figure = Figure(figsize=(10.5, 10.5 * grid.shape[0] / grid.shape[1] + 0.8), layout="constrained")
    axes = figure.subplots()
    axes.imshow(grid, cmap="RdBu_r", vmin=-1, vmax=1)
    axes.set(xticks=[], yticks=[])
    often, seldom = density[order[0]], density[order[-1]]
    axes.set_title(
        f"{len(shown):,} of {len(density):,} atoms, each scaled to its peak; red adds light, blue takes it.\n"
        f"The first is active on {often:.1%} of the training images, the last on {seldom:.2%}."
    )
    save(figure, path)


def density(shares: NDArray[np.float32], path: Path) -> None:
    """Histogram, on a log axis, of the share of training images on which each unit is active, (D,).

    The title counts the dead units, for which a log axis has no place.
    """
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
        title=f"Density of {len(shares):,} units; {dead:,} are never active",
    )
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.3)
    save(figure, path)


def compositions(
    images: Pixels, codes: NDArray[np.float32], decoded: NDArray[np.float32], atoms: NDArray[np.float32], path: Path
) -> None:
    """Images (M, H, W), what their codes (M, D) decode to, and the atoms (D, H, W) that add most to each.

    Only the decoded picture contains the decoder's bias and its sigmoid or clipping.
    """
    sizes = np.linalg.norm(atoms.reshape(len(atoms), -1), axis=1)
    n_shown = min(STRONGEST, len(atoms))
    height, width = np.array(images.shape[1:]) / max(images.shape[1:]) * 0.94  # of a place of 1 x LINE
    figure = Figure(figsize=(1.05 * (n_shown + 2), 1.05 * LINE * len(images) + 0.6), layout="constrained")
    axes = figure.subplots()  # one for all pictures: Matplotlib needs seconds for a hundred

    def put(picture: NDArray[np.float32], row: int, column: int, text: str, **colors: Any) -> None:
        axes.imshow(picture, extent=(column, column + width, row * LINE + height, row * LINE), **colors)
        axes.text(column + width / 2, row * LINE - 0.03, text, fontsize=7, ha="center", va="bottom")

    grey, signed = ({"cmap": "gray", "vmin": 0, "vmax": 1}, {"cmap": "RdBu_r", "vmin": -1, "vmax": 1})
    for row, (image, code, picture) in enumerate(zip(unit_scale(images), codes, decoded, strict=True)):
        put(image, row, 0, "" if row else "image", **grey)
        put(picture, row, 1, f"{'' if row else 'decoded: '}{np.count_nonzero(code)} active", **grey)
        strongest = np.argsort(-code * sizes, kind="stable")[:n_shown]
        for column, (unit, atom) in enumerate(zip(strongest, _unit_peak(atoms[strongest]), strict=True), start=2):
            if code[unit] != 0:
                put(atom, row, column, f"{code[unit]:.2f} × #{unit}", **signed)
    axes.set(xlim=(0, n_shown + 2), ylim=(len(images) * LINE - LINE + 1, -0.3))
    axes.axis("off")
    figure.suptitle(
        "Test images, and the atoms that add most:\nactivation × number, each scaled to its peak", fontsize=9
    )
    save(figure, path)


def feature_map(
    points: NDArray[np.float32],
    method: str,
    labels: NDArray[np.uint8] | None,
    class_names: Sequence[str],
    path: Path,
) -> None:
    """The map of `maps.map_of`: places (M, 2) of test images, colored by their labels (M,), with the classes' names."""
    figure = Figure(figsize=(7.4, 6), layout="constrained")
    axes = figure.subplots()
    groups = [("test images", np.arange(len(points)))]
    if labels is not None:
        groups = [(name, np.flatnonzero(labels == number)) for number, name in enumerate(plain(class_names))]
    size = 3 if len(points) > MANY else 9
    for number, (name, members) in enumerate(groups):
        color, marker = look_of(number)
        axes.scatter(
            points[members, 0],
            points[members, 1],
            s=size,
            color=color,
            marker=marker,
            edgecolors="0.2",
            linewidths=0.1,
            label=name,
        )
        if labels is not None and len(members) and len(groups) <= MOST_NUMBERS:
            across, up = np.median(points[members], axis=0)
            text = axes.text(across, up, name, ha="center", va="center", fontweight="bold")
            text.set_path_effects([withStroke(linewidth=3, foreground="white")])
    axes.set(xticks=[], yticks=[], title=f"Features of {len(points):,} test images ({method})")
    if labels is not None and len(class_names) <= MOST_NUMBERS:
        figure.legend(loc="outside right center", title="class", markerscale=3)
    save(figure, path)
