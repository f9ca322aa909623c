"""Load a `Dataset` by name or path, from this machine or from the internet."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np

from mnistae_cli.common import DamagedInput, MissingInput, MnistaeError, Notice, Report, UsageError, setting, silent
from mnistae_cli.data import mnist
from mnistae_cli.data.folders import from_folder
from mnistae_cli.data.formats.archives import Archive
from mnistae_cli.data.formats.files import from_file
from mnistae_cli.data.formats.idx import from_idx, read_idx_labels
from mnistae_cli.data.formats.named_arrays import load_named
from mnistae_cli.data.image_files import IMAGE_SUFFIXES
from mnistae_cli.data.kept import keep_only
from mnistae_cli.data.preparing import Preparation
from mnistae_cli.data.sources import from_array
from mnistae_cli.data.splits import Dataset, Where, split_off, with_labels
from mnistae_cli.data.surveying import for_arrays, survey_array, told_mixture
from mnistae_cli.settings import DEFAULT, ReadOptions, suggestion
from mnistae_cli.store import DataRecord, Stored, command_again

KNOWN = ("mnist", "digits")
EMNIST = "emnist"
# Of the files in a folder that can be a data set's.
ENDINGS = (*IMAGE_SUFFIXES, "ubyte", ".gz", "idx", "idx1", "idx3", ".parquet")


def load_dataset(
    name: str,
    data_dir: str | None = None,
    report: Report = silent,
    reading: ReadOptions = DEFAULT,
    fixed: Preparation | None = None,
) -> Dataset:
    """The data set `name`: `mnist`, `digits`, or a path.

    Args:
        name: a word, or the path of a file of arrays, or of a folder of IDX files or pictures.
        data_dir: folder in which known data sets are looked for first.
        report: listener, for downloads and the decoding of pictures, and for what was found out about the images.
        reading: which images are used, how they are read, and what is refused.
        fixed: how an earlier stage brought images to their size and range; by default that is measured.

    Raises:
        UsageError: neither a known name nor a path.
        MissingInput: it is not on this machine, and cannot be downloaded.
        DamagedInput: its content is wrong, and `reading` does not allow it.
    """
    if fixed and fixed.transposed_arrays:
        reading = replace(reading, transpose=True)
    data = _loaded(name, data_dir, report, reading, fixed)
    data = replace(_prepared(data, report, reading, fixed), trusted=reading.trust_sizes, keys=reading.keys)
    if not fixed and data.preparation and not data.preparation.changes_images and reading.polarity != "auto":
        for line in told_mixture(data.train.pixels):
            report(Notice(line))
    return keep_only(data, Path(reading.kept)) if reading.kept else data


def _loaded(
    name: str, data_dir: str | None, report: Report, reading: ReadOptions, fixed: Preparation | None
) -> Dataset:
    if name == "digits":
        return _digits()
    if name == "mnist":
        return _mnist(mnist.find(data_dir, report) or mnist.fetch_all(report))
    path = Path(name).resolve()
    where = Where(path.stem, str(path), str(path)).with_files(endings=ENDINGS)
    if path.is_dir():
        return from_folder(where, path, reading, report, fixed)
    if path.is_file():
        return from_file(where, path, reading, report, fixed)
    if path.exists():
        raise DamagedInput(f"{setting('dataset', name)} is neither a folder nor a file.", "Give a folder or a file.")
    if os.sep in name or path.suffix:
        raise MissingInput(f"{setting('dataset', name)} does not exist.", "Check the path.")
    raise UsageError(
        f"{setting('dataset', name)} is not a known data set, and not an existing path.{suggestion(name, KNOWN)}",
        f"Known: {', '.join(KNOWN)}, or a PATH.",
    )


def _prepared(data: Dataset, report: Report, reading: ReadOptions, fixed: Preparation | None) -> Dataset:
    """Bring the images of both splits to one size and range, as measured on the training images."""
    if data.preparation:
        return data  # pictures are prepared while they are decoded
    pixels = data.train.pixels
    preparation, told = (for_arrays(fixed, pixels), []) if fixed else survey_array(pixels, reading)
    if EMNIST in pixels.origin.lower() and not reading.transpose and not fixed:
        told.append(f"EMNIST's images lie on their side: {setting('transpose', True)} turns them upright")
    for line in told:
        report(Notice(line))
    train = replace(data.train, pixels=preparation.source(pixels))
    test = replace(data.test, pixels=for_arrays(preparation, data.test.pixels).source(data.test.pixels))
    sizes = [(each.pixels.height, each.pixels.width) for each in (train, test)]
    if sizes[0] != sizes[1]:
        raise DamagedInput(
            f"{data.where.location} has training images of {sizes[0][0]}×{sizes[0][1]}, "
            f"but test images of {sizes[1][0]}×{sizes[1][1]}.",
            f"Bring all to one size, for example with {setting('frame', 'pad')}.",
        )
    return replace(data, train=train, test=test, preparation=preparation)


def data_folder(name: str) -> Path | None:
    """The folder that `--dataset` names, if it is one."""
    return Path(name).resolve() if name not in KNOWN and Path(name).is_dir() else None


def load_recorded(
    record: DataRecord, data_dir: str | None, report: Report = silent, reading: ReadOptions = DEFAULT
) -> Dataset:
    """Load the data set of a `Dataset.record`, from `data_dir` or from its recorded place.

    Its images are prepared as at that time. What was allowed then is allowed again, and also what `reading` allows.
    """
    location = record.location if Path(record.location).is_dir() else None
    allowed = replace(
        reading,
        keys=tuple(record.keys.split(",")) if record.keys else reading.keys,
        skip_damaged=reading.skip_damaged or bool(record.n_skipped),
        trust_sizes=reading.trust_sizes or record.trusted,
        kept=reading.kept or record.kept or None,
    )
    return load_dataset(record.source, data_dir or location, report, allowed, preparation_of(record))


def preparation_of(record: DataRecord) -> Preparation:
    """How the images of a `Dataset.record` were prepared."""
    return Preparation.from_record(record.preparation or {})


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
        return load_named(where, Archive(place.folder / "mnist.npz"), DEFAULT, silent)
    train_images, train_labels, test_images, test_labels = (place.folder / name for name in place.files)
    pixels, labels = [from_idx(train_images), from_idx(test_images)], map(read_idx_labels, (train_labels, test_labels))
    (train, test), class_names = with_labels(pixels, list(labels), where.location)
    return Dataset(where, train, test, class_names)


def _digits() -> Dataset:
    from sklearn.datasets import load_digits

    digits = load_digits()
    pixels = from_array((digits.images / 16).astype(np.float32), "digits")  # 17 gray levels
    (images,), class_names = with_labels([pixels], [digits.target], "digits")
    return split_off(Where("digits", "digits", "scikit-learn"), images, class_names)
