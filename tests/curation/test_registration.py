"""Affine warps: sampled, undone by moments, fitted."""

import numpy as np
import pytest
from scipy.ndimage import affine_transform, gaussian_filter

from mnistae_cli.curation.registration import SIDE, canonicalize, registration_error, sample
from tests.conftest import shapes

MIDDLE = np.array([13.5, 13.5])


def blobs(n: int, seed: int) -> np.ndarray:
    """Images (n, 28, 28) of three strokes each, in [0, 1]."""
    rng = np.random.default_rng(seed)
    images = np.zeros((n, 28, 28), np.float32)
    for image in images:
        for _ in range(3):
            start, end = rng.uniform(7, 20, (2, 2))
            for step in np.linspace(0, 1, 40):
                y, x = np.round(start + step * (end - start)).astype(int)
                image[y, x] = 1
    return np.minimum(gaussian_filter(images, (0, 0.8, 0.8)) * 3, 1)


def warp(image: np.ndarray, degrees: float, scale: float, shift: tuple[float, float]) -> np.ndarray:
    turn = np.deg2rad(degrees)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) / scale
    return affine_transform(image, matrix, MIDDLE - matrix @ MIDDLE + shift, order=1).astype(np.float32)


def test_the_identity_samples_the_image_itself() -> None:
    images = shapes(4, 0)[0].astype(np.float32) / np.float32(255)
    centre = np.tile(np.array([4.5, 5.5], np.float32), (4, 1))
    same = sample(images, np.tile(np.eye(2, dtype=np.float32), (4, 1, 1)), centre, (10, 12))
    assert np.allclose(same, images, atol=1e-5)


def test_a_shift_by_whole_pixels_is_exact_and_zero_outside() -> None:
    images = shapes(4, 0)[0].astype(np.float32) / np.float32(255)
    moved = sample(
        images, np.tile(np.eye(2, dtype=np.float32), (4, 1, 1)), np.full((4, 2), (5.5, 5.5), np.float32), (10, 12)
    )
    assert np.allclose(moved[:, :-1], images[:, 1:], atol=1e-5)
    assert not moved[:, -1].any()


def test_canonical_images_have_one_mean_and_one_variance() -> None:
    made = canonicalize(blobs(20, 0))
    assert made.shape == (20, SIDE, SIDE)
    y = np.arange(SIDE) - (SIDE - 1) / 2
    rows = made.sum(axis=2)
    mean = rows @ y / rows.sum(axis=1)
    assert np.median(np.abs(mean)) < 0.2
    assert np.median(np.sqrt(rows @ y**2 / rows.sum(axis=1))) == pytest.approx(5, abs=0.4)


@pytest.mark.parametrize(("degrees", "scale", "shift"), [(0, 1, (0.6, -0.4)), (4, 1, (0, 0)), (-3, 1.04, (0.5, 0.5))])
def test_a_warped_copy_is_near_and_another_image_is_not(
    degrees: float, scale: float, shift: tuple[float, float]
) -> None:
    images = blobs(30, 1)
    copies = np.stack([warp(image, degrees, scale, shift) for image in images])
    blurred, others = gaussian_filter(images, (0, 0.7, 0.7)), gaussian_filter(copies, (0, 0.7, 0.7))
    near = registration_error(blurred, others)
    far = registration_error(blurred, np.roll(others, 1, axis=0))
    assert np.median(near) < 0.03 < far.min()
    before = np.linalg.norm((blurred - others).reshape(30, -1), axis=1) / np.linalg.norm(others.reshape(30, -1), axis=1)
    assert np.median(near) < np.median(registration_error(blurred, others, steps=1)) < np.median(before)


def test_equal_images_have_no_error() -> None:
    images = blobs(3, 2)
    assert registration_error(images, images) == pytest.approx(0, abs=1e-5)


def test_blank_images_are_no_trouble() -> None:
    blank = np.zeros((2, 28, 28), np.float32)
    assert np.isfinite(canonicalize(blank)).all()
    assert np.isfinite(registration_error(blank, blank)).all()


@pytest.mark.parametrize("shape", [(1, 64), (64, 1)])
def test_images_of_one_row_or_column_are_compared_too(shape: tuple[int, int]) -> None:
    images = np.random.default_rng(0).random((3, *shape)).astype(np.float32)
    assert registration_error(images, images) == pytest.approx(0, abs=1e-4)
    assert (registration_error(images, images[::-1])[[0, 2]] > 0.1).all()
