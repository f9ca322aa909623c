"""The images that a person kept, and their labels: `kept.csv` of `mnistae review`."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.common import DamagedInput, find_name, read_table, setting, whole_number
from mnistae_cli.data.labels import UNLABELED, Labels, labeled
from mnistae_cli.data.npy import load_npy
from mnistae_cli.data.splits import Dataset, Images

COLUMNS = ("split", "index", "image", "label")
REMEDY = "Give the kept.csv that mnistae review --apply wrote for this data set."


@dataclass(frozen=True)
class Row:
    """An image that is kept; the index is -1 if the file has no number there."""

    split: str
    index: int
    image: str
    label: str


def keep_only(data: Dataset, path: Path) -> Dataset:
    """Leave out the images that are not in the `kept.csv` at `path`, and take the labels from there."""
    rows = _read(path, f"{setting('kept', path)}")
    train, test = (
        _kept(
            images, [row for row in rows if row.split == split], data.class_names, f"{setting('kept', path)}, {split}"
        )
        for split, images in data.splits()
    )
    return replace(data, train=train, test=test, kept=str(path.resolve()))


def kept_labels(path: Path, n: int, class_names: Sequence[str]) -> tuple[NDArray[np.int64], Labels]:
    """The numbers (M,) of the training images that are kept, out of `n`, and their labels (M,).

    They come from a `kept.csv`, or from a `labels_corrected.npy` of all training images.
    """
    where = setting("labels_from", path)
    if path.suffix == ".npy":
        given, allowed = load_npy(path), [*range(len(class_names)), UNLABELED]
        if given.shape != (n,) or given.dtype.kind not in "iu" or not np.isin(given, allowed).all():
            raise DamagedInput(f"{where} does not hold the labels of {n} images.", "Give labels_corrected.npy.")
        indices = np.flatnonzero(labeled(given, len(class_names)))
        return indices, given[indices].astype(np.uint8)
    rows = [row for row in _read(path, where) if row.split == "train"]
    indices, labels = _columns(rows, n, class_names, where)
    if labels is None:
        raise DamagedInput(f"{where} has no labels.", REMEDY)
    known = labeled(labels, len(class_names))
    return indices[known], labels[known]


def _read(path: Path, where: str) -> list[Row]:
    rows = read_table(path, where, COLUMNS, REMEDY)
    if not rows:
        raise DamagedInput(f"{where} has no row below its header.", REMEDY)
    return [Row(row["split"].strip(), whole_number(row["index"]), row["image"], row["label"]) for row in rows]


def _kept(images: Images, rows: Sequence[Row], class_names: Sequence[str], where: str) -> Images:
    indices, labels = _columns(rows, images.pixels.n, class_names if images.labels is not None else (), where)
    names = images.pixels.names()
    other = next((row for row in rows if find_name(row.image, [names[row.index]]) is None), None)
    if other:
        raise DamagedInput(
            f"{where}: image {other.index} is {other.image!r}, but {names[other.index]!r} in the data set.", REMEDY
        )
    return Images(images.pixels.take(indices), labels)


def _columns(
    rows: Sequence[Row], n: int, class_names: Sequence[str], where: str
) -> tuple[NDArray[np.int64], Labels | None]:
    """Indices, ascending, and labels; None without class names."""
    if not rows:
        raise DamagedInput(f"{where}: no image is kept.", "Keep some images of each split.")
    numbers = {name: number for number, name in enumerate(class_names)}
    for row in rows:
        if not 0 <= row.index < n:
            raise DamagedInput(f"{where}: the index of a row is not from 0 to {n - 1}.", REMEDY)
        if numbers and row.label and row.label not in numbers:
            name = find_name(row.label, class_names)
            if name is None:
                problem = f"{where}: label {row.label!r} is not a class."
                raise DamagedInput(problem, f"Classes: {', '.join(class_names)}.")
            numbers[row.label] = numbers[name]
    ordered = sorted(rows, key=lambda row: row.index)
    again = next((one for one, other in itertools.pairwise(ordered) if one.index == other.index), None)
    if again:
        raise DamagedInput(f"{where}: image {again.index} is listed twice.", REMEDY)
    indices = np.array([row.index for row in ordered], np.int64)
    return indices, np.array([numbers.get(row.label, UNLABELED) for row in ordered], np.uint8) if numbers else None
