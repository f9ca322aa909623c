"""A folder as a data set: IDX files, or image files in class folders or flat."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mnistae_cli.data.idx import from_idx, read_idx_labels
from mnistae_cli.data.image_files import from_files, image_paths
from mnistae_cli.data.splits import Dataset, Images, Where, class_names_of, held_out, labelled, of_splits
from mnistae_cli.errors import DamagedInput, MissingInput
from mnistae_cli.progress import Notice, Report


def from_folder(where: Where, folder: Path, report: Report) -> Dataset:
    """Load the data set in a folder.

    Raises:
        MissingInput: no images in it.
        DamagedInput: images of several sizes, or both flat and in class folders.
    """
    idx_train, idx_test = _idx_split(folder, "train"), _idx_split(folder, "t10k|test")
    if idx_train:
        return of_splits(where, idx_train, idx_test, class_names_of(idx_train, idx_test))
    if (folder / "train").is_dir() and (folder / "test").is_dir():
        class_names = tuple(sorted({*_class_folders(folder / "train"), *_class_folders(folder / "test")}))
        parts = [_listed(folder / split, class_names) for split in ("train", "test")]
    else:
        class_names = _class_folders(folder)
        listed = _listed(folder, class_names)
        parts = [[listed[i] for i in part] for part in held_out(len(listed), where.location)]
    visible = [each for each in folder.rglob("*") if each.is_file() and not each.name.startswith(".")]
    left_out = len(visible) - sum(map(len, parts))
    if left_out:
        report(Notice(f"{left_out} files in {folder} are left out: they are not PNG, JPEG or BMP, or too deep"))
    train, test = (_images_of(part) for part in parts)
    return of_splits(where, train, test, class_names)


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
    return labelled(from_idx(found["images"]), labels, str(found.get("labels")))


def _class_folders(folder: Path) -> tuple[str, ...]:
    names = tuple(sorted(path.name for path in folder.iterdir() if path.is_dir() and image_paths(path)))
    if len(names) > 256:
        raise DamagedInput(f"{folder} holds {len(names)} class folders.", "Give at most 256 classes.")
    return names


def _listed(folder: Path, class_names: Sequence[str]) -> list[tuple[Path, int]]:
    """The image files of a folder, each with its class number; -1 if there are no classes."""
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
