"""Where images come from: a data set's name or path → `Dataset`, found on this machine or fetched."""

import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistae_cli import mnist
from mnistae_cli.checked import suggestion
from mnistae_cli.errors import DamagedInput, MissingInput, UsageError
from mnistae_cli.npy import load_npz
from mnistae_cli.progress import Notice, Report, silent
from mnistae_cli.sources import (
    ImageSource,
    from_array,
    from_files,
    from_idx,
    from_npy,
    image_paths,
    read_idx_labels,
)

Labels = NDArray[np.uint8]

KNOWN = ("mnist", "digits")
HELD_OUT = 6  # one image in six is the test split of a data set that has none, as in MNIST


@dataclass(frozen=True)
class Images:
    """Images and, where they are known, their labels, (N,) uint8."""

    pixels: ImageSource
    labels: Labels | None


@dataclass(frozen=True)
class Where:
    """Where a data set comes from.

    Args:
        name: what to call it.
        source: what finds it again as `--dataset`: a known name, or an absolute path.
        location: the folder or file it was read from.
    """

    name: str
    source: str
    location: str


@dataclass(frozen=True)
class Dataset:
    """Training and test images of one size.

    Args:
        class_names: one per label value, in order; empty without labels.
    """

    where: Where
    train: Images
    test: Images
    class_names: tuple[str, ...]

    def splits(self) -> tuple[tuple[str, Images], tuple[str, Images]]:
        """`train` and `test`, each with its images."""
        return ("train", self.train), ("test", self.test)

    def record(self, labels: bool) -> dict[str, Any]:
        """What a manifest says of the data: names, sizes, and the sha256 of what a stage may look at.

        Args:
            labels: whether that includes the labels; a stage without labels does not even hash them.
        """
        fingerprints = {"train_images": self.train.pixels.sha256(), "test_images": self.test.pixels.sha256()}
        record: dict[str, Any] = {
            **asdict(self.where),
            "n_train": self.train.pixels.n,
            "n_test": self.test.pixels.n,
            "height": self.train.pixels.height,
            "width": self.train.pixels.width,
        }
        if labels:
            record["class_names"] = list(self.class_names)
            for split, images in self.splits():
                if images.labels is not None:
                    fingerprints[f"{split}_labels"] = hashlib.sha256(images.labels.tobytes()).hexdigest()
        return record | {"sha256": fingerprints}


def load_dataset(name: str, data_dir: str | None = None, report: Report = silent) -> Dataset:
    """The data set `name`: `mnist`, `digits`, or a path.

    Raises:
        UsageError: neither a known name nor a path.
        MissingInput: not on this machine and not to be fetched.
        DamagedInput: there, and not what it should be.
    """
    if name == "digits":
        return _digits()
    if name == "mnist":
        return _mnist(mnist.find(data_dir, report) or mnist.fetch_all(report))
    path = Path(name).resolve()
    where = Where(path.stem, str(path), str(path))
    if path.is_dir():
        return _folder(where, path, report)
    if path.suffix == ".npz" and path.is_file():
        return _archive(where, load_npz(path))
    if path.suffix == ".npy" and path.is_file():
        return _split(where, Images(from_npy(path), None), ())
    if path.exists():
        raise DamagedInput(
            f"--dataset {name} is no data set.", "Give a folder, an .npz or an .npy file; for IDX files, their folder."
        )
    if os.sep in name or path.suffix:
        raise MissingInput(f"--dataset {name}: there is nothing at that path.", "Check the path.")
    raise UsageError(
        f"--dataset {name}: no such data set or path.{suggestion(name, KNOWN)}",
        f"Known: {', '.join(KNOWN)}, or a PATH.",
    )


def load_recorded(record: Mapping[str, Any], data_dir: str | None, report: Report = silent) -> Dataset:
    """The data set that a manifest's `Dataset.record` names, looked for where it was."""
    there = record["location"] if Path(record["location"]).is_dir() else None
    return load_dataset(record["source"], data_dir or there, report)


def load_encoded(record: Mapping[str, Any], data_dir: str | None, report: Report = silent) -> Dataset:
    """The data set of a record by `encode`, with the images that it encoded.

    Raises:
        MissingInput: they are gone, or others are in their place.
    """
    data = load_recorded(record, data_dir, report)
    if any(images.pixels.sha256() != record["sha256"][f"{split}_images"] for split, images in data.splits()):
        raise MissingInput(f"the data set {record['source']} has changed since it was encoded.", "Run: mnistae encode")
    return data


def _mnist(place: mnist.Place) -> Dataset:
    where = Where("mnist", "mnist", str(place.folder.resolve()))
    if place.files is mnist.NPZ:
        return _archive(where, load_npz(place.folder / "mnist.npz"))
    train_images, train_labels, test_images, test_labels = (place.folder / name for name in place.files)
    train = _labelled(from_idx(train_images), read_idx_labels(train_labels), str(train_labels))
    test = _labelled(from_idx(test_images), read_idx_labels(test_labels), str(test_labels))
    return Dataset(where, train, test, _class_names(train, test))


def _digits() -> Dataset:
    from sklearn.datasets import load_digits

    digits = load_digits()
    pixels = from_array((digits.images / 16).astype(np.float32), "digits")  # 17 grey levels
    where = Where("digits", "digits", "scikit-learn")
    return _split(where, _labelled(pixels, digits.target, "digits"), tuple("0123456789"))


