"""Read PNG, JPEG and BMP files as gray images."""

import io
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.common import DamagedInput, MissingInput

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp")


def image_paths(folder: Path) -> list[str]:
    """The PNG, JPEG and BMP files directly in `folder`, sorted; as text: a million `Path`s would fill half a GiB."""
    return [os.path.join(folder, name) for name in sorted(_image_names(folder))]  # noqa: PTH118


def has_images(folder: Path) -> bool:
    """Whether `folder` directly holds a PNG, JPEG or BMP file."""
    return any(True for _ in _image_names(folder))


def _image_names(folder: Path) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for each in entries:
            if each.name.lower().endswith(IMAGE_SUFFIXES) and not each.name.startswith(".") and each.is_file():
                yield each.name


def read_gray(path: Path) -> NDArray[np.uint8]:
    """One image file as gray levels, (H, W) uint8 (ITU-R 601 luma); transparent pixels become white."""
    try:
        return gray_levels(path.read_bytes())
    except FileNotFoundError:
        raise MissingInput(f"{path} does not exist.", "Check the path.") from None
    except (OSError, ValueError) as problem:
        raise DamagedInput(f"{path} {unreadable(problem)}.", "Give PNG, JPEG or BMP.") from None


def unreadable(problem: Exception) -> str:
    """What is wrong with a file that raised `problem`: the end of a sentence."""
    return f"cannot be read as an image: {getattr(problem, 'strerror', None) or problem}"


def gray_levels(content: bytes) -> NDArray[np.uint8]:
    """The gray levels of an image file's bytes: see `read_gray`; `ValueError` if it is not an image."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(content)) as image:
            upright: Image.Image = image
            ImageOps.exif_transpose(image, in_place=True)
            if upright.mode.startswith(("I", "F")):  # 16-bit gray levels
                return (np.asarray(upright, np.float64).clip(0, 65535) / 257).round().astype(np.uint8)
            if "A" in upright.getbands() or "transparency" in upright.info:
                layer = upright.convert("RGBA")
                upright = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer)
            return np.asarray(upright.convert("L"))
    except UnidentifiedImageError:
        raise ValueError("its format is unknown") from None
    except Exception as problem:  # Pillow raises many kinds of errors for damaged files
        raise ValueError(str(problem) or type(problem).__name__) from None


def decode_files(
    paths: Sequence[str], shape: tuple[int, int], size: int, first: int = 0
) -> Iterator[NDArray[np.uint8]]:
    """Decode image files, which must have one shape, in order, `size` at a time, from the number `first`."""
    for start in range(first, len(paths), size):
        batch = [read_gray(Path(path)) for path in paths[start : start + size]]
        for path, image in zip(paths[start:], batch, strict=False):
            if image.shape != shape:
                raise DamagedInput(
                    f"{path} is {image.shape[0]}×{image.shape[1]}, but the others are {shape[0]}×{shape[1]}.",
                    "Scale all images to one size.",
                )
        yield np.stack(batch)
