"""How unlike the training images an image is: by its nearest neighbors and by the error of its reconstruction."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.clusters import Directions
from mnistae_cli.data import Rows

REFERENCE = 60_000  # most training images with which others are compared
HELD_OUT = 2000  # most training images that define what is usual; each is compared with the others
N_NEIGHBORS = 5
ERROR_WEIGHT = 0.4  # below 1: the autoencoder has learned the held-out images, so all new ones have larger errors
USUAL = 0.9  # quantile of the held-out images that is one unit above their median
STRANGE = 0.997  # a stranger is more unusual than this share of the held-out images
TINY = 1e-9


@dataclass(frozen=True)
class Novelty:
    """How unusual N images are.

    Args:
        novelty: (N,) float32 in [0, 1): the share of the held-out training images that are less unusual.
        by_error: (N,) bool, whether the reconstruction error is more unusual than the distance to the neighbors.
    """

    novelty: NDArray[np.float32]
    by_error: NDArray[np.bool_]

    @property
    def strange(self) -> NDArray[np.bool_]:
        """Whether an image is more unusual than 99.7% of the held-out ones, (N,)."""
        return self.novelty > STRANGE


@dataclass(frozen=True)
class NoveltyBaseline:
    """The usual values, from M held-out training images.

    Args:
        distances: (M,) float32, distance of the direction to that of the fifth nearest training image.
        errors: (M,) float32, share of the variance that the reconstruction does not explain.
    """

    distances: NDArray[np.float32]
    errors: NDArray[np.float32]

    def compare(self, distances: NDArray[np.float32], errors: NDArray[np.float32]) -> Novelty:
        """Compare N images with what is usual.

        Let u(v) = max(0, (log v - median) / (90% quantile - median)), with median and quantile of log v of the held-out
        images. The excess of an image is e = √(u(distance)² + (0.4 u(error))²). Its novelty is 1 - (1 + m) / (1 + M),
        where m is the number of held-out images with at least this e. For m = 0, it is 1 - r / (1 + M), where r is
        their largest e, divided by e.

        Args:
            distances: (N,) float32, to the fifth nearest training image (Ramaswamy, Rastogi & Shim 2000).
            errors: (N,) float32, share of the variance that the reconstruction does not explain.
        """
        own = np.sort(np.hypot(*self._parts(self.distances, self.errors)))
        by_distance, by_error = self._parts(distances, errors)
        excess = np.hypot(by_distance, by_error)
        more = len(own) - np.searchsorted(own, excess)
        beyond = np.minimum(1, own[-1] / np.maximum(excess, TINY))
        novelty = 1 - (1 + more) / (1 + len(own)) * np.where(more == 0, beyond, 1)
        return Novelty(novelty.astype(np.float32), by_error > by_distance)

    def _parts(
        self, distances: NDArray[np.float32], errors: NDArray[np.float32]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return _above(distances, self.distances), ERROR_WEIGHT * _above(errors, self.errors)


def _above(values: NDArray[np.float32], usual: NDArray[np.float32]) -> NDArray[np.float64]:
    logs, known = (np.log(each.astype(np.float64) + TINY) for each in (values, usual))
    median, high = np.quantile(known, (0.5, USUAL))
    return np.asarray(np.maximum(logs - median, 0) / max(high - median, TINY))


@dataclass(frozen=True)
class Reference:
    """Training images with which others are compared.

    Args:
        directions: the directions of their features.
        numbers: (R,), their numbers, ascending.
        columns: the columns of the features that are compared.
    """

    directions: Directions
    numbers: NDArray[np.int64]
    columns: slice

    @classmethod
    def from_features(cls, features: Rows, columns: slice) -> "Reference":
        """Take them from all training images, always the same ones.

        Args:
            features: (N, D), of all training images.
            columns: the columns that are compared.
        """
        numbers = _every(len(features), REFERENCE)
        return cls(Directions(features.take(numbers)[:, columns], copy=False), numbers, columns)

    def distances(self, features: NDArray[np.float32], numbers: NDArray[np.int64] | None = None) -> NDArray[np.float32]:
        """The distance of each image to the fifth nearest one, (N,); 0 if there is no other one.

        Args:
            features: (N, D) float32.
            numbers: (N,), their numbers if they are training images, so that none is its own neighbor.
        """
        itself = None if numbers is None else self._places(numbers)
        near = self.directions.nearest(features[:, self.columns], N_NEIGHBORS, itself)
        return near.distances[:, -1] if near.distances.shape[1] else np.zeros(len(features), np.float32)

    def _places(self, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """The places of training images in the reference; -1 for an image that is not in it."""
        places = np.minimum(np.searchsorted(self.numbers, numbers), len(self.numbers) - 1)
        return np.where(self.numbers[places] == numbers, places, -1)


def _every(n: int, most: int) -> NDArray[np.int64]:
    """At most `most` of the numbers below n, evenly spaced, so that they come from all class folders."""
    return np.arange(0, n, -(-n // most))


def measure_baseline(features: Rows, errors: NDArray[np.float32], columns: slice) -> NoveltyBaseline:
    """The usual values, from up to 2,000 of N training images; each is compared with the others.

    Args:
        features: (N, D).
        errors: (N,), share of the variance that the reconstruction does not explain.
        columns: the columns of the features that are compared.
    """
    numbers = _every(len(features), HELD_OUT)
    distances = Reference.from_features(features, columns).distances(features.take(numbers), numbers)
    return NoveltyBaseline(distances, errors[numbers])
