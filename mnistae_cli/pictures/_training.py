"""Figures of the autoencoder and of the classifier."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from mnistae_cli.data import Pixels, unit_scale
from mnistae_cli.pictures._axes import SHOWN, beyond, colored, counts, rows_of_images
from mnistae_cli.pictures._names import names_for
from mnistae_cli.scores import contingency_table

MOST_INCHES = 20.0


def one_per_class(labels: NDArray[np.integer[Any]] | None, n: int) -> NDArray[np.int64]:
    """Indices of the first image of each of the first ten classes; without labels, of the first ten images."""
    if labels is None:
        return np.arange(min(SHOWN, n))
    first: NDArray[np.int64] = np.unique(labels, return_index=True)[1]
    return first[:SHOWN]


def reconstructions(images: Pixels, reconstructed: NDArray[np.float32]) -> Figure:
    """A row of originals (M, H, W), and below it their reconstructions (M, H, W) in [0, 1]."""
    figure = Figure(figsize=(1.1 * len(images) + 1.4, 2.7), layout="constrained")
    axes = figure.subplots()
    titles = names_for(["original", "reconstruction"])
    rows_of_images(axes, [unit_scale(images), reconstructed], titles, 2.0, len(images))
    axes.tick_params("y", length=0)
    axes.set_frame_on(False)
    figure.suptitle("Test images and their reconstructions")
    return figure


def loss_curve(history: Path) -> Figure:
    """The losses per epoch of a `history.csv`."""
    with history.open(newline="", encoding="utf-8") as file:
        header, *rows = list(csv.reader(file))
    columns = np.array(rows, float).T
    names = {
        "loss": "training (while learning)",
        "penalty": "penalty, or loss of dead units",
        "test_loss": "test",
        "val_loss": "held out",
    }
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = colored(figure.subplots())
    for name, values in zip(header[1:], columns[1:], strict=True):
        if (values < 0).any():
            right_axes = axes.twinx()  # a log axis has no place below 0
            right_axes.plot(columns[0], values, "k--", label="assignments of two views (right axis)")
            right_axes.legend(loc="center right")
            continue
        shown = np.where(values > 0, values, np.nan)
        axes.plot(columns[0], shown, marker="o", markersize=3, label=f"{names[name]}: {values[-1]:.4g} at the end")
    axes.set(xlabel="epoch", ylabel="loss", title="Loss of each epoch", yscale="log")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.3, which="both")
    axes.legend()
    return figure


def confusion_matrix(
    probabilities: NDArray[np.float32], labels: NDArray[np.integer[Any]], class_names: Sequence[str]
) -> Figure:
    """True classes in rows, predicted classes in columns."""
    n_classes = len(class_names)
    table = contingency_table(labels.astype(np.int64), probabilities.argmax(axis=1), n_classes, n_classes)
    accuracy = np.trace(table) / table.sum()
    width = min(max(6.4, 0.16 * n_classes + 2.0), MOST_INCHES)
    names = names_for(class_names)
    size = width + beyond(names), width - 0.8 + beyond(names, width - 1)
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots()
    counts(axes, table, names, names, (width - 1, width - 1.8))
    axes.set(xlabel="predicted class", ylabel="true class", title=f"Classifier on test images: {accuracy:.1%} right")
    return figure
