"""The graph of similar images: which ones are linked, and how strongly."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROWS = 20_000  # of the matrix product that are in memory at a time
SAMPLED = 2000  # images, of which the share of common neighbors is measured


@dataclass(frozen=True)
class Graph:
    """Links between N images: two symmetric SciPy matrices (N, N) in CSR form, float64, without a diagonal.

    Args:
        by_embedding: links of near neighbors in the embedding.
        by_pixels: links of images with similar pixels; None if there are none.
        pixel_factor: how much more often these link images of different kinds.
    """

    by_embedding: Any
    by_pixels: Any = None
    pixel_factor: float = 1.0

    @cached_property
    def links(self) -> Any:
        """All links."""
        every = self.by_embedding if self.by_pixels is None else self.by_embedding + self.by_pixels
        every = every.tocsr()
        every.sort_indices()
        return every


def similarity_graph(nearest: NDArray[np.int32], nearest_by_pixels: NDArray[np.int32] | None = None) -> Graph:
    """Link each image to its nearest neighbors in the embedding, and to images with similar pixels.

    A link between i and j has the weight s / (2 k - s), where s is the number of the k nearest neighbors that both
    share: the Jaccard index of the two sets (Jarvis & Patrick 1973, "Clustering using a similarity measure based on
    shared near neighbors"; Levine et al. 2015, "PhenoGraph"). An image without such a link is linked to its nearest
    neighbor with the weight 1 / (2 k). A link by pixels has the weight 1 / p in each direction. An encoder may put two
    kinds of images into one place, or one kind into two places; the pixels show which of these it is.

    Args:
        nearest: (N, k) int32, the nearest images by the embedding.
        nearest_by_pixels: (N, p) int32, those by pixels, or None.
    """
    from scipy import sparse

    n, k = nearest.shape
    near = _adjacency(nearest)
    linked = near.maximum(near.T).tocsr()
    parts = []
    for start in range(0, n, ROWS):
        shared = (near[start : start + ROWS] @ near.T).multiply(linked[start : start + ROWS]).tocsr()
        shared.data = shared.data / (2 * k - shared.data)
        parts.append(shared)
    by_embedding = sparse.vstack(parts).astype(np.float64).tocsr()
    by_embedding.eliminate_zeros()
    lone = np.flatnonzero(np.diff(by_embedding.indptr) == 0)
    if len(lone) and k:
        last = sparse.csr_matrix((np.full(len(lone), 1 / (2 * k)), (lone, nearest[lone, 0])), (n, n))
        by_embedding = by_embedding.maximum(last.maximum(last.T)).tocsr()
    if nearest_by_pixels is None or not nearest_by_pixels.shape[1]:
        return Graph(by_embedding)
    alike = _adjacency(nearest_by_pixels).astype(np.float64) / nearest_by_pixels.shape[1]
    return Graph(by_embedding, (alike + alike.T).tocsr())


def shared_neighbors(nearest: NDArray[np.int32]) -> float:
    """The mean share of the k nearest neighbors that an image has in common with one of these neighbors, in [0, 1].

    It grows with k, until k is the number of images of a kind: neighbors of another kind are hardly shared.

    Args:
        nearest: (N, k) int32, the nearest images.
    """
    near = _adjacency(nearest)
    rows = near[:: max(len(nearest) // SAMPLED, 1)]
    shared = (rows @ near.T).multiply(rows).sum()
    return float(shared / (rows.shape[0] * nearest.shape[1] ** 2))


def _adjacency(nearest: NDArray[np.int32]) -> Any:
    """A sparse matrix (N, N): 1 if j is one of the nearest images to i."""
    from scipy import sparse

    n, k = nearest.shape
    return sparse.csr_matrix((np.ones(n * k, np.float32), nearest.ravel(), np.arange(n + 1) * k), (n, n))


def links_between(links: Any, groups: NDArray[np.int32]) -> NDArray[np.float64]:
    """The weights of all links between groups (N,) of images, (K, K); a link inside a group counts twice."""
    member = membership(groups)
    return np.asarray((member.T @ links @ member).todense())


def membership(groups: NDArray[np.int32]) -> Any:
    """A sparse matrix (N, K): 1 if image i is in group k."""
    from scipy import sparse

    n = len(groups)
    return sparse.csr_matrix((np.ones(n), groups, np.arange(n + 1)), (n, int(groups.max()) + 1))
