"""A folder as a data set: IDX files, Parquet files, or pictures with or without class folders."""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.common import DamagedInput, MissingInput, Notice, Report, setting
from mnistae_cli.data.formats.idx_folders import find_idx, load_idx, one_set
from mnistae_cli.data.formats.parquet import ParquetFiles, find_parquet
from mnistae_cli.data.image_files import IMAGE_SUFFIXES, PICTURES, has_images, image_paths
from mnistae_cli.data.labels import MOST_CLASSES
from mnistae_cli.data.packing import Pictures, open_pictures
from mnistae_cli.data.preparing import Preparation
from mnistae_cli.data.splits import Dataset, Images, Where, held_out, split_of, tell_validation
from mnistae_cli.settings import ReadOptions

# Folders that programs make beside pictures, in lower case; also every one whose name begins with a dot.
MACHINE_MADE = (
    *("__macosx", "@eadir", "@tmp", "@recycle", "#recycle", "#snapshot", "$recycle.bin", "recycler"),
    *("__pycache__", "lost+found", "system volume information"),
)
LISTED = 5  # names in a message


def from_folder(where: Where, folder: Path, reading: ReadOptions, report: Report, fixed: Preparation | None) -> Dataset:
    """Load the data set in a folder. Either all or no pictures are in class folders, also inside of split folders.

    Raises:
        MissingInput: it holds no images.
        DamagedInput: it holds both pictures and class folders; or files are damaged.
    """
    idx = find_idx(folder)
    if idx:
        return load_idx(where, one_set(idx, folder), reading, report)
    splits, unused = _split_folders(folder, report)
    if not splits:
        parquet = find_parquet(folder)
        if parquet and not has_images(folder):
            return ParquetFiles(parquet, reading).load(where, report, fixed)
    reading.refuse_keys(str(folder))
    found = _classes(list(splits.values()) or [folder])
    paths, labels = _listed(list(splits.values()) or [folder], found)
    if not any(map(len, paths)):
        raise _no_pictures(folder)
    _tell_left_out(folder, [each for part in paths for each in part], unused, report)
    return _open(where, folder, paths, labels, found, reading, report, fixed)


def _open(
    where: Where,
    folder: Path,
    paths: Sequence[Sequence[str]],
    labels: Sequence[NDArray[np.int16]],
    class_names: tuple[str, ...],
    reading: ReadOptions,
    report: Report,
    fixed: Preparation | None,
) -> Dataset:
    """The data set of these files, one list for each split; if there is one, a test split is taken from it."""
    every, numbers, n = [each for part in paths for each in part], np.concatenate(labels), len(paths[0])
    # Damaged ones are drawn too, so that the split of an image does not depend on other images.
    parts = (np.arange(n), np.arange(n, len(every))) if len(paths) > 1 else held_out(n, where.location)
    pictures = open_pictures(folder, every, reading, report, training=parts[0], fixed=fixed)
    train, test = (_images_of(pictures, numbers, part, folder) for part in parts)
    return Dataset(where, train, test, class_names, n_skipped=len(pictures.damaged), preparation=pictures.preparation)


def _images_of(pictures: Pictures, labels: NDArray[np.int16], part: NDArray[np.int64], folder: Path) -> Images:
    images, left = pictures.part(part)
    if not len(left):
        raise DamagedInput(f"{folder}: all {len(part)} images of a split are damaged.", "Repair them.")
    return Images(images, None if labels[left[0]] < 0 else labels[left].astype(np.uint8))


def is_machine_made(name: str) -> bool:
    """Whether a folder of this name is made by a program, and holds no class."""
    return name.startswith(".") or name.lower() in MACHINE_MADE


def _subfolders(folder: Path) -> list[Path]:
    """The folders directly in a folder that a person has made, sorted."""
    with os.scandir(folder) as entries:
        return sorted(Path(each.path) for each in entries if not is_machine_made(each.name) and _is_folder(each))


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    with suppress(OSError):  # a link to itself
        return entry.is_dir()
    return False


def _split_folders(folder: Path, report: Report) -> tuple[dict[str, Path], list[Path]]:
    """The folders of the training and the test split, if the folder holds nothing else with pictures; unused ones."""
    holders = [each for each in _subfolders(folder) if _holds_pictures(each)]
    splits: dict[str, Path] = {}
    for each in holders:
        splits.setdefault(split_of(each.name), each)
    if "train" not in splits or "" in splits or len(splits) < len(holders) or has_images(folder):
        return {}, []
    if "val" in splits:
        tell_validation(splits["val"], "test" in splits, report)
        splits.setdefault("test", splits["val"])
    used: dict[str, Path] = {name: splits[name] for name in ("train", "test") if name in splits}
    return used, [each for each in splits.values() if each not in used.values()]


