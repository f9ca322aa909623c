"""Images that are not in a data set, by their path."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from mnistae_cli.common import DamagedInput, MissingInput, Report, silent
from mnistae_cli.data.formats import contents
from mnistae_cli.data.formats.files import images_of_file
from mnistae_cli.data.image_files import IMAGE_SUFFIXES, PICTURES, image_paths, read_gray
from mnistae_cli.data.packing import open_pictures
from mnistae_cli.data.preparing import AS_IT_IS, Preparation
from mnistae_cli.data.sources import ImageSource, from_array
from mnistae_cli.data.surveying import for_arrays, survey_array
from mnistae_cli.settings import DEFAULT, ReadOptions


def open_images(
    path: Path, reading: ReadOptions = DEFAULT, report: Report = silent, fixed: Preparation | None = None
) -> ImageSource:
    """Open unlabeled images: a folder, one picture file, or a file of arrays.

    Args:
        path: the folder or file; a folder is read in the order of file names.
        reading: how images are read, and what is refused.
        report: listener, for the decoding of pictures.
        fixed: how an earlier stage brought images to their size and range; by default that is measured.

    Raises:
        MissingInput: `path` does not exist, or is a folder without images.
        DamagedInput: it does not hold images.
    """
    if path.is_dir():
        paths = image_paths(path)
        if not paths:
            raise MissingInput(f"{path} holds no {PICTURES} file.", "Give a folder with images in it.")
        images, _ = open_pictures(path, paths, reading, report, fixed=fixed).part(np.arange(len(paths)))
        return images
    if not path.exists():
        raise MissingInput(f"{path} does not exist.", "Check the path.")
    if not path.is_file():
        raise DamagedInput(f"{path} is neither a folder nor a file.", "Give a folder or a file.")
    if path.suffix.lower() in IMAGE_SUFFIXES or contents.kind_of(path) == contents.PICTURE:
        return from_array(read_gray(path, fixed or AS_IT_IS)[None], str(path))
    if fixed and fixed.transposed_arrays:
        reading = replace(reading, transpose=True)
    images = images_of_file(path, reading, report)
    if not images.n:
        raise DamagedInput(f"{path} holds no image.", "Give at least one.")
    return (for_arrays(fixed, images) if fixed else survey_array(images, reading)[0]).source(images)
