"""Load a `Dataset` by name or path, from this machine or from the internet."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np

from mnistae_cli.common import DamagedInput, MissingInput, MnistaeError, Report, UsageError, setting, silent
from mnistae_cli.data import mnist
from mnistae_cli.data.archives import Archive
from mnistae_cli.data.folders import from_folder
from mnistae_cli.data.idx import from_idx, read_idx_labels
from mnistae_cli.data.image_files import IMAGE_SUFFIXES
from mnistae_cli.data.kept import keep_only
from mnistae_cli.data.sources import from_array, from_npy
from mnistae_cli.data.splits import Dataset, Images, Where, class_names_of, from_splits, split_off, with_labels
from mnistae_cli.settings import DEFAULT, ReadOptions, suggestion
from mnistae_cli.store import DataRecord, Stored, command_again

KNOWN = ("mnist", "digits")
ENDINGS = (*IMAGE_SUFFIXES, "ubyte", "ubyte.gz")  # of the files in a folder that can be a data set's


def load_dataset(
    name: str, data_dir: str | None = None, report: Report = silent, reading: ReadOptions = DEFAULT
) -> Dataset:
    """The data set `name`: `mnist`, `digits`, or a path.

    Args:
        name: a word, or the path of an `.npz`, an `.npy`, or a folder of IDX files or images.
        data_dir: folder in which known data sets are looked for first.
        report: listener, for downloads and the decoding of pictures.
        reading: which images are used, and what is refused.

    Raises:
        UsageError: neither a known name nor a path.
        MissingInput: it is not on this machine, and cannot be downloaded.
        DamagedInput: its content is wrong, and `reading` does not allow it.
    """
    data = replace(_loaded(name, data_dir, report, reading), trusted=reading.trust_sizes)
    return keep_only(data, Path(reading.kept)) if reading.kept else data


def _loaded(name: str, data_dir: str | None, report: Report, reading: ReadOptions) -> Dataset:
    if name == "digits":
        return _digits()
    if name == "mnist":
        return _mnist(mnist.find(data_dir, report) or mnist.fetch_all(report))
    path = Path(name).resolve()
    where = Where(path.stem, str(path), str(path)).with_files(endings=ENDINGS)
    if path.is_dir():
        return from_folder(where, path, reading, report)
    if path.suffix == ".npz" and path.is_file():
        return _archive(where, Archive(path, reading), report)
    if path.suffix == ".npy" and path.is_file():
        return split_off(where, Images(from_npy(path), None), ())
    if path.exists():
        raise DamagedInput(
            f"{setting('dataset', name)} is not a data set.",
            "Give a folder, an .npz or an .npy file; for IDX files, their folder.",
        )
    if os.sep in name or path.suffix:
        raise MissingInput(f"{setting('dataset', name)} does not exist.", "Check the path.")
    raise UsageError(
        f"{setting('dataset', name)} is not a known data set, and not an existing path.{suggestion(name, KNOWN)}",
        f"Known: {', '.join(KNOWN)}, or a PATH.",
    )


def data_folder(name: str) -> Path | None:
    """The folder that `--dataset` names, if it is one."""
    return Path(name).resolve() if name not in KNOWN and Path(name).is_dir() else None


def load_recorded(
    record: DataRecord, data_dir: str | None, report: Report = silent, reading: ReadOptions = DEFAULT
) -> Dataset:
    """Load the data set of a `Dataset.record`, from `data_dir` or from its recorded place.

    What was allowed at the time of the record is allowed again, and also what `reading` allows.
    """
    location = record.location if Path(record.location).is_dir() else None
    allowed = ReadOptions(
        skip_damaged=reading.skip_damaged or bool(record.n_skipped),
        trust_sizes=reading.trust_sizes or record.trusted,
        kept=reading.kept or record.kept or None,
    )
    return load_dataset(record.source, data_dir or location, report, allowed)


def load_encoded(encode: Stored, data_dir: str | None, report: Report = silent) -> Dataset:
    """Load the data set that `encode` recorded; `MissingInput` if its images are gone or have changed."""
    # If a picture was damaged since, the images have changed, and `as_encoded` says so.
    record = encode.manifest.data
    return as_encoded(load_recorded(record, data_dir, report, ReadOptions(skip_damaged=True)), encode)


def as_encoded(data: Dataset, encode: Stored) -> Dataset:
    """Return `data` if its images are those that `encode` recorded; otherwise raise `MissingInput`."""
    record = encode.manifest.data
    if has_other_images(data, record):
        raise MissingInput(
            f"the data set {record.source} has changed since it was encoded.",
            f"Run again: {command_again(encode.folder.parent, 'encode')}",
        )
    return data


def has_other_images(data: Dataset, record: DataRecord) -> bool:
    """Whether the bytes of any image differ from those of a `Dataset.record`; labels are not compared."""
    return any(images.pixels.sha256() != record.sha256[f"{split}_images"] for split, images in data.splits())


def compare_data(record: DataRecord) -> str:
    """Say which parts of a data set have other bytes than in its record; empty if none have.

    It is looked for only at its recorded place, and never downloaded.
    """
    lacking = [name for name in record.files["names"] if not (Path(record.location) / name).is_file()]
    if lacking:
        return f"{', '.join(lacking)} is gone from {record.location}"
    try:
        now = load_recorded(record, None).record(labels=record.has_labels).sha256
    except MnistaeError as problem:
        return f"its data set cannot be read any more: {problem.problem.removesuffix('.')}"
    before = record.sha256
    differ = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    return f"{', '.join(differ)} of {record.location} changed" if differ else ""


def _mnist(place: mnist.Place) -> Dataset:
    where = Where("mnist", "mnist", str(place.folder.resolve())).with_files(tuple(place.files))
    if place.files is mnist.NPZ:
        return _archive(where, Archive(place.folder / "mnist.npz"), silent)
    train_images, train_labels, test_images, test_labels = (place.folder / name for name in place.files)
    train = with_labels(from_idx(train_images), read_idx_labels(train_labels), str(train_labels))
    test = with_labels(from_idx(test_images), read_idx_labels(test_labels), str(test_labels))
    return Dataset(where, train, test, class_names_of(train, test))


def _digits() -> Dataset:
    from sklearn.datasets import load_digits

    digits = load_digits()
    pixels = from_array((digits.images / 16).astype(np.float32), "digits")  # 17 gray levels
    where = Where("digits", "digits", "scikit-learn")
    return split_off(where, with_labels(pixels, digits.target, "digits"), tuple("0123456789"))


def _archive(where: Where, archive: Archive, report: Report) -> Dataset:
    """An `.npz` in Keras' layout: `x_train` and perhaps `y_train`, `x_test`, `y_test`."""
    names = archive.names()
    if "x_train" not in names:
        raise DamagedInput(
            f"{where.location} has no array x_train, only: {', '.join(names) or 'none'}.",
            "Save the images under the name x_train.",
        )

    def images(split: str) -> Images:
        labels = archive.array(f"y_{split}") if f"y_{split}" in names else None
        return with_labels(archive.images(f"x_{split}", report), labels, f"{where.location}, {split}")

    train, test = images("train"), images("test") if "x_test" in names else None
    return from_splits(where, train, test, class_names_of(train, test))
