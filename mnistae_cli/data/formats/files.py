"""One file as a data set or as unlabeled images. What it is, its content says, not its name."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from mnistae_cli.common import DamagedInput, Report, setting, silent
from mnistae_cli.data.formats import contents
from mnistae_cli.data.formats.archives import Archive
from mnistae_cli.data.formats.idx import from_idx
from mnistae_cli.data.formats.idx_folders import idx_beside, load_idx
from mnistae_cli.data.formats.named_arrays import NamedArrays, images_of, load_named
from mnistae_cli.data.formats.parquet import ParquetFiles
from mnistae_cli.data.formats.unpacked import Unpacked
from mnistae_cli.data.npy import load_npy
from mnistae_cli.data.preparing import Preparation
from mnistae_cli.data.sources import ImageSource, from_npy
from mnistae_cli.data.splits import Dataset, Images, Where, split_off
from mnistae_cli.settings import DEFAULT, ReadOptions

FILES = "an .npy, .npz, .mat, HDF5, CSV, Parquet or IDX file"
WITH_NAMES: Mapping[str, Callable[[Path, ReadOptions], NamedArrays]] = {
    contents.ZIP: Archive,
    contents.MATLAB: partial(Unpacked, "matlab", "a MATLAB file"),
    contents.HDF5: partial(Unpacked, "hdf5", "an HDF5 file"),
    contents.TEXT: partial(Unpacked, "csv_files", "a CSV file of images"),
}
"""What a file is → how its arrays are read."""


def from_file(where: Where, path: Path, reading: ReadOptions, report: Report, fixed: Preparation | None) -> Dataset:
    """The data set in a file; without a test split, one image in six is held out.

    Raises:
        DamagedInput: its content is not that of a data set.
    """
    kind = _checked_kind(path)
    if kind == contents.NPY:
        reading.refuse_keys(str(path))
        return split_off(where, Images(from_npy(path, transpose=reading.transpose), None), ())
    if kind in (contents.IDX_IMAGES, contents.IDX_LABELS):
        return load_idx(where, idx_beside(path), reading, report)
    if kind == contents.PARQUET:
        return ParquetFiles({"train": [path]}, reading).load(where, report, fixed)
    if kind in WITH_NAMES:
        return load_named(where, WITH_NAMES[kind](path, reading), reading, report)
    raise DamagedInput(f"{setting('dataset', path)} is one picture.", "Give a folder of pictures.")


def images_of_file(path: Path, reading: ReadOptions, report: Report) -> ImageSource:
    """Unlabeled images in a file of arrays, with numbers that are not checked yet."""
    kind = _checked_kind(path)
    if kind == contents.NPY:
        return from_npy(path, transpose=reading.transpose)
    if kind in WITH_NAMES:
        return images_of(WITH_NAMES[kind](path, reading), str(path), reading, report)
    if kind == contents.PARQUET:
        raise DamagedInput(f"{path} is a Parquet file.", "Give its images as a folder or an array.")
    return from_idx(path, reading)


def holds_arrays(path: Path) -> bool:
    """Whether a file is known to hold arrays, and is not a picture."""
    with suppress(OSError):
        return contents.kind_of(path) in (contents.NPY, contents.IDX_IMAGES, *WITH_NAMES)
    return False


def read_array(path: Path) -> NDArray[Any]:
    """The images in a file of arrays, (N, H, W); or what an `.npy` file holds, of any shape."""
    return load_npy(path) if contents.kind_of(path) == contents.NPY else images_of_file(path, DEFAULT, silent).load()


def _checked_kind(path: Path) -> str:
    """What a file is; `DamagedInput` if it cannot be a data set."""
    try:
        kind = contents.kind_of(path)
    except OSError as problem:
        raise DamagedInput(f"{path} cannot be read: {problem.strerror}.", "Check its permissions.") from None
    if kind == contents.EMPTY:
        raise DamagedInput(f"{path} is empty.", f"Give a folder of pictures, or {FILES}.")
    if kind == contents.UNKNOWN:
        with path.open("rb") as file:
            head = file.read(8)
        raise DamagedInput(
            f"{path} is not a file that can be read: it begins with {head!r}.",
            f"Give a folder of pictures, or {FILES}.",
        )
    if contents.is_gzip(path) and kind not in (contents.IDX_IMAGES, contents.IDX_LABELS, contents.TEXT):
        raise DamagedInput(f"{path} is a gzipped {kind} file.", "Unpack it with gunzip.")
    return kind
