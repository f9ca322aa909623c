"""Directions of features: vectors of length 1, compared by cosine."""

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.clusters.limits import ROWS_IN_CACHE
from mnistae_cli.clusters.neighbors import Neighbors, Search


class Directions:
    """Unit vectors of features, and a search for the nearest ones by cosine.

    Args:
        features: (N, D) float32.
        copy: if False, `features` are overwritten.
    """

    def __init__(self, features: NDArray[np.float32], *, copy: bool = True) -> None:
        self._search = Search(unit_vectors(features, copy=copy))
        self._others: Neighbors | None = None

    def __len__(self) -> int:
        return len(self._search)

    @property
    def vectors(self) -> NDArray[np.float32]:
        """The unit vectors (N, D)."""
        return self._search.points

    def nearest(
        self, features: NDArray[np.float32], n_neighbors: int, itself: NDArray[np.int64] | None = None
    ) -> Neighbors:
        """The nearest vectors to each of M features.

        Args:
            features: (M, D) float32.
            n_neighbors: number of neighbors of each.
            itself: (M,), see `Search.nearest`.
        """
        return self._search.nearest(unit_vectors(features), n_neighbors, itself)

    def nearest_others(self, n_neighbors: int) -> Neighbors:
        """The nearest other vectors to each of the N vectors. The largest answer so far is kept."""
        wanted = min(n_neighbors, len(self) - 1)
        if self._others is None or self._others.indices.shape[1] < wanted:
            self._others = self._search.nearest_others(wanted)
        return Neighbors(self._others.indices[:, :wanted], self._others.distances[:, :wanted])


def unit_vectors(features: NDArray[np.float32], *, copy: bool = True) -> NDArray[np.float32]:
    """Scale each row x of features (N, D) to x / ||x||, float32; a row of zeros stays as it is.

    Args:
        features: (N, D).
        copy: if False, `features`, which must be float32, are overwritten.
    """
    directions = np.empty(features.shape, np.float32) if copy else features
    for start in range(0, len(features), ROWS_IN_CACHE):
        part = np.ascontiguousarray(features[start : start + ROWS_IN_CACHE])  # otherwise the order of the sums varies
        lengths = np.maximum(np.linalg.norm(part, axis=1, keepdims=True), np.finfo(np.float32).tiny)
        np.divide(part, lengths, out=directions[start : start + ROWS_IN_CACHE])
    return directions
