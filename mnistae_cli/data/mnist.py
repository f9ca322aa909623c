"""Find MNIST on this machine, check its bytes, and download it."""

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from mnistae_cli.common import DamagedInput, Notice, Report, UsageError, in_home, setting, silent
from mnistae_cli.data.cache import user_cache
from mnistae_cli.data.downloads import fetch
from mnistae_cli.store import sha256_of

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
GZ = {
    "train-images-idx3-ubyte.gz": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "train-labels-idx1-ubyte.gz": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}
PLAIN = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
NPZ = {"mnist.npz": "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"}


@dataclass(frozen=True)
class Place:
    """A folder in which MNIST was looked for, and the state of its files: `sound`, `damaged` or `missing`."""

    folder: Path
    files: Mapping[str, str]
    state: str
    problem: str = ""


def cache_folder() -> Path:
    """The folder of downloaded data sets, for this user; `UsageError` without a home folder."""
    return user_cache() / "mnist"


def places(data_dir: str | None) -> list[Place]:
    """The folders in which MNIST may be, in the order of the search, with the state of its files."""
    given = [Path(data_dir)] if data_dir else []
    if given and not given[0].is_dir():
        raise UsageError(
            f"{setting('data_dir', data_dir)} is not a folder.", "Give the folder with the data set's files."
        )
    keras_home = in_home(os.environ.get("KERAS_HOME") or "~/.keras")
    folders = [*given, *_cache(), *([keras_home / "datasets"] if keras_home else [])]
    return [_inspect(folder) for folder in folders]


def _cache() -> list[Path]:
    """The cache folder, if there can be one."""
    with suppress(UsageError):
        return [cache_folder()]
    return []


def _inspect(folder: Path) -> Place:
    for files in (GZ, PLAIN, NPZ):
        if all(_is_there(folder / name) for name in files):
            for name, sha256 in files.items():
                if sha256_of(folder / name) != sha256:
                    return Place(folder, files, "damaged", f"{folder / name} does not have the sha256 of MNIST's file")
            return Place(folder, files, "sound")
    some = [name for name in GZ if _is_there(folder / name)]
    lacking = ", ".join(name for name in GZ if name not in some)
    return Place(folder, GZ, "missing", f"lacks {lacking}" if some else "")


def _is_there(path: Path) -> bool:
    with suppress(OSError):  # the folder may belong to another user
        return path.is_file()
    return False


def find(data_dir: str | None, report: Report = silent) -> Place | None:
    """The first folder that has MNIST, or None; `DamagedInput` if its files have the wrong content."""
    for place in places(data_dir):
        if place.state == "damaged":
            fetched = "Run: mnistae data --fetch mnist"
            raise DamagedInput(f"{place.problem}.", fetched if place.folder in _cache() else "Replace that file.")
        if place.state == "sound":
            return place
        if place.problem:
            report(Notice(f"MNIST is incomplete in {place.folder}: it {place.problem}"))
    what = "MNIST is not on this machine"
    if data_dir:
        lacking = (name for name in GZ if not (Path(data_dir) / name).is_file())
        what = f"{setting('data_dir', data_dir)} has no {', no '.join(lacking)}"
    report(Notice(f"{what}: downloading into {cache_folder()}"))
    return None


def fetch_all(report: Report = silent) -> Place:
    """Download MNIST's four files into the cache, except those that it has already."""
    try:
        folder = cache_folder()
    except UsageError as problem:
        raise UsageError(
            f"MNIST is not on this machine, and cannot be downloaded: {problem.parts[0]}",
            f"Name the folder of its files by {setting('data_dir')}, or set HOME to a folder where you may write.",
        ) from None
    for name, sha256 in GZ.items():
        fetch(name, sha256, MIRRORS, folder, report)
    return Place(folder, GZ, "sound")
