"""A data set: training and test images of one size, and their labels if there are any."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.common import DamagedInput
from mnistae_cli.data.sources import ImageSource
from mnistae_cli.store import DataRecord, see

Labels = NDArray[np.uint8]

HELD_OUT = 6  # without a test split, one image in six is held out, about as in MNIST


@dataclass(frozen=True)
class Images:
    """Images and, if they are known, their labels.

    Args:
        pixels: N images (H, W).
        labels: (N,) uint8 from 0; None if they are not known.
    """

    pixels: ImageSource
    labels: Labels | None


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
    """

    where: Where
    train: Images
    test: Images
    class_names: tuple[str, ...]
    n_skipped: int = 0
    trusted: bool = False
    kept: str = ""

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
            class_names=list(self.class_names) if labels else [],
            sha256=fingerprints,
        )


def with_labels(pixels: ImageSource, labels: NDArray[Any] | None, origin: str) -> Images:
    """Images with their labels, if there are any: one whole number from 0 to 255 for each image."""
    if labels is None:
        return Images(pixels, None)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.shape != (pixels.n,):
        raise DamagedInput(
            f"{origin} has labels of shape {labels.shape} for {pixels.n} images.", "Give one label per image."
        )
    if labels.dtype.kind not in "iu" or labels.min() < 0 or labels.max() > 255:
        raise DamagedInput(
            f"{origin} has labels that are not whole numbers from 0 to 255.", "Number the classes from 0."
        )
    return Images(pixels, labels.astype(np.uint8))


def class_names_of(*splits: Images | None) -> tuple[str, ...]:
    """The numbers of the classes as names; empty without labels."""
    known = [images.labels for images in splits if images is not None and images.labels is not None]
    return tuple(str(value) for value in range(max(int(labels.max()) for labels in known) + 1)) if known else ()


def held_out(n: int, origin: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Training and test indices of `n` images: the same for every seed, so that seeds can be compared."""
    if n < 2:
        raise DamagedInput(f"{origin} has {n} image.", "Give at least two: one for training, one for the test.")
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


def from_splits(where: Where, train: Images, test: Images | None, class_names: tuple[str, ...]) -> Dataset:
    """Make a data set of two splits of one image size; without `test`, a test split is taken from `train`."""
    if test is None:
        return split_off(where, train, class_names)
    sizes = [(images.pixels.height, images.pixels.width) for images in (train, test)]
    if sizes[0] != sizes[1]:
        raise DamagedInput(
            f"{where.location} has training images of {sizes[0][0]}×{sizes[0][1]}, "
            f"but test images of {sizes[1][0]}×{sizes[1][1]}.",
            "Scale all images to one size.",
        )
    return Dataset(where, train, test, class_names)
