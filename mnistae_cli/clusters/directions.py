"""Directions of features: vectors of length 1, compared by cosine."""

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.clusters.limits import ROWS_IN_CACHE
from mnistae_cli.clusters.neighbors import Neighbors, Search


class Directions:
    """Unit vectors of features, and a search among them: the nearest by cosine.

    Args:
        features: (N, D) float32.
        copy: else `features` are written over.
    """

    def __init__(self, features: NDArray[np.float32], *, copy: bool = True) -> None:
        self._search = Search(unit_vectors(features, copy=copy))

    def __len__(self) -> int:
        return len(self._search)

    def nearest(
        self, features: NDArray[np.float32], n_neighbors: int, itself: NDArray[np.int64] | None = None
    ) -> Neighbors:
        """The nearest to each of M features (M, D), but `itself` (M,): see `Search.nearest`."""
        return self._search.nearest(unit_vectors(features), n_neighbors, itself)

    def nearest_others(self, n_neighbors: int) -> Neighbors:
        """The nearest other ones to each of the N."""
        return self._search.nearest_others(n_neighbors)


def unit_vectors(features: NDArray[np.float32], *, copy: bool = True) -> NDArray[np.float32]:
    """Scale each row x of features (N, D) to x / ||x||, (N, D) float32; a row of zeros stays one.

    Args:
        features: (N, D).
        copy: else they are written over `features`, which must be float32.
    """
    directions = np.empty(features.shape, np.float32) if copy else features
    for start in range(0, len(features), ROWS_IN_CACHE):
        part = np.ascontiguousarray(features[start : start + ROWS_IN_CACHE])  # else the order of the sums varies
        lengths = np.maximum(np.linalg.norm(part, axis=1, keepdims=True), np.finfo(np.float32).tiny)
        np.divide(part, lengths, out=directions[start : start + ROWS_IN_CACHE])
    return directions
