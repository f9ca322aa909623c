"""How images become the pixels that a network sees: their range, polarity and frame. `train` records it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self, cast

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.common import DamagedInput
from mnistae_cli.data.framing import Frame, center_of_mass, frame_image
from mnistae_cli.data.polarity import ground_level, has_ink, is_light_ink
from mnistae_cli.data.ranges import FULL_FLOATS, ROUNDING, Pixels, as_bytes, full_range, full_ranges, scaled, top_of
from mnistae_cli.data.sources import ImageSource, unit_scale
from mnistae_cli.settings import PAD

MOST_ASPECT = 20  # the longer side of a picture that can be framed, in shorter sides
MNIST_BOX = 20 / 28  # of the side: MNIST's digits
KEEP, LIGHT = "keep", "light-on-dark"
UNSCALED = {"uint8": 255.0, "uint16": 65535.0, "float32": 1.0}
"""The full ranges of pictures: as earlier versions read them."""


class Unframed(ValueError):
    """A picture that cannot be framed; the end of a sentence says why."""


@dataclass(frozen=True)
class Preparation:
    """How images become pixels of one size, range and polarity.

    Args:
        frame: pad, ink or stretch; empty if images keep their size.
        height, width: of an image afterwards; 0 if they are not known.
        polarity: keep, dark-on-light or light-on-dark.
        margin: of a padded picture, on each side, in pixels.
        transpose: whether the axes of each picture are swapped.
        transposed_arrays: whether those of arrays were, by their reader; photos are not.
        tops: dtype of the pixels in the files → the value that is white; the full range if it is not there.
        asked: the settings `frame`, `side` and `polarity` that led to it.
    """

    frame: str = ""
    height: int = 0
    width: int = 0
    polarity: str = KEEP
    margin: int = 0
    transpose: bool = False
    transposed_arrays: bool = False
    tops: Mapping[str, float] = field(default_factory=dict)
    asked: tuple[str | None, int | None, str | None] = (None, None, None)

    @classmethod
    def from_record(cls, recorded: Mapping[str, Any]) -> Self:
        """The preparation in a manifest; images of earlier versions were not prepared."""
        found = {"tops": UNSCALED, "asked": (None, None, None), **recorded}
        return cls(**{**found, "asked": tuple(found["asked"])})

    def as_record(self) -> dict[str, Any]:
        """What a manifest holds."""
        return {**asdict(self), "asked": list(self.asked)}

    @property
    def changes_images(self) -> bool:
        """Whether images are framed or inverted."""
        return bool(self.frame) or self.polarity != KEEP

    def note(self) -> str:
        """What the hash of prepared picture files must include; empty if they are as in the files."""
        plain = Preparation().as_record()  # what is not in it may be added later
        decides = {name: value for name, value in self.as_record().items() if value != plain[name] and name != "asked"}
        full = all(top == UNSCALED.get(name) for name, top in self.tops.items())
        return "" if full and not self.changes_images and not self.transpose else json.dumps(decides)

    def gives_same_pixels(self, other: Self) -> bool:
        """Whether another preparation gives the same pixels."""
        return (self.note(), self.height, self.width) == (other.note(), other.height, other.width)

    def described(self) -> str:
        """How images are framed, the end of a sentence."""
        margin = f", with a margin of {self.margin} pixels" if self.margin else ""
        ways = {
            PAD: f"whole, on their own ground{margin}",
            "ink": "cropped to their ink, centered by its mass",
            "stretch": "stretched in both directions",
        }
        return ways.get(self.frame, "as they are")

    def recorded_top(self, dtype: np.dtype[Any], highest: float) -> float | None:
        """The value that was white in the training images, if these numbers are on the same scale; otherwise None."""
        if dtype.kind == "b":
            return FULL_FLOATS
        are_unit = dtype.kind == "f" and highest <= FULL_FLOATS + ROUNDING
        tops = {name: top for name, top in self.tops.items() if np.dtype(name).kind != "b"}
        if are_unit:  # 0 to 1, even if others are from 0 to 255
            return max(
                (top for name, top in tops.items() if name.startswith("float") and top <= FULL_FLOATS), default=None
            )
        alike = [top for name, top in tops.items() if name.startswith("float") == (dtype.kind == "f")]
        others = [top for top in tops.values() if top > FULL_FLOATS]
        return tops.get(dtype.name, max(alike or others, default=None))

    def top(self, levels: NDArray[Any]) -> float:
        """The value that is white in a picture. If a pixel is above the recorded one, the picture has another range."""
        highest = float(levels.max(initial=0))
        recorded = self.recorded_top(levels.dtype, highest)
        if recorded is not None and highest <= recorded * (1 if recorded in full_ranges(levels.dtype) else 2):
            return recorded  # above a range that was found in other images a pixel is white
        if levels.dtype == np.uint8 or levels.dtype.kind == "f":  # one picture may be faint
            return next((full for full in full_ranges(levels.dtype) if highest <= full), highest)
        return top_of(highest, levels.dtype)

    def picture(self, levels: NDArray[Any]) -> NDArray[np.uint8]:
        """The gray levels (h, w) of a picture, of any dtype → (H, W) uint8.

        Raises:
            Unframed: nothing is drawn on it, or it is too long.
        """
        image = as_bytes(levels.T if self.transpose else levels, self.top(levels))
        return _to_bytes(self.framed(unit_scale(image))) if self.changes_images else image

    def framed(self, image: NDArray[np.float32]) -> NDArray[np.float32]:
        """An image (h, w) in [0, 1] → (H, W) in [0, 1], in the polarity and the frame.

        Raises:
            Unframed: nothing is drawn on it, or it is too long.
        """
        if self.frame and max(image.shape) > MOST_ASPECT * min(image.shape):
            raise Unframed(f"is {image.shape[0]}×{image.shape[1]}: its aspect ratio is above {MOST_ASPECT}")
        if not has_ink(image):
            if self.frame:
                raise Unframed("has no ink: all its pixels are about equal")
            is_wrong = self.polarity != KEEP and (float(image.mean()) < 0.5) != (self.polarity == LIGHT)
            return 1 - image if is_wrong else image
        light = None if self.polarity == KEEP else self.polarity == LIGHT
        if light is not None and is_light_ink(image) != light:
            image = 1 - image
        if not self.frame:
            return image
        shape = (self.height, self.width)
        if self.frame == "stretch":
            return _resized(image, *shape)
        if self.frame == PAD:
            return _padded(image, *shape, self.margin, ground_level(image, light), light is not None)
        return self._by_ink(image, light)

    def _by_ink(self, image: NDArray[np.float32], light: bool | None) -> NDArray[np.float32]:
        light = is_light_ink(image) if light is None else light
        # With a margin of ground, the border shows the ground also if the picture was cut out without one.
        image = np.pad(image, 2, constant_values=ground_level(image, light))
        box = round(min(self.height, self.width) * MNIST_BOX)
        frame = Frame(self.height, self.width, box, 0.0, (self.height - 1) / 2, (self.width - 1) / 2, light)
        try:
            return frame_image(image, frame, "it")
        except DamagedInput:
            raise Unframed("has no ink: only dirt is drawn on it") from None

    def source(self, images: ImageSource) -> ImageSource:
        """Images of one size, with numbers of any range → the pixels that a network sees.

        Raises (when they are read):
            DamagedInput: a pixel is outside of the range.
        """
        first, origin, rows = next(images.batches(1)), images.origin, images.rows
        top = self.tops.get(first.dtype.name, full_range(first.dtype))
        if first.dtype == np.uint8 and top == full_range(first.dtype) and not self.changes_images:
            return images

        def change(batch: NDArray[Any], number: int) -> Pixels:
            numbers = number if rows is None else rows[number : number + len(batch)]
            pixels = scaled(batch, top, origin, numbers)
            if not self.changes_images:
                return pixels
            framed = [self._in_its_place(each, f"an image of {origin}") for each in pixels]
            return cast(Pixels, np.stack(framed))

        height, width = (self.height, self.width) if self.frame else (images.height, images.width)
        return images.changed(change, height, width)

    def _in_its_place(self, image: NDArray[Any], name: str) -> NDArray[Any]:
        """An image of an array, where none can be left out: without ink it becomes even ground."""
        unit = unit_scale(image)
        if self.frame and not has_ink(unit):
            framed = np.full((self.height, self.width), unit.mean(), np.float32)
        else:
            try:
                framed = self.framed(unit)
            except Unframed as problem:
                raise DamagedInput(f"{name} {problem}.", "Give images that can be framed.") from None
        return _to_bytes(framed) if image.dtype == np.uint8 else framed


AS_IT_IS = Preparation()
"""Images keep their size and polarity; the range of each is found in it."""


def _to_bytes(image: NDArray[np.float32]) -> NDArray[np.uint8]:
    levels: NDArray[np.uint8] = np.rint(image * np.float32(255)).astype(np.uint8)
    return levels


def _resized(image: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
    """An image scaled to this size; antialiased if it becomes smaller."""
    from PIL import Image

    if image.shape == (height, width):
        return image
    scaled_image = Image.fromarray(image).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(scaled_image).clip(0, 1)


def _padded(
    image: NDArray[np.float32], height: int, width: int, margin: int, ground: float, by_mass: bool
) -> NDArray[np.float32]:
    """The whole image as large as it fits between the margins, on even ground, in the middle or centered `by_mass`."""
    if image.shape == (height, width) and not margin:
        return image
    scale = min((height - 2 * margin) / image.shape[0], (width - 2 * margin) / image.shape[1])
    inner = _resized(image, *(max(round(extent * scale), 1) for extent in image.shape))
    framed = np.full((height, width), ground, np.float32)
    top, left = ((outer - extent) // 2 for outer, extent in zip((height, width), inner.shape, strict=True))
    if by_mass:
        top, left = _corner_by_mass(np.abs(inner - ground), height, width)
    rows, columns = slice(max(-top, 0), height - top), slice(max(-left, 0), width - left)
    part = inner[rows, columns]
    top, left = max(top, 0), max(left, 0)
    framed[top : top + part.shape[0], left : left + part.shape[1]] = part
    return framed


def _corner_by_mass(ink: NDArray[np.float32], height: int, width: int) -> tuple[int, int]:
    """Row and column for the corner of ink (h, w): its center of mass is in the middle, and no ink is outside."""
    drawn = ink > ink.max() / 4
    corner = []
    for axis, extent, mass in zip((1, 0), (height, width), center_of_mass(ink), strict=True):
        inked = np.flatnonzero(drawn.any(axis=axis))
        corner.append(int(np.clip(round((extent - 1) / 2 - mass), -inked[0], extent - 1 - inked[-1])))
    return corner[0], corner[1]
