"""Which pixels of a picture are ink and which are ground; also if the picture was cut out without a margin."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

LEAST_CONTRAST = 0.05  # of the range; with less, nothing is drawn on a picture
SEPARATION = 0.75  # least share of the variance that two gray levels explain, in the median picture
CORNERS = 0.75  # least share of the corners that are ground, in the median picture
BORDER = 0.62  # the same of the border


def has_ink(image: NDArray[np.float32]) -> bool:
    """Whether anything is drawn on an image (H, W) in [0, 1]."""
    return bool(image.max() - image.min() >= LEAST_CONTRAST)


def is_light_ink(image: NDArray[np.float32]) -> bool:
    """Whether the ink of an image (H, W) is lighter than its ground.

    The corners and the border are ground. They are darker than the middle between the lightest and the darkest pixel,
    if the ink is light. The border alone does not tell: in a 1 that was cut out without a margin most of it is ink.
    """
    middle = (float(image.min()) + float(image.max())) / 2
    return bool((_corners(image).mean() + _border(image).mean()) / 2 < middle)


def ground_level(image: NDArray[np.float32], light_ink: bool | None = None) -> float:
    """The gray level of the ground: the median of the border; if `light_ink` is known, the quarter farthest from it."""
    return float(np.quantile(_border(image), 0.5 if light_ink is None else 0.25 if light_ink else 0.75))


def told_apart(images: Iterable[NDArray[np.float32]]) -> tuple[bool, float]:
    """Whether ink and ground of most images (H, W) can be told apart, and the share of images with light ink.

    They can, if in the median image two gray levels explain three quarters of the variance (Otsu 1979, "A threshold
    selection method from gray-level histograms", eq. 15), and most of the corners and of the border are ground.
    """
    found = [(_separation(each), *_shares_of_ground(each), is_light_ink(each)) for each in images if has_ink(each)]
    if not found:
        return False, 0.0
    medians = np.median(np.array(found, np.float64), axis=0)[:3]
    light = [is_light for *_, is_light in found]
    return bool((medians >= (SEPARATION, CORNERS, BORDER)).all()), float(np.mean(light))


def is_cut_tight(images: Iterable[NDArray[np.float32]]) -> bool:
    """Whether ink touches the border of most images (H, W), because they were cut out without a margin."""
    touched = [np.ptp(_border(each)) > np.ptp(each) / 2 for each in images if has_ink(each)]
    return bool(np.mean(touched) > 0.5) if touched else False


def _separation(image: NDArray[np.float32]) -> float:
    """The largest share of the variance that two gray levels explain."""
    counts, edges = np.histogram(image, 64, (float(image.min()), float(image.max())))
    share, level = counts / counts.sum(), (edges[1:] + edges[:-1]) / 2
    below, mean = np.cumsum(share)[:-1], np.cumsum(share * level)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = (mean[-1] * below - mean[:-1]) ** 2 / (below * (1 - below))
    return float(np.nanmax(between) / max(float(image.var()), 1e-12))


def _shares_of_ground(image: NDArray[np.float32]) -> tuple[float, float]:
    """The shares of the corners and of the border that are ground."""
    middle = (float(image.min()) + float(image.max())) / 2
    dark = [float((part < middle).mean()) for part in (_corners(image), _border(image))]
    return (dark[0], dark[1]) if is_light_ink(image) else (1 - dark[0], 1 - dark[1])


def _corners(image: NDArray[np.float32]) -> NDArray[np.float32]:
    return image[[0, 0, -1, -1], [0, -1, 0, -1]]


def _border(image: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.concatenate([image[0], image[-1], image[1:-1, 0], image[1:-1, -1]])
