"""A folder as a data set: IDX files, or image files with or without class folders."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.common import DamagedInput, MissingInput, Notice, Report
from mnistae_cli.data.idx import from_idx, read_idx_labels
from mnistae_cli.data.image_files import has_images, image_paths
from mnistae_cli.data.packing import Pictures, open_pictures
from mnistae_cli.data.splits import Dataset, Images, Where, class_names_of, from_splits, held_out, with_labels
from mnistae_cli.settings import ReadOptions


def from_folder(where: Where, folder: Path, reading: ReadOptions, report: Report) -> Dataset:
    """Load the data set in a folder: IDX files, or pictures. Either all or no pictures are in class folders."""
    idx_train, idx_test = (_idx_split(folder, prefix, reading) for prefix in ("train", "t10k|test"))
    if idx_train:
        return from_splits(where, idx_train, idx_test, class_names_of(idx_train, idx_test))
    if (folder / "train").is_dir() and (folder / "test").is_dir():
        class_names = tuple(sorted({*_class_folders(folder / "train"), *_class_folders(folder / "test")}))
        train, test = (_listed(folder / split, class_names) for split in ("train", "test"))
        paths, labels, n = train[0] + test[0], np.concatenate([train[1], test[1]]), len(train[0])
        parts = np.arange(n), np.arange(n, len(paths))
    else:
        class_names = _class_folders(folder)
        paths, labels = _listed(folder, class_names)
        # Damaged ones are drawn too, so that the split of an image does not depend on other images.
        parts = held_out(len(paths), where.location)
    left_out = _n_visible(folder) - len(paths)
    if left_out:
        report(Notice(f"{left_out} files in {folder} are left out: not PNG, JPEG or BMP, or in a folder too deep"))
    pictures = open_pictures(folder, paths, reading, report)
    train_images, test_images = (_images_of(pictures, labels, part, folder) for part in parts)
    return Dataset(where, train_images, test_images, class_names, n_skipped=len(pictures.damaged))


def _images_of(pictures: Pictures, labels: NDArray[np.int16], part: NDArray[np.int64], folder: Path) -> Images:
    images, left = pictures.part(part)
    if not len(left):
        raise DamagedInput(f"{folder}: all {len(part)} images of a split are damaged.", "Repair them.")
    return Images(images, None if labels[left[0]] < 0 else labels[left].astype(np.uint8))


def _n_visible(folder: Path) -> int:
    """The number of files in a folder and its subfolders whose names do not begin with a dot."""
    return sum(not name.startswith(".") for _, _, names in os.walk(folder) for name in names)


def _idx_split(folder: Path, prefix: str, reading: ReadOptions) -> Images | None:
    """The `train-images-idx3-ubyte` of a folder, with dots or dashes, `.gz` or not, and its labels."""
    found: dict[str, Path] = {}
    pattern = re.compile(rf"(?:{prefix})[-.](images[-.]idx3|labels[-.]idx1)[-.]ubyte(?:\.gz)?")
    with os.scandir(folder) as entries:
        files = [each.name for each in entries if each.is_file()]
    matches = sorted((match[0], match[1][:6]) for each in files if (match := pattern.fullmatch(each)))
    for name, kind in matches:
        found.setdefault(kind, folder / name)
    if "images" not in found:
        return None
    labels = read_idx_labels(found["labels"], reading) if "labels" in found else None
    return with_labels(from_idx(found["images"], reading), labels, str(found.get("labels")))


def _class_folders(folder: Path) -> tuple[str, ...]:
    with os.scandir(folder) as entries:
        names = tuple(sorted(each.name for each in entries if each.is_dir() and has_images(Path(each.path))))
    if len(names) > 256:
        raise DamagedInput(f"{folder} holds {len(names)} class folders.", "Give at most 256 classes.")
    return names


def _listed(folder: Path, class_names: Sequence[str]) -> tuple[list[str], NDArray[np.int16]]:
    """The image files of a folder, and the class number of each; -1 if there are no classes."""
    flat = image_paths(folder)
    by_class = [image_paths(folder / name) if (folder / name).is_dir() else [] for name in class_names]
    sizes = [len(paths) for paths in by_class]
    if flat and any(sizes):
        classed = class_names[int(np.argmax(sizes))]
        raise DamagedInput(
            f"{folder} holds both images ({Path(flat[0]).name}) and class folders ({classed}).",
            "Sort all images into class folders, or none.",
        )
    if not flat and not any(sizes):
        raise MissingInput(
            f"{folder} and its subfolders hold no train-images-idx3-ubyte, and no PNG, JPEG or BMP file.",
            "Name a folder of images.",
        )
    if flat:
        return flat, np.full(len(flat), -1, np.int16)
    return [path for paths in by_class for path in paths], np.repeat(np.arange(len(sizes), dtype=np.int16), sizes)
