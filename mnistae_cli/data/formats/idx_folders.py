"""Which IDX files belong together: images and labels, training and test, under any of the usual names."""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from mnistae_cli.common import DamagedInput, Report, setting
from mnistae_cli.data.formats import contents
from mnistae_cli.data.formats.idx import from_idx, read_idx_labels
from mnistae_cli.data.splits import SPLIT_NAMES, Dataset, Where, from_splits, split_of, tell_validation, with_labels
from mnistae_cli.settings import ReadOptions

MOST_LEVELS = 2  # MNIST/raw/train-images-idx3-ubyte, or a folder with the name of the file in it
SPLITS = "|".join(name for names in SPLIT_NAMES.values() for name in sorted(names, key=len, reverse=True))
# For example emnist-letters-train-images-idx3-ubyte.gz, t10k-images.idx3-ubyte, train-labels.idx1.
NAME = re.compile(
    rf"(?:(?P<set>.*?)[-_. ])??(?:(?P<split>{SPLITS})[-_. ])?(?P<part>images|labels)[-_. ]*(?:idx[123])?[-_. ]*"
    r"(?:ubyte|int)?(?:\.idx[13]?)?(?:\.gz)?",
    re.IGNORECASE,
)
PART = re.compile("images|labels", re.IGNORECASE)  # a quick look: a folder may hold a million other files


@dataclass
class IdxFiles:
    """The IDX files of one data set: split → part, `images` or `labels` → file."""

    name: str
    splits: dict[str, dict[str, Path]] = field(default_factory=dict)

    def has_images(self) -> bool:
        """Whether there are images of any split."""
        return any("images" in parts for parts in self.splits.values())


def find_idx(folder: Path) -> list[IdxFiles]:
    """The sets of IDX files in a folder and up to two levels below, each with images."""
    found: dict[tuple[Path, str], IdxFiles] = {}
    for path in _files_below(folder, MOST_LEVELS):
        named = NAME.fullmatch(path.name)
        if named and _is_idx(path):
            # On Kaggle each file is in a folder of its name.
            place = path.parent.parent if NAME.fullmatch(path.parent.name) else path.parent
            name = named["set"] or ("" if place == folder else str(place.relative_to(folder)))
            files = found.setdefault((place, (named["set"] or "").lower()), IdxFiles(name))
            files.splits.setdefault(split_of(named["split"] or "train"), {}).setdefault(named["part"].lower(), path)
    return [each for each in found.values() if each.has_images()]


def idx_beside(path: Path) -> IdxFiles:
    """The IDX files that belong to one of them, which the user named; or only that one if its name is unusual."""
    named = NAME.fullmatch(path.name)
    own = named["set"] or "" if named else None
    folder = path.parent.parent if NAME.fullmatch(path.parent.name) else path.parent
    beside = next((each for each in find_idx(folder) if each.name == own), None)
    return beside or IdxFiles(path.name, {"train": {"images": path}})


def load_idx(where: Where, files: IdxFiles, reading: ReadOptions, report: Report) -> Dataset:
    """The data set in some IDX files.

    Raises:
        DamagedInput: a file is damaged, or labels do not fit.
    """
    reading.refuse_keys(where.location)
    train = next(split for split in ("train", "test", "val") if "images" in files.splits.get(split, {}))
    test = next((split for split in ("test", "val") if split != train and "images" in files.splits.get(split, {})), "")
    if "val" not in (train, test) and "images" in files.splits.get("val", {}):
        tell_validation(files.splits["val"]["images"], True, report)
    parts = [files.splits[each] for each in (train, test) if each]
    pixels = [from_idx(each["images"], reading) for each in parts]
    labels = [read_idx_labels(each["labels"], reading) if "labels" in each else None for each in parts]
    images, class_names = with_labels(pixels, labels, where.location)
    return from_splits(where, images[0], images[1] if test else None, class_names, report)


def one_set(found: Sequence[IdxFiles], folder: Path) -> IdxFiles:
    """The only set of IDX files in a folder; `DamagedInput` if there are several."""
    if len(found) > 1:
        first = next(parts["images"] for parts in found[0].splits.values() if "images" in parts)
        raise DamagedInput(
            f"{folder} holds several data sets: {', '.join(each.name or 'no name' for each in found)}.",
            f"Name the images of one: {setting('dataset', first)}",
        )
    return found[0]


def _files_below(folder: Path, levels: int) -> Iterator[Path]:
    with suppress(OSError), os.scandir(folder) as listed:
        entries = sorted(listed, key=lambda each: each.name)
        for each in entries:
            with suppress(OSError):  # a link to itself
                if PART.search(each.name) and each.is_file():
                    yield Path(each.path)
                elif levels and not each.name.startswith(".") and each.is_dir():
                    yield from _files_below(Path(each.path), levels - 1)


def _is_idx(path: Path) -> bool:
    """Whether a file is an IDX file; a damaged one with a name that says so is one too."""
    if "idx" in path.name.lower() or "ubyte" in path.name.lower():
        return True
    with suppress(OSError):
        return contents.kind_of(path) in (contents.IDX_IMAGES, contents.IDX_LABELS)
    return False
