"""Figures of the clusters."""

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator, PercentFormatter
from numpy.typing import NDArray

from mnistae_cli.data import Pixels, unit_scale
from mnistae_cli.pictures._axes import SHOWN, colored, counts, plain, rows_of_images
from mnistae_cli.scores import Table


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
    height = max(0.55 * len(first) + 1.2, 3.0)
    figure = Figure(figsize=(12, height) if table is not None else (6, height), layout="constrained")
    left_axes, *right_axes = figure.subplots(1, 2 if table is not None else 1, squeeze=False)[0]
    numbers = [str(number) for number in range(len(first))]
    rows_of_images(left_axes, [unit_scale(images[each]) for each in first], numbers)
    left_axes.set(ylabel="cluster", title="The surest test images of each cluster")
    if table is not None:
        counts(right_axes[0], table, numbers, class_names)
        right_axes[0].set(xlabel="class", ylabel="cluster", title="Test images of each class")
    return figure


def mistakes(
    images: Pixels, predicted: NDArray[np.int64], labels: NDArray[np.uint8], class_names: Sequence[str]
) -> Figure:
    """Images (N, H, W) whose cluster is mapped to another class than their label (N,), a row per frequent confusion.

    `predicted` (N,) is the class to which the image's cluster is mapped; -1: none.
    """
    wrong = (predicted != labels) & (predicted >= 0)
    pairs, counts = np.unique(np.stack([labels[wrong], predicted[wrong]], axis=1), axis=0, return_counts=True)
    frequent = np.argsort(-counts, kind="stable")[:SHOWN]
    rows = [np.flatnonzero((labels == true) & (predicted == guess))[: 2 * SHOWN] for true, guess in pairs[frequent]]
    names = [f"{class_names[true]} as {class_names[guess]}" for true, guess in pairs[frequent]]
    titles = [f"{name}: {count}" for name, count in zip(names, counts[frequent], strict=True)]
    columns = max(map(len, rows), default=SHOWN)
    figure = Figure(figsize=(0.5 * max(columns, SHOWN) + 1.6, 0.5 * len(rows) + 0.8), layout="constrained")
    axes = figure.subplots()
    if rows:
        rows_of_images(axes, [unit_scale(images[each]) for each in rows], plain(titles))
    else:
        axes.set_axis_off()
    axes.set(title=f"{wrong.sum():,} of {len(labels):,} test images are in the cluster of another class")
    return figure
