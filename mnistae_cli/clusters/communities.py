"""Communities of a graph, and how they merge into clusters."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.clusters.graph import links_between


def leiden(graph: Any, resolution: float, seed: int) -> NDArray[np.int32]:
    """The communities (N,) of a graph, numbered from 0, of largest modularity Σ_c [w_c / w - r (d_c / w)²].

    w_c is the weight inside of community c, d_c that of all links of its images, w the whole weight, r the resolution:
    the larger, the more communities. Traag, Waltman & van Eck 2019, "From Louvain to Leiden".
    """
    import graspologic_native

    n = graph.shape[0]
    if not graph.nnz:
        return np.arange(n, dtype=np.int32)
    _, found = graspologic_native.leiden_csr(
        graph.indptr.astype(np.int64), graph.indices, graph.data, n, resolution=resolution, seed=seed
    )
    groups = np.array([found.get(image, -1) for image in range(n)])
    alone = groups < 0  # images without a link
    groups[alone] = groups.max() + 1 + np.arange(alone.sum())
    return np.unique(groups, return_inverse=True)[1].astype(np.int32)


@dataclass(frozen=True)
class Merging:
    """Small communities, and their merging into fewer and fewer clusters, each time the two least apart.

    How little two clusters are apart is the conductance of the cut between them, φ(a, b) = w(a, b) / min(d_a, d_b): the
    share of the links of the smaller one that lead to the other (Kannan, Vempala & Vetta 2004, "On clusterings: good,
    bad and spectral").

    Args:
        communities: (N,), numbered from 0 to K - 1.
        pairs: (K - 1, 2), the communities that stand for the two clusters of each merge, in order.
        conductances: (K - 1,), φ of each merge in [0, 1].
    """

    communities: NDArray[np.int32]
    pairs: NDArray[np.int32]
    conductances: NDArray[np.float64]

    def clusters(self, n_clusters: int) -> NDArray[np.int32]:
        """The clusters (N,) when `n_clusters` are left."""
        n_communities = len(self.pairs) + 1
        cluster = np.arange(n_communities)
        for kept, merged in self.pairs[: n_communities - n_clusters]:
            cluster[cluster == merged] = kept
        return np.unique(cluster, return_inverse=True)[1].astype(np.int32)[self.communities]

    def n_apart(self, conductance: float) -> int:
        """How many clusters are left when no two are less apart than this."""
        closer = np.flatnonzero(self.conductances > conductance)
        return len(self.pairs) + 1 - (closer[-1] + 1 if len(closer) else 0)


def merge_communities(graph: Any, resolution: float, seed: int) -> Merging:
    """Find the communities of a graph at a high resolution, and merge them down to one."""
    communities = leiden(graph, resolution, seed)
    links = links_between(graph, communities)
    alive = np.arange(len(links))
    pairs, conductances = [], []
    while len(alive) > 1:
        degrees = links.sum(axis=1)
        least = np.maximum(np.minimum(degrees[:, None], degrees), np.finfo(float).tiny)
        apart = links / least
        np.fill_diagonal(apart, -1)
        kept, merged = sorted(np.unravel_index(int(apart.argmax()), apart.shape))
        pairs.append((alive[kept], alive[merged]))
        conductances.append(apart[kept, merged])
        links[kept] += links[merged]
        links[:, kept] += links[:, merged]
        links = np.delete(np.delete(links, merged, 0), merged, 1)
        alive = np.delete(alive, merged)
    return Merging(communities, np.array(pairs, np.int32).reshape(-1, 2), np.array(conductances))
