"""Which labels may be used: a seeded draw, or a list from an earlier one."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.common import DamagedInput, MissingInput, Notice, Report, UsageError, setting
from mnistae_cli.data.kept import kept_labels
from mnistae_cli.data.labels import labeled
from mnistae_cli.data.npy import load_npy
from mnistae_cli.settings import LabeledConfig
from mnistae_cli.store import Manifest, Stored


@dataclass(frozen=True)
class Drawn:
    """The labels that may be used.

    Args:
        indices: (L,) int64, ascending: the training images whose labels may be used.
        labels: (L,) uint8.
        corrected: whether the labels come from a review instead of the data set.
        n_removed: number of given indices that are left out, because a review has removed these images.
    """

    indices: NDArray[np.int64]
    labels: NDArray[np.uint8]
    corrected: bool = False
    n_removed: int = 0

    def labels_of_all(self, n: int) -> NDArray[np.uint8]:
        """Labels of all `n` training images, (n,); 0 for an image without a drawn label."""
        known = np.zeros(n, np.uint8)
        known[self.indices] = self.labels
        return known

    def missed(self, class_names: Sequence[str]) -> list[str]:
        """The names of the classes of which no label was drawn."""
        present = set(self.labels.tolist())
        return [name for number, name in enumerate(class_names) if number not in present]

    def warn_of_missed(self, class_names: Sequence[str], report: Report) -> None:
        """Report the classes of which no label was drawn, and indices that are left out.

        Args:
            class_names: names of the labels.
            report: listener.
        """
        if self.n_removed:
            report(Notice(f"{self.n_removed} of the indices are left out: a review has removed these images"))
        missed = self.missed(class_names)
        if missed:
            report(Notice(f"no label was drawn for these classes, so they are never predicted: {', '.join(missed)}"))

    def record(self) -> dict[str, dict[str, str]]:
        """The record for a plan: with other indices, the plan is another one."""
        parts = {"labelled_indices": self.indices} | ({"labels": self.labels} if self.corrected else {})
        return {"sha256": {name: hashlib.sha256(part.tobytes()).hexdigest() for name, part in parts.items()}}


def draw_labels(labels: NDArray[np.uint8], class_names: Sequence[str], which: LabeledConfig) -> Drawn:
    """Choose the labels that may be used, by a seeded draw without replacement.

    A stratified draw takes the same share of each class, rounded by the method of largest remainders. It reads all
    labels to know the classes. With `indices`, nothing is drawn, and no other label is read. With `labels_from`, the
    labels of that `kept.csv` or `labels_corrected.npy` are used instead, and the data set's own are not read.

    Args:
        labels: (N,) uint8 of the training images.
        class_names: names of the labels.
        which: the settings that choose them.

    Raises:
        UsageError: more labels are asked for than exist, an index is not a training image, or a review has removed the
            images of all indices.
        MissingInput: the file of indices or of corrected labels does not exist.
        DamagedInput: the file of indices or of corrected labels has a wrong content.
    """
    if which.labels_from is not None:
        return _draw_corrected(Path(which.labels_from), len(labels), class_names, which)
    if which.indices is not None:
        indices = _read_indices(Path(which.indices), len(labels))
        without = indices[~labeled(labels[indices], len(class_names))]
        if len(without):
            raise UsageError(
                f"{setting('indices', which.indices)}: image {without[0]} has no label.",
                "Leave out the images without labels.",
            )
    else:
        indices = _draw(labels, class_names, which)
    return Drawn(indices, labels[indices])


def draw_from(encode: Stored, which: LabeledConfig) -> Drawn:
    """Choose the labels of the encoded training images that a stage may use. The stage sees no other label."""
    if not can_be_classified(encode.manifest):
        raise MissingInput(
            f"{encode.folder} has no labels of two classes or more to learn from.",
            "Continue with mnistae cluster and mnistae label, or sort the images into class folders.",
        )
    class_names = encode.manifest.data.class_names
    return draw_labels(load_npy(encode.folder / "labels_train.npy"), class_names, which)


def can_be_classified(encoded: Manifest) -> bool:
    """Whether the encoded data set has training labels, and more than one class."""
    return "labels_train.npy" in encoded.files and len(encoded.data.class_names) > 1


def _draw_corrected(path: Path, n: int, class_names: Sequence[str], which: LabeledConfig) -> Drawn:
    kept, labels = kept_labels(path, n, class_names)
    if which.indices is None:
        drawn = _draw(labels, class_names, which)
        return Drawn(kept[drawn], labels[drawn], corrected=True)
    asked = _read_indices(Path(which.indices), n)
    indices = np.intersect1d(asked, kept)
    if not len(indices):
        raise UsageError(
            f"{setting('indices', which.indices)} has no image that is in {setting('labels_from', path)}.",
            "Leave one of them out.",
        )
    labels = labels[np.searchsorted(kept, indices)]
    return Drawn(indices, labels, corrected=True, n_removed=len(asked) - len(indices))


def _draw(labels: NDArray[np.uint8], class_names: Sequence[str], which: LabeledConfig) -> NDArray[np.int64]:
    known = labeled(labels, len(class_names))
    order = np.random.default_rng(which.seed).permutation(len(labels))
    order, n = order[known[order]], int(known.sum())
    if which.per_class is not None:
        return _draw_per_class(labels, class_names, order, which.per_class)
    n_drawn = which.labels if isinstance(which.labels, int) else max(round((which.labels or 0) * n), 1)
    if n_drawn > n:
        raise UsageError(f"{setting('labels')} is {n_drawn}, but there are {n}.", f"Give at most {n}, or a share.")
    if not which.stratify:
        return np.sort(order[:n_drawn])
    classes, counts = np.unique(labels[known], return_counts=True)
    shares = counts * n_drawn / n
    quotas = np.floor(shares).astype(int)
    quotas[np.argsort(quotas - shares, kind="stable")[: n_drawn - quotas.sum()]] += 1
    return _firsts(labels, order, classes, quotas)


def _draw_per_class(
    labels: NDArray[np.uint8], class_names: Sequence[str], order: NDArray[np.int64], per_class: int
) -> NDArray[np.int64]:
    classes, counts = np.unique(labels[order], return_counts=True)
    if counts.min() < per_class:
        smallest = class_names[classes[counts.argmin()]]
        raise UsageError(
            f"{setting('per_class')} is {per_class}, but class {smallest} has {counts.min()} training images.",
            f"Give at most {counts.min()}, or {setting('labels')}.",
        )
    return _firsts(labels, order, classes, np.full(len(classes), per_class))


def _firsts(
    labels: NDArray[np.uint8], order: NDArray[np.int64], classes: NDArray[np.uint8], quotas: NDArray[np.int64]
) -> NDArray[np.int64]:
    """For each class, as many indices as its quota: the first ones in `order`."""
    parts = [order[labels[order] == each][:quota] for each, quota in zip(classes, quotas, strict=True)]
    return np.sort(np.concatenate(parts))


def _read_indices(path: Path, n: int) -> NDArray[np.int64]:
    indices = load_npy(path)
    if indices.ndim != 1 or indices.dtype.kind not in "iu" or not len(indices):
        raise DamagedInput(
            f"{setting('indices', path)} has shape {indices.shape} and dtype {indices.dtype}.",
            "Give an array of one dimension with at least one whole number.",
        )
    if indices.min() < 0 or indices.max() >= n:
        wrong = indices[(indices < 0) | (indices >= n)][0]
        raise UsageError(
            f"{setting('indices', path)}: {wrong} is not the number of a training image.",
            f"Give indices from 0 to {n - 1}.",
        )
    if len(np.unique(indices)) < len(indices):
        raise UsageError(f"{setting('indices', path)} has an image twice.", "Give each image once.")
    return np.sort(indices).astype(np.int64)
