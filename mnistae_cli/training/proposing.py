"""Which views may fit the images: found from the pixels alone, and only proposed."""

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.clusters import Search
from mnistae_cli.data import Pixels, unit_scale
from mnistae_cli.settings import Corruption

FEWEST = 8  # images
SAMPLE = 6000  # images that are looked at; a quarter of them are compared with the others
# See `are_alike_mirrored`: the ratio was 0.1 for drawings, 0.4 for clothes and for photos of right hands, and 0.8 or
# more for letters and digits.
MIRRORED = 0.35
LEAST_FARTHER = 0.03  # of an image upside down; if it is no farther, images have no upper side
GRAYS = (0.125, 0.875)  # between them, a gray level is neither ink nor ground
PHOTOS = 0.5  # share of these; 0.9 for photos, at most 0.4 for drawings, letters, digits and clothes


def propose_views(pixels: Pixels, corruption: Corruption) -> list[str]:
    """Sentences that propose views for images (N, H, W) which these settings do not use."""
    if not corruption.augment or len(pixels) < FEWEST:
        return []
    views, drawn, found = corruption.views, _draw(pixels), []
    if not views.mirror and are_alike_mirrored(drawn):
        found.append("mirrored images look like other images: --mirror may help")
    if not (views.brightness or views.contrast) and look_like_photos(drawn):
        found.append("most pixels are gray, as in photos: --brightness 0.4 --contrast 0.4 may help")
    return found


def are_alike_mirrored(images: NDArray[np.float32]) -> bool:
    """Whether images (N, H, W), mirrored left to right, are about as near to others as they are.

    d is the median distance of an image to the nearest one of the others, d_m that of the mirrored image, and d_u that
    of the image upside down. They are, if (d_m / d - 1) / (d_u / d - 1) is below 0.35.
    """
    n = len(images) // 4
    others = Search(images[n:].reshape(len(images) - n, -1))

    def distance(changed: NDArray[np.float32]) -> float:
        return float(np.median(others.nearest(changed.reshape(n, -1), 1).distances))

    plain, mirrored, upside_down = map(distance, (images[:n], images[:n, :, ::-1], images[:n, ::-1]))
    if upside_down <= (1 + LEAST_FARTHER) * plain:
        return False
    return (mirrored - plain) / (upside_down - plain) < MIRRORED


def look_like_photos(images: NDArray[np.float32]) -> bool:
    """Whether most pixels of images (N, H, W) in [0, 1] are neither dark nor light."""
    return bool(((images > GRAYS[0]) & (images < GRAYS[1])).mean() > PHOTOS)


def _draw(pixels: Pixels) -> NDArray[np.float32]:
    """Images (M, H, W) in [0, 1], the same in each run."""
    order = np.random.default_rng(0).permutation(len(pixels))[:SAMPLE]
    return unit_scale(pixels[order])