def _labelled(pixels: ImageSource, labels: NDArray[Any] | None, origin: str) -> Images:
    if labels is None:
        return Images(pixels, None)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.shape != (pixels.n,):
        raise DamagedInput(
            f"{origin}: labels of shape {labels.shape} for {pixels.n} images.", "Give one label per image."
        )
    if labels.dtype.kind not in "iu" or labels.min() < 0 or labels.max() > 255:
        raise DamagedInput(f"{origin}: labels that are not whole numbers from 0 to 255.", "Number the classes from 0.")
    return Images(pixels, labels.astype(np.uint8))


def _class_names(*splits: Images | None) -> tuple[str, ...]:
    known = [images.labels for images in splits if images is not None and images.labels is not None]
    return tuple(str(value) for value in range(max(int(labels.max()) for labels in known) + 1)) if known else ()


def _held_out(n: int, origin: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Training and test indices: the same for every seed, so that seeds can be compared."""
    if n < 2:
        raise DamagedInput(f"{origin}: {n} image.", "Give at least two, one to train on and one to test with.")
    order = np.random.default_rng(0).permutation(n)
    n_test = max(n // HELD_OUT, 1)
    return np.sort(order[n_test:]), np.sort(order[:n_test])


def _split(where: Where, images: Images, class_names: tuple[str, ...]) -> Dataset:
    train, test = (
        Images(images.pixels.take(part), None if images.labels is None else images.labels[part])
        for part in _held_out(images.pixels.n, where.location)
    )
    return Dataset(where, train, test, class_names)


def _of_splits(where: Where, train: Images, test: Images | None, class_names: tuple[str, ...]) -> Dataset:
    if test is None:
        return _split(where, train, class_names)
    sizes = [(images.pixels.height, images.pixels.width) for images in (train, test)]
    if sizes[0] != sizes[1]:
        raise DamagedInput(
            f"{where.location}: training images of {sizes[0][0]}×{sizes[0][1]}, "
            f"test images of {sizes[1][0]}×{sizes[1][1]}.",
            "Bring all images to one size.",
        )
    return Dataset(where, train, test, class_names)


def _archive(where: Where, arrays: Mapping[str, NDArray[Any]]) -> Dataset:
    """An `.npz` in Keras' layout: `x_train` and, where there are any, `y_train`, `x_test`, `y_test`."""
    if "x_train" not in arrays:
        raise DamagedInput(
            f"{where.location} holds {', '.join(arrays) or 'nothing'}, no x_train.", "Name the images x_train."
        )

    def images(split: str) -> Images:
        origin = f"{where.location}, {split}"
        return _labelled(from_array(arrays[f"x_{split}"], origin), arrays.get(f"y_{split}"), origin)

    train, test = images("train"), images("test") if "x_test" in arrays else None
    return _of_splits(where, train, test, _class_names(train, test))


def _folder(where: Where, folder: Path, report: Report) -> Dataset:
    idx_train, idx_test = _idx_split(folder, "train"), _idx_split(folder, "t10k|test")
    if idx_train:
        return _of_splits(where, idx_train, idx_test, _class_names(idx_train, idx_test))
    if (folder / "train").is_dir() and (folder / "test").is_dir():
        class_names = tuple(sorted({*_class_folders(folder / "train"), *_class_folders(folder / "test")}))
        parts = [_listed(folder / split, class_names) for split in ("train", "test")]
    else:
        class_names = _class_folders(folder)
        listed = _listed(folder, class_names)
        parts = [[listed[i] for i in part] for part in _held_out(len(listed), where.location)]
    visible = [each for each in folder.rglob("*") if each.is_file() and not each.name.startswith(".")]
    left_out = len(visible) - sum(map(len, parts))
    if left_out:
        report(Notice(f"{left_out} files in {folder} are left out: not PNG, JPEG or BMP, or too deep"))
    train, test = (_images_of(part) for part in parts)
    return _of_splits(where, train, test, class_names)


def _idx_split(folder: Path, prefix: str) -> Images | None:
    """The `train-images-idx3-ubyte` of a folder (dots and dashes vary, `.gz` or not) with its labels."""
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        match = re.fullmatch(rf"(?:{prefix})[-.](images[-.]idx3|labels[-.]idx1)[-.]ubyte(?:\.gz)?", path.name)
        if match:
            found.setdefault(match[1][:6], path)
    if "images" not in found:
        return None
    labels = read_idx_labels(found["labels"]) if "labels" in found else None
    return _labelled(from_idx(found["images"]), labels, str(found.get("labels")))


def _class_folders(folder: Path) -> tuple[str, ...]:
    names = tuple(sorted(path.name for path in folder.iterdir() if path.is_dir() and image_paths(path)))
    if len(names) > 256:
        raise DamagedInput(f"{folder} holds {len(names)} class folders.", "At most 256 classes are counted.")
    return names


def _listed(folder: Path, class_names: Sequence[str]) -> list[tuple[Path, int]]:
    """The image files of a folder, each with its class number, -1 where there are no classes."""
    flat = image_paths(folder)
    by_class = [
        (path, number)
        for number, name in enumerate(class_names)
        if (folder / name).is_dir()
        for path in image_paths(folder / name)
    ]
    if flat and by_class:
        raise DamagedInput(
            f"{folder} holds both images ({flat[0].name}) and class folders ({by_class[0][0].parent.name}).",
            "Sort all images into class folders, or none.",
        )
    if not flat and not by_class:
        raise MissingInput(
            f"{folder} holds no train-images-idx3-ubyte, and no PNG, JPEG or BMP file at most one folder down.",
            "Name a folder of images.",
        )
    return by_class or [(path, -1) for path in flat]


def _images_of(listed: Sequence[tuple[Path, int]]) -> Images:
    labels = np.array([number for _, number in listed])
    source = from_files([path for path, _ in listed])
    return Images(source, None if labels[0] < 0 else labels.astype(np.uint8))
