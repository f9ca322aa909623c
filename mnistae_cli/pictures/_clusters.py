"""Figures of the clusters."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mnistae_cli.clusters import distances
from mnistae_cli.data import Pixels
from mnistae_cli.pictures._axes import SHOWN, counts, plain, rows_of_images, save
from mnistae_cli.scores import Table


def nearest_images(
    features: NDArray[np.float32], centroids: NDArray[np.float32], assignments: NDArray[np.int32]
) -> list[NDArray[np.int64]]:
    """For each cluster, the indices of its ten images nearest to the centroid, the nearest first."""
    away = distances(features, centroids)
    members = [np.flatnonzero(assignments == number) for number in range(len(centroids))]
    return [each[np.argsort(away[each, number])[:SHOWN]] for number, each in enumerate(members)]


def clusters(
    images: Pixels, nearest: list[NDArray[np.int64]], table: Table | None, class_names: Sequence[str], path: Path
) -> None:
    """The images nearest each centroid, beside the counts of each class if labels are known."""
    height = max(0.55 * len(nearest) + 1.2, 3.0)
    figure = Figure(figsize=(12, height) if table is not None else (6, height), layout="constrained")
    left_axes, *right_axes = figure.subplots(1, 2 if table is not None else 1, squeeze=False)[0]
    rows_of_images(left_axes, images, nearest, [str(number) for number in range(len(nearest))])
    left_axes.set(ylabel="cluster", title="Test images nearest each centroid")
    if table is not None:
        counts(right_axes[0], table, [str(number) for number in range(len(nearest))], class_names)
        right_axes[0].set(xlabel="class", ylabel="cluster", title="Test images of each class")
    save(figure, path)


def mistakes(
    images: Pixels, predicted: NDArray[np.int64], labels: NDArray[np.uint8], class_names: Sequence[str], path: Path
) -> None:
    """Images whose cluster is mapped to another class, a row for each of the most frequent confusions.

    Args:
        images: (N, H, W).
        predicted: (N,), the class to which the image's cluster is mapped, -1 if to none.
        labels: (N,).
        class_names: of the labels.
        path: of the PNG. It is not written if there is no mistake.
    """
    wrong = (predicted != labels) & (predicted >= 0)
    pairs, counts = np.unique(np.stack([labels[wrong], predicted[wrong]], axis=1), axis=0, return_counts=True)
    frequent = np.argsort(-counts, kind="stable")[:SHOWN]
    if not len(frequent):
        return
    rows = [np.flatnonzero((labels == true) & (predicted == guess))[: 2 * SHOWN] for true, guess in pairs[frequent]]
    names = [f"{class_names[true]} as {class_names[guess]}" for true, guess in pairs[frequent]]
    titles = [f"{name}: {count}" for name, count in zip(names, counts[frequent], strict=True)]
    columns = max(SHOWN, *(len(each) for each in rows))
    figure = Figure(figsize=(0.5 * columns + 1.6, 0.5 * len(rows) + 0.8), layout="constrained")
    axes = figure.subplots()
    rows_of_images(axes, images, rows, plain(titles))
    axes.set(title=f"{wrong.sum():,} of {len(labels):,} test images are in the cluster of another class")
    save(figure, path)
