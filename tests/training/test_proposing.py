"""Views are proposed by what the pixels show, and never chosen."""

from dataclasses import replace

import numpy as np
import pytest

from mnistae_cli.settings import Corruption, Views
from mnistae_cli.training.proposing import propose_views

RNG = np.random.default_rng(0)
N, SIDE = 400, 12
PLAIN = Corruption(augment=1.0)


def figures(sides: int, upper: float) -> np.ndarray:
    """Uint8 images of a bar at the top, and of a bar at the left or, with 2 `sides`, as often at the right."""
    images = RNG.uniform(0, 40, (N, SIDE, SIDE))
    images[:, 1, 2:-2] += 200 * upper
    for image in images:
        column = (1, -2)[int(RNG.integers(sides))]
        image[2:8, column] += 200
    return images.astype(np.uint8)


def test_mirrors_are_proposed_if_mirrored_images_occur() -> None:
    assert propose_views(figures(sides=2, upper=1), PLAIN) == [
        "mirrored images look like other images: --mirror may help"
    ]


@pytest.mark.parametrize(
    ("images", "corruption"),
    [
        (figures(sides=1, upper=1), PLAIN),
        (RNG.integers(0, 30, (N, SIDE, SIDE)).astype(np.uint8), PLAIN),  # noise has no upper side
        (figures(sides=2, upper=1), replace(PLAIN, views=Views(mirror=True))),
        (figures(sides=2, upper=1), Corruption()),
        (figures(sides=2, upper=1)[:5], PLAIN),
        (np.zeros((N, SIDE, SIDE), np.uint8), PLAIN),
        (np.repeat(figures(sides=1, upper=1)[:1], N, axis=0), PLAIN),
    ],
)
def test_nothing_is_proposed_otherwise(images: np.ndarray, corruption: Corruption) -> None:
    assert propose_views(images, corruption) == []


def test_light_is_proposed_for_photos() -> None:
    photos = RNG.integers(60, 190, (N, SIDE, SIDE)).astype(np.uint8)
    (found,) = propose_views(photos, PLAIN)
    assert found == "most pixels are gray, as in photos: --brightness 0.4 --contrast 0.4 may help"
    assert propose_views(photos, replace(PLAIN, views=Views(contrast=0.2))) == []
