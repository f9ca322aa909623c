"""Read picture files as gray images."""

import io
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.common import DamagedInput, MissingInput
from mnistae_cli.data.preparing import AS_IT_IS, Preparation, Unframed

if TYPE_CHECKING:
    from PIL import Image

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".gif")
PICTURES = "PNG, JPEG, BMP, TIFF, WebP or GIF"
LIGHT, SHADES = 128, 16  # of 255: ink of one color that is lighter would vanish on white


def image_paths(folder: Path) -> list[str]:
    """The picture files directly in `folder`, sorted; as text: a million `Path`s would fill half a GiB."""
    return [os.path.join(folder, name) for name in sorted(_image_names(folder))]  # noqa: PTH118


def has_images(folder: Path) -> bool:
    """Whether `folder` directly holds a picture file."""
    return any(True for _ in _image_names(folder))


def _image_names(folder: Path) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for each in entries:
            with suppress(OSError):  # a link to itself
                if each.name.lower().endswith(IMAGE_SUFFIXES) and not each.name.startswith(".") and each.is_file():
                    yield each.name


def read_picture(path: Path) -> NDArray[Any]:
    """The gray levels of one picture file: see `gray_levels`."""
    try:
        if path.exists() and not path.is_file():
            raise DamagedInput(f"{path} is not a file.", f"Give {PICTURES}.")
        return gray_levels(path.read_bytes())
    except FileNotFoundError:
        raise MissingInput(f"{path} does not exist.", "Check the path.") from None
    except (OSError, ValueError) as problem:
        raise DamagedInput(f"{path} {unreadable(problem)}.", f"Give {PICTURES}.") from None


def read_gray(path: Path, preparation: Preparation = AS_IT_IS) -> NDArray[np.uint8]:
    """One picture file, prepared, (H, W) uint8; by default it keeps its size, and its range is found in it."""
    return prepare_file(path, read_picture(path), preparation)


def prepare_file(path: Path | str, levels: NDArray[Any], preparation: Preparation) -> NDArray[np.uint8]:
    """The gray levels of one file, prepared; `DamagedInput` if they cannot be framed."""
    try:
        return preparation.picture(levels)
    except Unframed as problem:
        raise DamagedInput(f"{path} {problem}.", "Give pictures that each show one symbol.") from None


def unreadable(problem: Exception) -> str:
    """What is wrong with a file that raised `problem`: the end of a sentence."""
    return f"cannot be read as an image: {getattr(problem, 'strerror', None) or problem}"


def gray_levels(content: bytes) -> NDArray[Any]:
    """The first picture in a file's bytes as gray levels (h, w) (ITU-R 601 luma): uint8, uint16 or float32.

    It is turned upright. Transparent pixels are white; but if the ink has one light color, the alpha is the picture.

    Raises:
        ValueError: it is not a picture, or its numbers are not gray levels.
    """
    if not content:
        raise ValueError("it is empty")
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(content)) as image:
            ImageOps.exif_transpose(image, in_place=True)
            if image.mode.startswith(("I", "F")):
                return _deep_levels(np.asarray(image))
            if "A" in image.getbands() or "transparency" in image.info:
                return _opaque_levels(image.convert("RGBA"))
            return np.asarray(image.convert("L"))
    except UnidentifiedImageError:
        raise ValueError("its format is unknown") from None
    except Image.DecompressionBombError:
        most = 2 * (Image.MAX_IMAGE_PIXELS or 0)
        raise ValueError(f"it has more than {most:,} pixels, too many for one symbol; cut it into parts") from None
    except Exception as problem:  # Pillow raises many kinds of errors for damaged files
        raise ValueError(str(problem) or type(problem).__name__) from None


def _deep_levels(levels: NDArray[Any]) -> NDArray[Any]:
    """Gray levels of more than 8 bits, as uint16, or as float32 if they are floats."""
    if not np.isfinite(levels).all() or levels.min() < 0 or levels.max() > 65535:
        raise ValueError(f"its gray levels are from {levels.min()} to {levels.max()}, not from 0 to 65535")
    return levels.astype(np.float32 if levels.dtype.kind == "f" else np.uint16)


def _opaque_levels(layer: "Image.Image") -> NDArray[np.uint8]:
    """Gray levels of a picture with alpha."""
    from PIL import Image

    colors, alpha = np.asarray(layer.convert("RGB").convert("L")), np.asarray(layer)[..., 3]
    visible = colors[alpha > 0]
    is_one_color = visible.size and visible.min() >= LIGHT and int(visible.max()) - int(visible.min()) <= SHADES
    if is_one_color and alpha.min() < alpha.max():
        return alpha.copy()
    return np.asarray(Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("L"))


def decode_files(
    paths: Sequence[str], preparation: Preparation, size: int, first: int = 0
) -> Iterator[NDArray[np.uint8]]:
    """Decode and prepare picture files in order, `size` at a time, from the number `first`. They get one shape."""
    shape = (preparation.height, preparation.width)
    for start in range(first, len(paths), size):
        batch = [read_gray(Path(path), preparation) for path in paths[start : start + size]]
        for path, image in zip(paths[start:], batch, strict=False):
            if image.shape != shape:
                raise DamagedInput(
                    f"{path} is {image.shape[0]}×{image.shape[1]}, but was {shape[0]}×{shape[1]} before.",
                    "Run again when nothing writes to it.",
                )
        yield np.stack(batch)
