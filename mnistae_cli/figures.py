"""The pictures of `mnistae evaluate`. The only place that imports Matplotlib; no display is needed."""

import csv
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from mnistae_cli.clustering import distances
from mnistae_cli.metrics import Table, contingency_table
from mnistae_cli.sources import Pixels, unit_scale

DPI = 120
SHOWN = 10  # images in a row
MAPPED = 2000  # t-SNE of more takes minutes
MOST_ATOMS = 1024
STRONGEST = 8  # atoms of one picture
MOST_NUMBERS = 20  # a larger table has no room for its counts


def _plain(names: Sequence[str]) -> list[str]:
    """Class names as they are: Matplotlib takes what is between dollars for a formula."""
    return [name.replace("$", r"\$") for name in names]


def _save(figure: Figure, path: Path) -> None:
    figure.savefig(path, dpi=DPI, metadata={"Software": None})


def one_per_class(labels: NDArray[np.uint8] | None, n: int) -> NDArray[np.int64]:
    """Indices of the first image of each of the first ten classes; of the first ten images without labels."""
    if labels is None:
        return np.arange(min(SHOWN, n))
    _, first = np.unique(labels, return_index=True)
    return first[:SHOWN]


def _show(axes: Axes, image: NDArray[Any]) -> None:
    axes.imshow(image, cmap="gray", vmin=0, vmax=1)
    axes.set_xticks([])
    axes.set_yticks([])


def reconstructions(images: Pixels, reconstructed: NDArray[np.float32], path: Path) -> None:
    """Originals (M, H, W) over reconstructions (M, H, W) in [0, 1]."""
    figure = Figure(figsize=(1.0 * len(images) + 1.2, 2.6), layout="constrained")
    grid = figure.subplots(2, len(images), squeeze=False)
    for row, (title, pictures) in enumerate((("original", unit_scale(images)), ("reconstruction", reconstructed))):
        for axes, picture in zip(grid[row], pictures, strict=True):
            _show(axes, picture)
        grid[row][0].set_ylabel(title)
    figure.suptitle("Test images and what the autoencoder makes of them")
    _save(figure, path)


def loss_curve(history: Path, path: Path) -> None:
    """The losses per epoch of a `history.csv`."""
    with history.open(newline="", encoding="utf-8") as file:
        header, *rows = list(csv.reader(file))
    columns = np.array(rows, float).T
    names = {
        "loss": "training (while learning)",
        "penalty": "penalty, or loss of dead units",
        "test_loss": "test",
        "val_loss": "held out to stop by",
    }
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    for name, values in zip(header[1:], columns[1:], strict=True):
        if (values < 0).any():
            apart = axes.twinx()  # a log axis has no place below 0
            apart.plot(columns[0], values, "k--", label="assignments of two views (right axis)")
            apart.legend(loc="center right")
            continue
        shown = np.where(values > 0, values, np.nan)
        axes.plot(columns[0], shown, marker="o", markersize=3, label=names[name])
    axes.set(xlabel="epoch", ylabel="loss", title="Loss of each epoch", yscale="log")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.3, which="both")
    axes.legend()
    _save(figure, path)


def _counts(axes: Axes, table: Table, row_names: Sequence[str], column_names: Sequence[str]) -> None:
    """A table of counts, each row coloured by its shares."""
    shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    axes.set_xticks(range(len(column_names)), _plain(column_names))
    axes.set_yticks(range(len(row_names)), _plain(row_names))
    if max(table.shape) <= MOST_NUMBERS:
        for (row, column), count in np.ndenumerate(table):
            colour = "white" if shares[row, column] > 0.5 else "black"
            axes.text(column, row, str(count), ha="center", va="center", fontsize=8, color=colour)


def confusion_matrix(
    probabilities: NDArray[np.float32], labels: NDArray[np.uint8], class_names: Sequence[str], path: Path
) -> None:
    """True classes in rows, the classifier's in columns."""
    n_classes = len(class_names)
    table = contingency_table(labels.astype(np.int64), probabilities.argmax(axis=1), n_classes, n_classes)
    accuracy = np.trace(table) / table.sum()
    figure = Figure(figsize=(6.4, 5.6), layout="constrained")
    axes = figure.subplots()
    _counts(axes, table, class_names, class_names)
    axes.set(xlabel="predicted class", ylabel="true class", title=f"Classifier on test images: {accuracy:.1%} right")
    _save(figure, path)


