"""The graph of similar images: which are linked, and how strongly."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

ROWS = 20_000  # of the matrix product that are in memory at a time
IMAGE_WEIGHT = 2.0  # of all links of an image to its nearest images; those by the embedding weigh 7 on MNIST


def similarity_graph(nearest: NDArray[np.int32], nearest_by_pixels: NDArray[np.int32] | None = None) -> Any:
    """Link each image to its nearest neighbors in the embedding, and to the images that look like it.

    A link between i and j weighs s / (2 k - s), s the number of the k nearest neighbors that both have: the Jaccard
    index of the two sets (Jarvis & Patrick 1973, "Clustering using a similarity measure based on shared near
    neighbors"; Levine et al. 2015, "PhenoGraph"). A link to one of the p nearest images by pixels weighs 1 / p more
    from either side. An encoder may put two kinds of image beside each other, or one kind in two places; the pixels
    say which of the two it is. An image that has no link at all is linked to its nearest neighbor by 1 / (2 k).

    Args:
        nearest: (N, k), by the embedding.
        nearest_by_pixels: (N, p), or None.

    Returns:
        A symmetric SciPy matrix (N, N) in CSR form, float64, without a diagonal.
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
    graph = sparse.vstack(parts).astype(np.float64)
    if nearest_by_pixels is not None and nearest_by_pixels.shape[1]:
        alike = _adjacency(nearest_by_pixels).astype(np.float64)
        graph = graph + (alike + alike.T) * (IMAGE_WEIGHT / 2 / nearest_by_pixels.shape[1])
    graph.eliminate_zeros()
    lone = np.flatnonzero(np.diff(graph.tocsr().indptr) == 0)
    if len(lone) and k:
        last = sparse.csr_matrix((np.full(len(lone), 1 / (2 * k)), (lone, nearest[lone, 0])), (n, n))
        graph = graph.maximum(last.maximum(last.T))
    graph = graph.tocsr()
    graph.sort_indices()
    return graph


def _adjacency(nearest: NDArray[np.int32]) -> Any:
    """1 where j is among the nearest of i."""
    from scipy import sparse

    n, k = nearest.shape
    return sparse.csr_matrix((np.ones(n * k, np.float32), nearest.ravel(), np.arange(n + 1) * k), (n, n))


def links_between(graph: Any, groups: NDArray[np.int32]) -> NDArray[np.float64]:
    """The weight of all links between groups (N,) of images, (K, K); inside a group each link counts twice."""
    member = membership(groups)
    return np.asarray((member.T @ graph @ member).todense())


def membership(groups: NDArray[np.int32]) -> Any:
    """1 where image i is in group k: a sparse matrix (N, K)."""
    from scipy import sparse

    n = len(groups)
    return sparse.csr_matrix((np.ones(n), groups, np.arange(n + 1)), (n, int(groups.max()) + 1))
