"""Images that are there more than once: the same pixels, or the same image a little shifted, turned or scaled."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.clusters import Search
from mnistae_cli.curation.registration import STEPS, canonicalize, registration_error
from mnistae_cli.data import Pixels, in_parallel, unit_scale

NEAR = 0.03  # largest registration error of a near duplicate; MNIST's own images are not nearer than 0.04
ALIKE = 0.3  # distance of canonical images, as a share of their length; planted copies had at most 0.28
ROUGHLY = 0.08  # the same after one step; of planted copies none had more than 0.06
CANDIDATES = 3  # nearest canonical images that are compared
COMPONENTS = 50
SAMPLE = 10_000  # canonical images whose components are taken
BLUR = 0.7  # pixels, so that interpolation does not count as a difference
CHUNK_PIXELS = 800_000  # of the images that are compared at a time, in each thread

Pairs = NDArray[np.int64]
"""(P, 2) numbers of images."""


@dataclass(frozen=True)
class Duplicates:
    """Images that repeat another one. Of each group of equal ones, one image is the original and is not listed.

    Args:
        images: (P,) int64, their numbers, which ascend.
        originals: (P,) int64, the image that each repeats.
        errors: (P,) float32, the registration error of the two; 0 for the same pixels.
        exact: (P,) bool, whether the pixels are the same.
    """

    images: NDArray[np.int64]
    originals: NDArray[np.int64]
    errors: NDArray[np.float32]
    exact: NDArray[np.bool_]


def find_duplicates(images: Pixels, preferred: NDArray[np.bool_]) -> Duplicates:
    """Find exact and near duplicates among N images. Labels and features are not looked at.

    Images of the same bytes are exact duplicates. Of the others, the three nearest canonical images of each are
    candidates (`canonicalize`); near duplicates are those whose registration error is at most 0.03.

    Args:
        images: (N, H, W) uint8, or float32 in [0, 1], ink brighter than the ground; darker ink is found by the mean and
            inverted.
        preferred: (N,) bool, the images that are kept as originals where a group has one, as those of the test split.
    """
    first = _first_of_the_same_bytes(images)
    near, errors = _near(images, np.unique(first))
    return _one_original_each(first, near, errors, preferred)


def _first_of_the_same_bytes(images: Pixels) -> NDArray[np.int64]:
    """For each image the number of the first one with the same bytes, (N,)."""
    rows = np.ascontiguousarray(images).reshape(len(images), -1)
    bytes_of_each = rows.view(np.dtype((np.void, rows.shape[1] * rows.itemsize)))[:, 0]
    _, first, group = np.unique(bytes_of_each, return_index=True, return_inverse=True)
    return np.asarray(first[group], np.int64)


def _near(images: Pixels, distinct: NDArray[np.int64]) -> tuple[Pairs, NDArray[np.float32]]:
    """Pairs of near duplicates among the distinct images, and their registration errors."""
    distinct = distinct[_contrast(images, distinct) > 0]
    if len(distinct) < 2:
        return np.empty((0, 2), np.int64), np.empty(0, np.float32)
    described = _described(images, distinct)
    neighbors = Search(described).nearest_others(CANDIDATES)
    alike = neighbors.distances <= ALIKE * np.linalg.norm(described, axis=1, keepdims=True)
    pairs = np.stack([np.nonzero(alike)[0], neighbors.indices[alike]], axis=1)
    pairs = distinct[np.unique(np.sort(pairs, axis=1), axis=0)]
    pairs = pairs[_errors(images, pairs, steps=1) <= ROUGHLY]
    errors = _errors(images, pairs, steps=STEPS)
    return pairs[errors <= NEAR], errors[errors <= NEAR]


def _contrast(images: Pixels, chosen: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.array([np.ptp(images[i]) for i in chosen], np.float64)


def _described(images: Pixels, chosen: NDArray[np.int64]) -> NDArray[np.float32]:
    """The principal components of the canonical images, (M, 50)."""
    from sklearn.decomposition import PCA

    def flat(numbers: NDArray[np.int64]) -> NDArray[np.float32]:
        made = _blurred(canonicalize(_prepared(images, numbers)))
        return made.reshape(len(made), -1)

    step = -(-len(chosen) // SAMPLE)
    sample = np.concatenate(list(in_parallel(flat, _chunks(images, chosen[::step]))))
    pca = PCA(min(COMPONENTS, *sample.shape), random_state=0).fit(sample)
    return np.concatenate(list(in_parallel(lambda part: pca.transform(flat(part)), _chunks(images, chosen))))


def _errors(images: Pixels, pairs: Pairs, steps: int) -> NDArray[np.float32]:
    """The smaller registration error of the two directions: a copy that was warped is less sharp than its original."""

    def of(part: Pairs) -> NDArray[np.float32]:
        one, other = (_blurred(_prepared(images, part[:, side])) for side in (0, 1))
        return np.minimum(registration_error(one, other, steps), registration_error(other, one, steps))

    return np.concatenate([np.empty(0, np.float32), *in_parallel(of, _chunks(images, pairs))])


def _chunks(images: Pixels, rows: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    size = max(CHUNK_PIXELS // images[0].size, 1)
    return (rows[start : start + size] for start in range(0, len(rows), size))


def _prepared(images: Pixels, numbers: NDArray[np.int64]) -> NDArray[np.float32]:
    """Images in [0, 1] with bright ink."""
    chosen = unit_scale(images[numbers])
    dark = chosen.mean(axis=(1, 2)) > 0.5
    return np.where(dark[:, None, None], 1 - chosen, chosen)


def _blurred(images: NDArray[np.float32]) -> NDArray[np.float32]:
    from scipy.ndimage import gaussian_filter

    return np.asarray(gaussian_filter(images, (0, BLUR, BLUR)), np.float32)


def _one_original_each(
    first: NDArray[np.int64], near: Pairs, errors: NDArray[np.float32], preferred: NDArray[np.bool_]
) -> Duplicates:
    """Of each connected group of duplicates, one original: the first preferred image, or the first image.

    An image that is not a near duplicate of the original itself repeats the image of the group that it is nearest to.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n = len(first)
    links = np.concatenate([np.stack([np.arange(n), first], axis=1), near])
    graph = coo_array((np.ones(len(links), np.int8), (links[:, 0], links[:, 1])), shape=(n, n))
    _, group = connected_components(graph, directed=False)
    order = np.lexsort((np.arange(n), ~preferred, group))
    _, starts = np.unique(group[order], return_index=True)
    original = order[starts][group]
    nearest: dict[int, tuple[bool, float, int]] = {}  # of a distinct image: not the original, error, the other image
    for pair, error in zip(near.tolist(), errors.tolist(), strict=True):
        for image, other in (pair, pair[::-1]):
            found = (other != first[original[image]], error, other)
            nearest[image] = min(nearest.get(image, found), found)
    images = np.flatnonzero(original != np.arange(n))
    exact = first[images] == first[original[images]]
    rows = [
        (original[i], 0.0) if same else (nearest[first[i]][2], nearest[first[i]][1])
        for i, same in zip(images.tolist(), exact.tolist(), strict=True)
    ]
    repeated = np.array([other for other, _ in rows], np.int64)
    repeated = np.where(first[repeated] == first[original[images]], original[images], repeated)
    return Duplicates(images, repeated, np.array([error for _, error in rows], np.float32), exact)