def nearest_images(
    features: NDArray[np.float32], centroids: NDArray[np.float32], assignments: NDArray[np.int32]
) -> list[NDArray[np.int64]]:
    """Per cluster the indices of its ten images nearest to the centroid, the nearest first."""
    away = distances(features, centroids)
    members = [np.flatnonzero(assignments == number) for number in range(len(centroids))]
    return [each[np.argsort(away[each, number])[:SHOWN]] for number, each in enumerate(members)]


def clusters(
    images: Pixels, nearest: list[NDArray[np.int64]], table: Table | None, class_names: Sequence[str], path: Path
) -> None:
    """The images nearest each centroid, beside the counts of each class where labels are known."""
    tall = max(0.55 * len(nearest) + 1.2, 3.0)
    figure = Figure(figsize=(12, tall) if table is not None else (6, tall), layout="constrained")
    left_axes, *right_axes = figure.subplots(1, 2 if table is not None else 1, squeeze=False)[0]
    _rows_of_images(left_axes, images, nearest, [str(number) for number in range(len(nearest))])
    left_axes.set(ylabel="cluster", title="Test images nearest each centroid")
    if table is not None:
        _counts(right_axes[0], table, [str(number) for number in range(len(nearest))], class_names)
        right_axes[0].set(xlabel="class", ylabel="cluster", title="Test images of each class")
    _save(figure, path)


def mistakes(
    images: Pixels, named: NDArray[np.int64], labels: NDArray[np.uint8], class_names: Sequence[str], path: Path
) -> None:
    """Images whose cluster is another class's, a row for each of the most frequent confusions.

    Args:
        images: (N, H, W).
        named: (N,), the class to which the image's cluster is mapped, -1 where to none.
        labels: (N,).
        class_names: of the labels.
        path: of the PNG. Without a mistake none is written.
    """
    wrong = (named != labels) & (named >= 0)
    pairs, counts = np.unique(np.stack([labels[wrong], named[wrong]], axis=1), axis=0, return_counts=True)
    frequent = np.argsort(-counts, kind="stable")[:SHOWN]
    if not len(frequent):
        return
    rows = [np.flatnonzero((labels == true) & (named == taken))[: 2 * SHOWN] for true, taken in pairs[frequent]]
    names = [f"{class_names[true]} as {class_names[taken]}" for true, taken in pairs[frequent]]
    titles = [f"{name}: {count}" for name, count in zip(names, counts[frequent], strict=True)]
    columns = max(SHOWN, *(len(each) for each in rows))
    figure = Figure(figsize=(0.5 * columns + 1.6, 0.5 * len(rows) + 0.8), layout="constrained")
    axes = figure.subplots()
    _rows_of_images(axes, images, rows, _plain(titles))
    axes.set(title=f"{wrong.sum():,} of {len(labels):,} test images are in the cluster of another class")
    _save(figure, path)


def _rows_of_images(axes: Axes, images: Pixels, rows: Sequence[NDArray[np.int64]], names: Sequence[str]) -> None:
    """Rows of images, by their indices, each row with its name at the left."""
    height, width = images.shape[1:]
    strips = np.full((len(rows) * (height + 2), max(SHOWN, *(len(each) for each in rows)) * (width + 2)), 1.0)
    for row, indices in enumerate(rows):
        for column, image in enumerate(unit_scale(images[indices])):
            top, left = row * (height + 2) + 1, column * (width + 2) + 1
            strips[top : top + height, left : left + width] = image
    axes.imshow(strips, cmap="gray", vmin=0, vmax=1, aspect="auto")
    axes.set_xticks([])
    axes.set_yticks(np.arange(len(rows)) * (height + 2) + height / 2, names)


