"""Figures of the clusters."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator, PercentFormatter
from numpy.typing import NDArray

from mnistae_cli.data import Pixels, unit_scale
from mnistae_cli.pictures._axes import LETTER, SHOWN, beyond, colored, counts, rows_of_images
from mnistae_cli.pictures._names import Names, in_order, names_for
from mnistae_cli.scores import Table

FEW_INCHES, MOST_INCHES = 22.0, 20.0  # the height of all rows before they get lower, and the width of a table


def resolutions(scan: Path, n_clusters: int | str) -> Figure:
    """Number of clusters and agreement of the runs for each threshold of a `resolutions.csv`, the chosen one marked."""
    with scan.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    columns = {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}
    thresholds, chosen = columns["conductance"], int(columns["chosen"].argmax())
    number, is_found = int(columns["n_clusters"][chosen]), n_clusters == "auto"
    figure = Figure(figsize=(6, 5), layout="constrained")
    upper, lower = map(colored, figure.subplots(2, 1, sharex=True))
    upper.fill_between(
        thresholds, columns["fewest"], columns["most"], alpha=0.25, step="mid", label="range of the runs"
    )
    upper.step(thresholds, columns["n_clusters"], where="mid", label="median of the runs")
    upper.set(ylabel="clusters", title=_title_of(number, n_clusters))
    upper.set_ylim(columns["fewest"].min() - 0.5, columns["most"].max() + 0.5)
    upper.yaxis.set_major_locator(MaxNLocator(integer=True))
    lower.plot(thresholds, columns["stability"], marker="o", markersize=3)
    lower.set(xscale="log", ylabel="agreement of the runs (ARI)", xlabel="lowest conductance at which clusters merge")
    for axes in (upper, lower):
        axes.axvline(
            thresholds[chosen], color="black", linestyle="--", label="chosen" if is_found else "would be chosen"
        )
        axes.grid(alpha=0.3, which="both")
    lower.xaxis.set_major_locator(FixedLocator([0.005, 0.01, 0.02, 0.04]))
    lower.xaxis.set_major_formatter(PercentFormatter(1))
    lower.xaxis.set_minor_locator(NullLocator())
    upper.legend()
    return figure


def _title_of(number: int, n_clusters: int | str) -> str:
    found = "no clusters" if number == 1 else f"{number} clusters"
    if n_clusters != "auto":
        return f"{n_clusters} as given; {found} would be found"
    return f"{found}: the same over the widest range"


def clusters(
    images: Pixels, ordered: list[NDArray[np.int64]], table: Table | None, class_names: Sequence[str]
) -> Figure:
    """The first images of each cluster and, with labels, the number of images of each class in it."""
    first = [each[:SHOWN] for each in ordered]
    rows = min(0.55 * len(first), max(FEW_INCHES, 0.2 * len(first)))
    height = max(rows + 1.2, 3.0)
    wide = max(6.0, min(0.12 * len(class_names), MOST_INCHES)) if table is not None else 0.0
    below = beyond(names_for(class_names), wide - 1) if table is not None else 0.0
    figure = Figure(figsize=(6 + wide, height + below), layout="constrained")
    shares = {"width_ratios": (6, wide)} if table is not None else None
    left_axes, *right_axes = figure.subplots(1, 2 if table is not None else 1, squeeze=False, gridspec_kw=shares)[0]
    numbers = Names.of_numbers(len(first))
    rows_of_images(left_axes, [unit_scale(images[each]) for each in first], numbers, height - 1.2)
    left_axes.set(ylabel="cluster", title="The surest test images of each cluster")
    if table is not None:
        counts(right_axes[0], table, numbers, names_for(class_names), (wide - 1, height - 1.2))
        right_axes[0].set(xlabel="class", ylabel="cluster", title="Test images of each class")
    return figure


def mistakes(
    images: Pixels, predicted: NDArray[np.int64], labels: NDArray[np.integer[Any]], class_names: Sequence[str]
) -> Figure:
    """Images (N, H, W) whose cluster is mapped to another class than their label (N,), a row per frequent confusion.

    `predicted` (N,) is the class to which the image's cluster is mapped; -1: none.
    """
    wrong = (predicted != labels) & (predicted >= 0)
    pairs, counts = np.unique(np.stack([labels[wrong], predicted[wrong]], axis=1), axis=0, return_counts=True)
    frequent = np.argsort(-counts, kind="stable")[:SHOWN]
    rows = [np.flatnonzero((labels == true) & (predicted == guess))[: 2 * SHOWN] for true, guess in pairs[frequent]]
    names = names_for(class_names)
    confused = [f"{names.texts[true]} as {names.texts[guess]}" for true, guess in pairs[frequent]]
    titles = [in_order(f"{name}: {count}") for name, count in zip(confused, counts[frequent], strict=True)]
    columns = max(map(len, rows), default=SHOWN)
    left = max(1.6, LETTER * max(map(len, titles), default=0))
    figure = Figure(figsize=(0.5 * max(columns, SHOWN) + left, 0.5 * len(rows) + 0.8), layout="constrained")
    axes = figure.subplots()
    if rows:
        rows_of_images(axes, [unit_scale(images[each]) for each in rows], Names(titles, names.family), 0.5 * len(rows))
    else:
        axes.set_axis_off()
    axes.set(title=f"{wrong.sum():,} of {len(labels):,} test images are in the cluster of another class")
    return figure
