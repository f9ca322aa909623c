"""A map of features: t-SNE in the plane, in seconds for 10,000 images. The same features give the same bytes."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.clusters import Search

MAPPED = 10_000  # most images on a map; more would take too long
NEIGHBORS = 15
FEWEST = 3  # neighbors; with more, small groups shrink to a point
STEPS = ((75, 12.0, 0.5), (175, 1.0, 0.8))  # steps, exaggeration, momentum
CELL = 0.75  # side of a cell of the grid (dots at distance 1 count half); smaller cells did not give a better map
FEW_PAIRS = 300  # up to this many images, all pairs are summed; for groups that are far apart, the grid takes longer
FEW = 30  # images; so few have not enough links for t-SNE
MOST_CELLS = 500  # on a side of the grid; a map with groups that are far apart gets larger cells
COMPONENTS = 50  # principal components, in which neighbors are searched

Vector = NDArray[np.float32]


def draw_images(n: int, most: int, seed: int) -> NDArray[np.int64]:
    """The sorted indices of the images on a map: all `n`, or a random `most` of them."""
    return np.sort(np.random.default_rng(seed).permutation(n)[:most])


def lay_out(features: NDArray[np.float32]) -> tuple[NDArray[np.float32], str]:
    """Find places in the plane for features (N, D), so that near ones stay near.

    It is t-SNE (van der Maaten & Hinton 2008). The 15 nearest neighbors attract, all with the same weight, which is as
    good as a perplexity (Böhm, Berens & Kobak 2022). The repulsion is summed over a grid by Fourier transforms
    (Linderman et al. 2019). It starts with the two principal components (Kobak & Berens 2019), so nothing is random.

    Returns:
        Coordinates (N, 2) float32, and the name of the method. For very few images, or features on a line, it is PCA.
    """
    n, width = features.shape
    plane = np.zeros((n, 2), np.float32)
    if n < 2 or np.ptp(features, axis=0).max() == 0:
        return plane, "all in one place"
    components = _principal(features)
    if n <= FEW or width == 1:
        plane[:, : min(width, 2)] = components[:, :2]
        return plane, "PCA"
    links = _Links.from_neighbors(
        Search(components).nearest_others(min(NEIGHBORS, max(FEWEST, n // 20), (n - 1) // 3)).indices
    )
    points = np.ascontiguousarray(components[:, :2].T * (1e-4 / components[:, 0].std()))
    speed, gain = np.zeros_like(points), np.ones_like(points)
    for steps, exaggeration, momentum in STEPS:
        rate = np.float32(n / exaggeration)  # Belkina et al. 2019
        for _ in range(steps):
            gradient = 4 * (exaggeration * links.attraction(points) - _repulsion(points))
            gain = np.maximum(np.where((gradient > 0) == (speed > 0), gain * 0.8, gain + 0.2), 0.01)
            speed = momentum * speed - rate * gain * gradient
            points = points + speed
    centered = points - points.mean(axis=1, keepdims=True)
    return np.ascontiguousarray(centered.T), "t-SNE"


def _principal(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """The first principal components (N, at most 50); the sign of each makes its largest value positive."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):  # with more threads, rounding and so the map would vary
        centered = features - features.mean(axis=0)
        _, axes = np.linalg.eigh((centered.T @ centered).astype(np.float64))
        components: NDArray[np.float32] = centered @ axes[:, ::-1][:, :COMPONENTS].astype(np.float32)
    largest = components[np.abs(components).argmax(axis=0), np.arange(components.shape[1])]
    return components * np.where(largest < 0, np.float32(-1), np.float32(1))