def _holds_pictures(folder: Path) -> bool:
    return has_images(folder) or any(map(has_images, _subfolders(folder)))


def _classes(roots: Sequence[Path]) -> tuple[str, ...]:
    """The names of the class folders in the folders of all splits, sorted."""
    names = tuple(sorted({each.name for root in roots for each in _subfolders(root) if has_images(each)}))
    if len(names) > MOST_CLASSES:
        raise DamagedInput(
            f"{roots[0]} holds {len(names):,} class folders, and at most {MOST_CLASSES} classes can be told apart.",
            "Put all pictures into one folder to use them without labels, or give fewer classes.",
        )
    return names


def _listed(roots: Sequence[Path], class_names: Sequence[str]) -> tuple[list[list[str]], list[NDArray[np.int16]]]:
    """For each split, the picture files, and the class number of each; -1 if there are no classes."""
    paths, labels = list[list[str]](), list[NDArray[np.int16]]()
    for root in roots:
        flat = image_paths(root)
        if flat and class_names and not any((root / name).is_dir() for name in class_names):
            raise DamagedInput(
                f"{root} holds images without class folders ({Path(flat[0]).name}), but another split has them "
                f"({_some(class_names)}).",
                "Sort the images of all splits into class folders, or none.",
            )
        if flat and class_names:
            raise DamagedInput(
                f"{root} holds both images ({Path(flat[0]).name}) and class folders ({_some(class_names)}).",
                "Sort all images into class folders, or none.",
            )
        by_class = [image_paths(root / name) if (root / name).is_dir() else [] for name in class_names]
        sizes = [len(each) for each in by_class]
        paths.append(flat or [each for part in by_class for each in part])
        labels.append(
            np.full(len(flat), -1, np.int16) if flat else np.repeat(np.arange(len(sizes), dtype=np.int16), sizes)
        )
    return paths, labels


def _tell_left_out(folder: Path, used: Sequence[str], told: Sequence[Path], report: Report) -> None:
    """Say which files and folders of a folder are not used, except those folders that were `told` already."""
    by_folder = Counter(map(os.path.dirname, used))  # a million `Path`s would take seconds
    n_used, n_visible, made = 0, 0, set[str]()
    for root, folders, names in os.walk(folder):
        made |= {each for each in folders if is_machine_made(each)}
        folders[:] = [each for each in folders if not is_machine_made(each) and Path(root, each) not in told]
        n_visible += sum(not name.startswith(".") for name in names)
        n_used += by_folder[root]
    if n_visible > n_used:
        report(Notice(f"{n_visible - n_used} files in {folder} are left out: not {PICTURES}, or in a folder too deep"))
    if made:
        report(Notice(f"folders that programs made in {folder} are left out: {_some(sorted(made))}"))


def _no_pictures(folder: Path) -> MissingInput:
    """The error about a folder without pictures, which names what it does hold."""
    below = [each for each in _subfolders(folder) if _holds_pictures(each)]
    if below:
        return MissingInput(
            f"{folder} holds no pictures; class folders or splits are in {_some([f'{each.name}/' for each in below])}.",
            f"Name that folder: {setting('dataset', below[0])}",
        )
    seen = _endings(folder)
    what = ", ".join(f"{count:,} {ending} files" for ending, count in seen.items()) or "nothing"
    if any(ending in IMAGE_SUFFIXES for ending in seen):
        return MissingInput(
            f"{folder} holds no pictures, except in folders that are too deep: {what}.", "Name a folder above them."
        )
    return MissingInput(
        f"{folder} holds no {PICTURES} file and no IDX files, but {what}.", "Name a folder of images, or one file."
    )


def _endings(folder: Path) -> Mapping[str, int]:
    """The commonest endings of the files in a folder and below, with their numbers."""
    counts: dict[str, int] = {}
    for _, folders, names in os.walk(folder):
        folders[:] = [each for each in folders if not is_machine_made(each)]
        for name in names:
            if not name.startswith("."):
                ending = os.path.splitext(name)[1].lower() or "other"  # noqa: PTH122
                counts[ending] = counts.get(ending, 0) + 1
    commonest = sorted(counts, key=lambda ending: -counts[ending])[:LISTED]
    return {ending: counts[ending] for ending in commonest}


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:LISTED]) + (", …" if len(names) > LISTED else "")
