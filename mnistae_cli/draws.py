"""Which labels may be used: a seeded draw, or a list from an earlier one."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.artifacts import Stored
from mnistae_cli.configs import LabelledConfig
from mnistae_cli.errors import DamagedInput, MissingInput, UsageError
from mnistae_cli.manifests import Manifest
from mnistae_cli.npy import load_npy


@dataclass(frozen=True)
class Drawn:
    """The labels that may be used, (L,) uint8, and their training images' sorted indices, (L,) int64."""

    indices: NDArray[np.int64]
    labels: NDArray[np.uint8]

    def among(self, n: int) -> NDArray[np.uint8]:
        """Labels of `n` training images, (n,): 0 wherever none was drawn."""
        known = np.zeros(n, np.uint8)
        known[self.indices] = self.labels
        return known

    def record(self) -> dict[str, dict[str, str]]:
        """What a plan says of them: a list of another content is another plan."""
        return {"sha256": {"labelled_indices": hashlib.sha256(self.indices.tobytes()).hexdigest()}}


def draw_labels(labels: NDArray[np.uint8], config: LabelledConfig) -> Drawn:
    """The labels that may be used: a seeded draw without replacement.

    Stratified, every class gives its share, and the largest remainders give the odd ones. Such a draw reads all labels
    to know the classes; with `indices` in the config, nothing is drawn and no other label is read.

    Args:
        labels: (N,) of the training images.
        config: of the stage.

    Raises:
        UsageError: more labels than there are, or indices of no such images.
        MissingInput: no file of indices.
        DamagedInput: a file that holds no list of whole numbers.
    """
    indices = _draw(labels, config) if config.indices is None else _listed(Path(config.indices), len(labels))
    return Drawn(indices, labels[indices])


def draw_from(encode: Stored, config: LabelledConfig) -> Drawn:
    """The labels that a stage may use, of the encoded training images; it gets to see no other.

    Raises:
        MissingInput: no labels, or of one class only.
        MnistaeError: as `draw_labels`.
    """
    if not can_be_classified(encode.manifest):
        raise MissingInput(
            f"{encode.folder} has no labels of two classes or more to learn from.",
            "Go on with mnistae cluster and mnistae label, or sort the images into class folders.",
        )
    return draw_labels(load_npy(encode.folder / "labels_train.npy"), config)


def can_be_classified(encoded: Manifest) -> bool:
    """Whether the encoded data set has training labels, and more than one class."""
    return "labels_train.npy" in encoded.files and len((encoded.dataset or {})["class_names"]) > 1


def _draw(labels: NDArray[np.uint8], config: LabelledConfig) -> NDArray[np.int64]:
    n = len(labels)
    order = np.random.default_rng(config.seed).permutation(n)
    if config.per_class is not None:
        return _draw_per_class(labels, order, config.per_class)
    n_drawn = config.labels if isinstance(config.labels, int) else max(round((config.labels or 0) * n), 1)
    if n_drawn > n:
        raise UsageError(f"--labels is {n_drawn}, and there are {n}.", f"Give at most {n}, or a share.")
    if not config.stratify:
        return np.sort(order[:n_drawn])
    classes, counts = np.unique(labels, return_counts=True)
    shares = counts * n_drawn / n
    quotas = np.floor(shares).astype(int)
    quotas[np.argsort(quotas - shares, kind="stable")[: n_drawn - quotas.sum()]] += 1
    return _firsts(labels, order, classes, quotas)


def _draw_per_class(labels: NDArray[np.uint8], order: NDArray[np.int64], per_class: int) -> NDArray[np.int64]:
    classes, counts = np.unique(labels, return_counts=True)
    if counts.min() < per_class:
        raise UsageError(
            f"--per-class is {per_class}, and class {classes[counts.argmin()]} has {counts.min()} training images.",
            f"Give at most {counts.min()}, or --labels.",
        )
    return _firsts(labels, order, classes, np.full(len(classes), per_class))


def _firsts(
    labels: NDArray[np.uint8], order: NDArray[np.int64], classes: NDArray[np.uint8], quotas: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The first images of each class in some order, as many as its quota."""
    parts = [order[labels[order] == each][:quota] for each, quota in zip(classes, quotas, strict=True)]
    return np.sort(np.concatenate(parts))


def _listed(path: Path, n: int) -> NDArray[np.int64]:
    indices = load_npy(path)
    if indices.ndim != 1 or indices.dtype.kind not in "iu" or not len(indices):
        raise DamagedInput(
            f"--indices {path}: shape {indices.shape}, dtype {indices.dtype}.",
            "Give whole numbers, (L,), at least one.",
        )
    if indices.min() < 0 or indices.max() >= n:
        wrong = indices[(indices < 0) | (indices >= n)][0]
        raise UsageError(f"--indices {path}: {wrong} is no training image.", f"Count them from 0 to {n - 1}.")
    if len(np.unique(indices)) < len(indices):
        raise UsageError(f"--indices {path} names an image twice.", "Name each once.")
    return np.sort(indices).astype(np.int64)
