"""Nearest neighbors by faiss, found without labels and without a network."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.clusters.limits import REPRODUCIBLE_THREADS

COMPONENTS = 50
COMPARISONS = 4e8  # of points; with more, it is faster to divide the points into cells first
PROBED = 16  # nearest cells, which are searched; with 60,000 points they have 99.9% of the 30 nearest


@dataclass(frozen=True)
class Neighbors:
    """The k nearest points to each of M queries, the nearest first.

    Args:
        indices: (M, k) int32, numbers of the points.
        distances: (M, k) float32, Euclidean.
    """

    indices: NDArray[np.int32]
    distances: NDArray[np.float32]


class Search:
    """A search among points (N, D) float32.

    Up to 400 million pairs are all compared. With more, the points are divided into √N cells by KMeans, and a query is
    compared with the points in the nearest 16 cells (Sivic & Zisserman 2003, an inverted file). The same points give
    the same bytes.

    Args:
        points: (N, D) float32.
    """

    def __init__(self, points: NDArray[np.float32]) -> None:
        self.points = np.ascontiguousarray(points, np.float32)

    def __len__(self) -> int:
        return len(self.points)

    def nearest(
        self, queries: NDArray[np.float32], n_neighbors: int, itself: NDArray[np.int64] | None = None
    ) -> Neighbors:
        """The `n_neighbors` points nearest to each query (M, D); fewer if there are fewer points.

        Args:
            queries: (M, D).
            n_neighbors: number of neighbors of each query.
            itself: (M,), the number of the point that is the query itself, and so not a neighbor; -1: no point is.
        """
        if itself is not None:
            return self._nearest_others(queries, n_neighbors, itself)
        import faiss  # the limit only applies to libraries that are loaded already
        from threadpoolctl import threadpool_limits

        queries, n_neighbors = np.ascontiguousarray(queries, np.float32), min(n_neighbors, len(self.points))
        with threadpool_limits(REPRODUCIBLE_THREADS):  # other rounding would change the order of almost equal distances
            if len(queries) * len(self.points) > COMPARISONS:
                squares, indices = self._cells.search(queries, n_neighbors)
                short = np.flatnonzero((indices < 0).any(axis=1))  # the searched cells have too few points
                if len(short):
                    squares[short], indices[short] = faiss.knn(queries[short], self.points, n_neighbors)
            else:
                squares, indices = faiss.knn(queries, self.points, n_neighbors)
        return Neighbors(indices.astype(np.int32), np.sqrt(np.maximum(squares, 0)).astype(np.float32))

    def nearest_others(self, n_neighbors: int) -> Neighbors:
        """The `n_neighbors` nearest other points to each point; fewer if there are fewer."""
        return self._nearest_others(self.points, n_neighbors, np.arange(len(self.points)))

    def _nearest_others(self, queries: NDArray[np.float32], n_neighbors: int, itself: NDArray[np.int64]) -> Neighbors:
        n_neighbors = min(n_neighbors, len(self.points) - 1)
        found = self.nearest(queries, n_neighbors + 1)
        left_out = found.indices == itself[:, None]
        left_out[~left_out.any(axis=1), -1] = True  # with many equal points, a point may not be found
        shape = (len(queries), n_neighbors)
        return Neighbors(found.indices[~left_out].reshape(shape), found.distances[~left_out].reshape(shape))

    @cached_property
    def _cells(self) -> Any:
        import faiss

        width = self.points.shape[1]
        index = faiss.IndexIVFFlat(faiss.IndexFlatL2(width), width, round(len(self.points) ** 0.5))
        index.train(self.points)
        index.add(self.points)
        index.nprobe = PROBED
        return index


def nearest_images(images: NDArray[np.generic], n_neighbors: int) -> NDArray[np.int32]:
    """The nearest neighbors of each image, by Euclidean distance between the first 50 principal components.

    This makes a float32 copy of the images in memory.

    Args:
        images: (N, …) numbers.
        n_neighbors: number of neighbors of each image; fewer if there are fewer other images.

    Returns:
        Indices (N, n_neighbors) int32, the nearest first, without the image itself.
    """
    if not min(n_neighbors, len(images) - 1):
        return np.empty((len(images), 0), np.int32)
    from sklearn.decomposition import PCA
    from threadpoolctl import threadpool_limits

    flat = images.reshape(len(images), -1).astype(np.float32)
    with threadpool_limits(REPRODUCIBLE_THREADS):
        points = PCA(min(COMPONENTS, *flat.shape), random_state=0).fit_transform(flat)
    del flat
    return Search(points).nearest_others(n_neighbors).indices
