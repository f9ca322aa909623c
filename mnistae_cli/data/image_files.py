"""Reading PNG, JPEG and BMP files as grey images, and opening images of every supported kind by their path."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.data.idx import from_idx
from mnistae_cli.data.sources import ImageSource, Pixels, from_npy
from mnistae_cli.errors import DamagedInput, MissingInput

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp")


def image_paths(folder: Path) -> list[Path]:
    """The PNG, JPEG and BMP files directly in `folder`, by name."""
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in IMAGE_SUFFIXES and path.is_file() and not path.name.startswith(".")
    )


def read_grey(path: Path) -> NDArray[np.uint8]:
    """One image file as grey levels, (H, W) uint8 (ITU-R 601 luma); transparency counts as white paper.

    Raises:
        MissingInput: no such file.
        DamagedInput: it is not an image.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(path) as image:
            upright = ImageOps.exif_transpose(image)
            if upright.mode.startswith(("I", "F")):  # 16-bit greys
                return (np.asarray(upright, np.float64).clip(0, 65535) / 257).round().astype(np.uint8)
            if "A" in upright.getbands() or "transparency" in upright.info:
                layer = upright.convert("RGBA")
                upright = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer)
            return np.asarray(upright.convert("L"))
    except FileNotFoundError:
        raise MissingInput(f"{path} is not there.", "Check the path.") from None
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError) as problem:
        raise DamagedInput(f"{path} cannot be read as an image: {problem}.", "Give PNG, JPEG or BMP.") from None


def from_files(paths: Sequence[Path]) -> ImageSource:
    """Image files of one size, in the given order. They are read when they are needed."""
    height, width = read_grey(paths[0]).shape

    def batches(size: int, first: int = 0) -> Iterator[Pixels]:
        for start in range(first, len(paths), size):
            batch = [read_grey(path) for path in paths[start : start + size]]
            for path, image in zip(paths[start:], batch, strict=False):
                if image.shape != (height, width):
                    raise DamagedInput(
                        f"{path} is {image.shape[0]}×{image.shape[1]}, {paths[0]} is {height}×{width}.",
                        "Bring all images of a data set to one size.",
                    )
            yield np.stack(batch)

    return ImageSource(len(paths), height, width, batches, str(paths[0].parent), tuple(paths))


def open_images(path: Path) -> ImageSource:
    """Unlabelled images: a folder or one image file, a `.npy` array, or an IDX file.

    Raises:
        MissingInput: nothing at `path`, or a folder without images.
        DamagedInput: not images of one size.
    """
    if path.is_dir():
        paths = image_paths(path)
        if not paths:
            raise MissingInput(f"{path} holds no PNG, JPEG or BMP file.", "Name a folder with images in it.")
        return from_files(paths)
    if path.suffix.lower() in IMAGE_SUFFIXES:
        return from_files([path])
    if path.suffix == ".npy":
        return from_npy(path)
    if "idx3" in path.name:
        return from_idx(path)
    if not path.exists():
        raise MissingInput(f"{path} is not there.", "Check the path.")
    raise DamagedInput(f"{path} is none of: folder, PNG, JPEG, BMP, .npy, IDX.", "Give one of these.")
