"""The images that a person kept, and their labels: `kept.csv` of `mnistae review`."""

import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.data.splits import Dataset, Images, Labels
from mnistae_cli.errors import DamagedInput, MissingInput
from mnistae_cli.spreadsheets import from_text

REMEDY = "Take the kept.csv that mnistae review --apply wrote for this data set."


def keep_only(data: Dataset, path: Path) -> Dataset:
    """Leave out the images that are not in `path`, and take the labels from there.

    Raises:
        MissingInput: there is no such file.
        DamagedInput: no table of the images of this data set, or no image of a split is kept.
    """
    rows = _read(path)
    train, test = (
        _kept(images, [row for row in rows if row[0] == split], data.class_names, f"--kept {path}, {split}")
        for split, images in data.splits()
    )
    return replace(data, train=train, test=test, kept=str(path.resolve()))


def kept_labels(path: Path, n: int, class_names: Sequence[str]) -> tuple[NDArray[np.int64], Labels]:
    """The numbers (M,) of the training images that are kept, of `n`, and their labels (M,).

    Args:
        path: `kept.csv`, or `labels_corrected.npy` of all training images.
        n: number of training images.
        class_names: of the labels.

    Raises:
        MissingInput: there is no such file.
        DamagedInput: it does not hold the labels of these images.
    """
    where = f"--labels-from {path}"
    if path.suffix == ".npy":
        from mnistae_cli.data.npy import load_npy

        given = load_npy(path)
        if given.shape != (n,) or given.dtype.kind not in "iu" or not np.isin(given, np.arange(len(class_names))).all():
            raise DamagedInput(f"{where} does not hold the labels of {n} images.", "Give labels_corrected.npy.")
        return np.arange(n), given.astype(np.uint8)
    rows = [row for row in _read(path) if row[0] == "train"]
    indices, labels = _columns(rows, n, class_names, where)
    if labels is None:
        raise DamagedInput(f"{where} has no labels.", REMEDY)
    return indices, labels


def _read(path: Path) -> list[tuple[str, str, str]]:
    """Split, index and label of each row."""
    try:
        with path.open(newline="", encoding="utf-8-sig", errors="surrogateescape") as file:
            rows = list(csv.DictReader(file))
        return [(row["split"] or "", row["index"] or "", from_text(row["label"] or "")) for row in rows]
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        raise MissingInput(f"{path} is no file.", REMEDY) from None
    except (KeyError, csv.Error):
        raise DamagedInput(f"{path} has no columns split, index and label.", REMEDY) from None


def _kept(images: Images, rows: list[tuple[str, str, str]], class_names: Sequence[str], where: str) -> Images:
    indices, labels = _columns(rows, images.pixels.n, class_names if images.labels is not None else (), where)
    if not len(indices):
        raise DamagedInput(f"{where}: no image is kept.", "Keep some of each split.")
    return Images(images.pixels.take(indices), labels)


def _columns(
    rows: list[tuple[str, str, str]], n: int, class_names: Sequence[str], where: str
) -> tuple[NDArray[np.int64], Labels | None]:
    """Indices, which ascend, and labels; no labels without class names."""
    numbers = {name: number for number, name in enumerate(class_names)}
    wrong = next((row for row in rows if not row[1].isdecimal() or int(row[1]) >= n), None)
    if wrong:
        raise DamagedInput(f"{where}: there is no image {wrong[1]!r}; there are {n}.", REMEDY)
    unknown = next((row for row in rows if numbers and row[2] not in numbers), None)
    if unknown:
        raise DamagedInput(f"{where}: label {unknown[2]!r} is no class.", f"Classes: {', '.join(class_names)}.")
    indices, first = np.unique(np.array([int(index) for _, index, _ in rows], np.int64), return_index=True)
    labels = np.array([numbers[rows[i][2]] for i in first], np.uint8) if numbers else None
    return indices, labels