@dataclass(frozen=True)
class _Links:
    """Which dots attract each other: a symmetric sparse matrix with the sum 1."""

    matrix: Any
    counts: NDArray[np.int32]

    @classmethod
    def from_neighbors(cls, neighbors: NDArray[np.int32]) -> "_Links":
        from scipy.sparse import csr_array

        n, k = neighbors.shape
        ends = (np.repeat(np.arange(n, dtype=np.int32), k), neighbors.ravel())
        matrix = csr_array((np.full(n * k, 0.5 / (n * k), np.float32), ends), shape=(n, n))
        matrix = (matrix + matrix.T).tocsr()
        return cls(matrix, np.diff(matrix.indptr))

    def attraction(self, points: Vector) -> Vector:
        """The pull on each dot (2, N) by the dots that it is linked to."""
        dots = points[0] + 1j * points[1]  # three times as fast as with two rows
        away = np.repeat(dots, self.counts) - dots[self.matrix.indices]
        pull = away * (self.matrix.data / (1 + away.real**2 + away.imag**2))
        sums = np.add.reduceat(pull, self.matrix.indptr[:-1])  # each dot has a link
        return np.stack([sums.real, sums.imag])


def _repulsion(points: Vector) -> Vector:
    """The push on each dot (2, N) by all other dots."""
    return _pairwise_repulsion(points) if points.shape[1] <= FEW_PAIRS else _grid_repulsion(points)


def _pairwise_repulsion(points: Vector) -> Vector:
    """Σ_j (p_i - p_j) / (1 + d_ij²)² over Σ_ij 1 / (1 + d_ij²), i ≠ j."""
    dots = points[0] + 1j * points[1]
    away = dots[:, None] - dots
    near = 1 / (1 + away.real**2 + away.imag**2)
    push = (away * near**2).sum(axis=1)
    return np.stack([push.real, push.imag]).astype(np.float32) / np.float32(near.sum() - len(dots))


def _grid_repulsion(points: Vector) -> Vector:
    """`_pairwise_repulsion`, with each dot spread over the four grid points around it."""
    from scipy.fft import irfft2, next_fast_len, rfft2

    n = points.shape[1]
    cell = max(CELL, float(np.ptp(points, axis=1).max()) / MOST_CELLS)
    places = (points - points.min(axis=1, keepdims=True)) / np.float32(cell)
    corner = places.astype(np.int32)
    after = places - corner.astype(np.float32)
    before = 1 - after
    side = int(corner.max()) + 2
    length = next_fast_len(2 * (-(-side // 8) * 8), real=True)  # few different lengths need few kernels
    first = corner[0] * length + corner[1]
    at = np.stack([first, first + 1, first + length, first + length + 1])
    shares = np.stack([before[0] * before[1], before[0] * after[1], after[0] * before[1], after[0] * after[1]])
    mass = np.bincount(at.ravel(), shares.ravel(), length * length).astype(np.float32).reshape(length, length)
    near, away = _kernels(length, cell)
    waves = rfft2(mass)
    down, across = irfft2(waves * away, (length, length)).reshape(2, -1)
    push = ((down + 1j * across)[at] * shares).sum(axis=0)
    # The nearness of all pairs is Σ mass · field, computed from the transforms (Parseval), minus the dots themselves.
    pairs = float((near * (waves.real**2 + waves.imag**2)).sum()) - n
    return np.stack([push.real, push.imag]).astype(np.float32) / np.float32(pairs)


@lru_cache(maxsize=8)
def _kernels(length: int, cell: float) -> tuple[Vector, NDArray[np.complex64]]:
    """The transforms of 1 / (1 + d²), (L, L // 2 + 1), for a sum over pairs, and of d / (1 + d²)² along both axes."""
    from scipy.fft import rfft2

    steps = np.arange(length)
    away = (np.where(steps <= length // 2, steps, steps - length) * cell).astype(np.float32)
    near = 1 / (1 + away[:, None] ** 2 + away**2)
    twice = np.full(length // 2 + 1, 2.0)  # rfft2 leaves out half of the waves, which equal the other half
    twice[0] = 1
    if length % 2 == 0:
        twice[-1] = 1
    pairs = np.asarray(rfft2(near).real * (twice / length**2), np.float32)
    return pairs, rfft2(np.stack([near**2 * away[:, None], near**2 * away])).astype(np.complex64)
