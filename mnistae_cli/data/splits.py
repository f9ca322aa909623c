"""A data set: training and test images of one size, and their labels if there are any."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.common import DamagedInput, Notice, Report
from mnistae_cli.data.labels import Labels, number_labels
from mnistae_cli.data.preparing import Preparation
from mnistae_cli.data.sources import ImageSource
from mnistae_cli.store import DataRecord, see

SPLIT_NAMES = {
    "train": ("train", "training", "tr"),
    "test": ("test", "testing", "te", "t10k"),
    "val": ("val", "valid", "validation", "dev"),
}
"""Split → the names of its folder, its file or its array, in lower case."""
HELD_OUT = 6  # without a test split, one image in six is held out, about as in MNIST


@dataclass(frozen=True)
class Images:
    """Images and, if they are known, their labels.

    Args:
        pixels: N images (H, W).
        labels: (N,) uint8, numbers of classes from 0, 255 for an image without a label; None if none are known.
    """

    pixels: ImageSource
    labels: Labels | None


LabeledSplits = tuple[list[Images], tuple[str, ...]]
"""Splits, and the name of each class."""


@dataclass(frozen=True)
class Where:
    """Where a data set comes from.

    Args:
        name: a short name for titles.
        source: the value of `--dataset` that finds it again: a known name, or an absolute path.
        location: the folder or file that it is read from.
        files: what `store.see` returned for it before it was read; empty if there are no files.
    """

    name: str
    source: str
    location: str
    files: Mapping[str, Any] = field(default_factory=dict)

    def with_files(self, names: Sequence[str] = (), endings: Sequence[str] = ()) -> "Where":
        """The same place, with its files as they are now.

        Args:
            names: the files of the data set, if they are known.
            endings: else the endings of their names.
        """
        return replace(self, files=see(Path(self.location), names, endings))


@dataclass(frozen=True)
class Dataset:
    """Training and test images of one size.

    Args:
        where: where it comes from.
        train: images to learn from.
        test: images that are not used to choose anything.
        class_names: the name of each class, in the order of the labels; empty without labels.
        n_skipped: number of damaged pictures that are left out.
        trusted: whether the sizes in the headers of its files were trusted.
        kept: the file that lists the images to use; empty if all are used.
        keys: the names of the arrays in its file, if the user gave them.
        preparation: how the images were brought to their size and range; None if they were not yet.
    """

    where: Where
    train: Images
    test: Images
    class_names: tuple[str, ...]
    n_skipped: int = 0
    trusted: bool = False
    kept: str = ""
    keys: tuple[str, ...] = ()
    preparation: Preparation | None = None

    def splits(self) -> tuple[tuple[str, Images], tuple[str, Images]]:
        """`train` and `test`, each with its images."""
        return ("train", self.train), ("test", self.test)

    def record(self, labels: bool) -> DataRecord:
        """The record of the data in a manifest: names, sizes, and the sha256 of what a stage may read.

        Args:
            labels: whether the stage may read the labels; if not, they are not even hashed.
        """
        fingerprints = {"train_images": self.train.pixels.sha256(), "test_images": self.test.pixels.sha256()}
        if labels:
            fingerprints["class_names"] = hashlib.sha256(json.dumps(self.class_names).encode()).hexdigest()
            for split, images in self.splits():
                if images.labels is not None:
                    fingerprints[f"{split}_labels"] = hashlib.sha256(images.labels.tobytes()).hexdigest()
        return DataRecord(
            **asdict(self.where),
            n_train=self.train.pixels.n,
            n_test=self.test.pixels.n,
            height=self.train.pixels.height,
            width=self.train.pixels.width,
            n_skipped=self.n_skipped,
            trusted=self.trusted,
            kept=self.kept,
            keys=",".join(self.keys),
            preparation=self.preparation.as_record() if self.preparation else None,
            class_names=list(self.class_names) if labels else [],
            sha256=fingerprints,
        )


def split_of(word: str) -> str:
    """The split that a name stands for: `train`, `test`, `val`, or nothing."""
    return next((split for split, names in SPLIT_NAMES.items() if word.lower() in names), "")


def tell_validation(split: object, has_test: bool, report: Report) -> None:
    """Say what becomes of a validation split: it is the test split of a data set that has no other."""
    report(Notice(f"the validation split {split} is {'left out' if has_test else 'used as the test split'}"))


def with_labels(
    pixels: Sequence[ImageSource], labels: Sequence[NDArray[Any] | None], origin: str, names: Sequence[str] = ()
) -> LabeledSplits:
    """Splits with their labels in any form, and the names of the classes: see `number_labels`."""
    numbers, class_names = number_labels(labels, [each.n for each in pixels], origin, names)
    return [Images(each, known) for each, known in zip(pixels, numbers, strict=True)], class_names


def held_out(n: int, origin: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Training and test indices of `n` images: the same for every seed, so that seeds can be compared."""
    if n < 2:
        what = "one image" if n else "no image"
        raise DamagedInput(f"{origin} has {what}.", "Give at least two: one for training, one for the test.")
    order = np.random.default_rng(0).permutation(n)
    n_test = max(n // HELD_OUT, 1)
    return np.sort(order[n_test:]), np.sort(order[:n_test])


def split_off(where: Where, images: Images, class_names: tuple[str, ...]) -> Dataset:
    """Make a data set: one image in six is held out as its test split."""
    train, test = (
        Images(images.pixels.take(part), None if images.labels is None else images.labels[part])
        for part in held_out(images.pixels.n, where.location)
    )
    return Dataset(where, train, test, class_names)


def from_splits(
    where: Where, train: Images, test: Images | None, class_names: tuple[str, ...], report: Report
) -> Dataset:
    """Make a data set of two splits; without `test`, or if it is empty, a test split is taken from `train`."""
    if test is not None and test.pixels.n and train.pixels.n:
        return Dataset(where, train, test, class_names)
    if test is not None and train.pixels.n:
        report(Notice(f"the test split of {where.location} is empty: one image in {HELD_OUT} is held out instead"))
    return split_off(where, train, class_names)