def _unit_peak(atoms: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each picture (H, W) of (M, H, W) divided by its largest absolute value."""
    peaks = np.abs(atoms).max(axis=(1, 2), keepdims=True)
    scaled: NDArray[np.float32] = np.divide(atoms, peaks, out=np.zeros_like(atoms), where=peaks > 0)
    return scaled


def atoms(pictures: NDArray[np.float32], density: NDArray[np.float32], path: Path) -> None:
    """What each unit adds to the picture, (D, H, W), the units that are active most often first."""
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
    _save(figure, path)


def density(shares: NDArray[np.float32], path: Path) -> None:
    """How many units are active on which share of the training images (D,), on a log axis; dead units in words."""
    alive = shares[shares > 0]
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
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
    _save(figure, path)


def compositions(
    images: Pixels, codes: NDArray[np.float32], decoded: NDArray[np.float32], atoms: NDArray[np.float32], path: Path
) -> None:
    """Images (M, H, W), what their codes (M, D) decode to, and the atoms (D, H, W) that add most to each.

    The bias of the decoder, and what it does with the sum, are in the decoded picture alone.
    """
    sizes = np.linalg.norm(atoms.reshape(len(atoms), -1), axis=1)
    n_shown = min(STRONGEST, len(atoms))
    figure = Figure(figsize=(1.05 * (n_shown + 2), 1.3 * len(images) + 0.5), layout="constrained")
    grid = figure.subplots(len(images), n_shown + 2, squeeze=False)
    for row, image, code, picture in zip(grid, unit_scale(images), codes, decoded, strict=True):
        _show(row[0], image)
        _show(row[1], picture)
        strongest = np.argsort(-code * sizes, kind="stable")[:n_shown]
        for axes, unit, atom in zip(row[2:], strongest, _unit_peak(atoms[strongest]), strict=True):
            axes.axis("off")
            if code[unit] != 0:
                axes.imshow(atom, cmap="RdBu_r", vmin=-1, vmax=1)
                axes.set_title(f"{code[unit]:.2f} × #{unit}", fontsize=7)
        row[1].set_xlabel(f"{np.count_nonzero(code)} active", fontsize=7)
    grid[0][0].set_title("image", fontsize=8)
    grid[0][1].set_title("decoded", fontsize=8)
    figure.suptitle(
        "Test images, and the atoms that add most:\nactivation × number, each scaled to its peak", fontsize=9
    )
    _save(figure, path)


def _in_the_plane(features: NDArray[np.float32], seed: int) -> tuple[NDArray[np.float32], str]:
    """(M, 2) coordinates and how they were found; few points, or points on a line, are not t-SNE's business."""
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE

    plane = np.zeros((len(features), 2), np.float32)
    if len(features) < 2 or np.ptp(features, axis=0).max() == 0:
        return plane, "all in one place"
    points = PCA(min(50, *features.shape), random_state=seed).fit_transform(features)
    if len(points) > 3 and points.shape[1] > 1:
        perplexity = min(30.0, (len(points) - 1) / 3)
        return TSNE(2, perplexity=perplexity, init="pca", random_state=seed).fit_transform(points), "t-SNE"
    n_columns = min(points.shape[1], 2)
    plane[:, :n_columns] = points[:, :n_columns]
    return plane, "PCA"


def feature_map(
    features: NDArray[np.float32], labels: NDArray[np.uint8] | None, class_names: Sequence[str], seed: int, path: Path
) -> None:
    """t-SNE (van der Maaten & Hinton 2008) of up to 2,000 test features, after PCA to 50 dimensions."""
    chosen = np.sort(np.random.default_rng(seed).permutation(len(features))[:MAPPED])
    points, method = _in_the_plane(features[chosen], seed)
    figure = Figure(figsize=(7.4, 6), layout="constrained")
    axes = figure.subplots()
    groups = [("test images", np.arange(len(chosen)))]
    if labels is not None:
        groups = [(name, np.flatnonzero(labels[chosen] == number)) for number, name in enumerate(_plain(class_names))]
    for number, (name, members) in enumerate(groups):
        axes.scatter(points[members, 0], points[members, 1], s=6, color=f"C{number % 10}", label=name)
    axes.set(xticks=[], yticks=[], title=f"Features of {len(chosen)} test images ({method})")
    if labels is not None and len(class_names) <= MOST_NUMBERS:
        figure.legend(loc="outside right center", title="class", markerscale=2.5)
    _save(figure, path)
