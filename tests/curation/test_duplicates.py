"""Planted copies, exact and warped, are found; other images are not."""

import numpy as np

from mnistae_cli.curation import find_duplicates
from tests.curation.test_registration import blobs, warp


def planted() -> tuple[np.ndarray, np.ndarray]:
    """120 images, then ten exact copies of the first and ten warped copies of the next; and which are preferred."""
    images = blobs(120, 3)
    warped = np.stack([warp(images[10 + i], 3 - i / 2, 1.02, (0.4, -0.3)) for i in range(10)])
    everything = np.round(np.concatenate([images, images[:10], warped]) * 255).astype(np.uint8)
    return everything, np.arange(140) >= 120


def test_exact_and_warped_copies_are_found_and_nothing_else() -> None:
    images, preferred = planted()
    found = find_duplicates(images, preferred)
    pairs = {
        (int(i), int(j)): bool(same) for i, j, same in zip(found.images, found.originals, found.exact, strict=True)
    }
    assert pairs == {(i, 120 + i): i < 10 for i in range(20)}
    assert (found.errors[found.exact] == 0).all()
    assert ((found.errors > 0) == ~found.exact).all()


def test_without_a_preferred_image_the_first_is_the_original() -> None:
    images, _ = planted()
    found = find_duplicates(images, np.zeros(140, np.bool_))
    assert found.images.tolist() == list(range(120, 140))
    assert found.originals.tolist() == list(range(20))


def test_inverted_floats_are_found_too() -> None:
    images, preferred = planted()
    found = find_duplicates((1 - images / np.float32(255)).astype(np.float32), preferred)
    assert found.images.tolist() == list(range(20))


def test_many_blank_images_are_copies_of_one() -> None:
    images = np.zeros((6, 10, 12), np.uint8)
    images[5, 2:5, 3:9] = 200
    found = find_duplicates(images, np.array([False] * 4 + [True] * 2))
    assert found.images.tolist() == [0, 1, 2, 3]
    assert found.originals.tolist() == [4] * 4
    assert found.exact.all()


def test_the_same_images_give_the_same_bytes() -> None:
    images, preferred = planted()
    once, again = (find_duplicates(images, preferred) for _ in range(2))
    assert once.errors.tobytes() == again.errors.tobytes()
