"""Images that are not in a data set, by their path."""

from pathlib import Path

import numpy as np

from mnistae_cli.common import DamagedInput, MissingInput, Report, silent
from mnistae_cli.data.idx import from_idx
from mnistae_cli.data.image_files import IMAGE_SUFFIXES, image_paths, read_gray
from mnistae_cli.data.packing import open_pictures
from mnistae_cli.data.sources import ImageSource, from_array, from_npy
from mnistae_cli.settings import DEFAULT, ReadOptions


def open_images(path: Path, reading: ReadOptions = DEFAULT, report: Report = silent) -> ImageSource:
    """Open unlabeled images: a folder or one image file, a `.npy` array, or an IDX file.

    Args:
        path: the folder or file; a folder is read in the order of file names.
        reading: what is refused.
        report: listener, for the decoding of pictures.

    Raises:
        MissingInput: `path` does not exist, or is a folder without images.
        DamagedInput: it does not hold images of one size.
    """
    if path.is_dir():
        paths = image_paths(path)
        if not paths:
            raise MissingInput(f"{path} holds no PNG, JPEG or BMP file.", "Give a folder with images in it.")
        images, _ = open_pictures(path, paths, reading, report).part(np.arange(len(paths)))
        return images
    if path.suffix.lower() in IMAGE_SUFFIXES:
        return from_array(read_gray(path)[None], str(path))
    if path.suffix == ".npy":
        return from_npy(path)
    if "idx3" in path.name:
        return from_idx(path, reading)
    if not path.exists():
        raise MissingInput(f"{path} does not exist.", "Check the path.")
    raise DamagedInput(f"{path} is not a folder, PNG, JPEG, BMP, .npy or IDX file.", "Give one of these.")
