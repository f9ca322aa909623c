"""Communities of a graph, and how they are merged into clusters."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.clusters.graph import Graph, links_between

# Pixels link images of different classes about six times as often as the embedding does. That was so for 60,000 digits,
# where 0.068 of the links by pixels left a community. With few images, pixels are less reliable.
PIXEL_FACTOR, USUAL_LEAVING = 6.0, 0.068
LEAST_RESOLUTION = 0.01


def leiden(links: Any, resolution: float, seed: int) -> NDArray[np.int32]:
    """Find communities (N,), numbered from 0, with the largest modularity Σ_c [w_c / w - r (d_c / w)²].

    w_c is the weight of the links inside community c, d_c that of all links of its images, and w that of all links. A
    larger resolution r gives more communities. Traag, Waltman & van Eck 2019, "From Louvain to Leiden".

    Args:
        links: (N, N) SciPy CSR matrix float64, symmetric: `Graph.links`.
        resolution: r, above 0.
        seed: from 0 to 2³² - 1.
    """
    import graspologic_native

    n = links.shape[0]
    if not links.nnz:
        return np.arange(n, dtype=np.int32)
    _, found = graspologic_native.leiden_csr(
        links.indptr.astype(np.int64), links.indices, links.data, n, resolution=resolution, seed=seed
    )
    groups = np.array([found.get(image, -1) for image in range(n)])
    alone = groups < 0  # images without a link
    groups[alone] = groups.max() + 1 + np.arange(alone.sum())
    return np.unique(groups, return_inverse=True)[1].astype(np.int32)


def weigh_pixels(graph: Graph, communities: NDArray[np.int32]) -> Graph:
    """The same graph with its `pixel_factor`, 6 · max(1, q / 0.068): the share q of the links by pixels leave.

    Args:
        graph: the graph of N images.
        communities: (N,) from 0, found without the pixels.
    """
    if graph.by_pixels is None:
        return graph
    between = links_between(graph.by_pixels, communities)
    leaving = 1 - np.trace(between) / max(between.sum(), np.finfo(float).tiny)
    return replace(graph, pixel_factor=PIXEL_FACTOR * max(1.0, float(leaving) / USUAL_LEAVING))


@dataclass(frozen=True)
class Merging:
    """Small communities, and the order in which they are merged: each time the two clusters that are linked most.

    The measure is the conductance of the cut between two clusters, φ(a, b) = w(a, b) / min(d_a, d_b): the share of the
    links of the smaller one that lead to the other one (Kannan, Vempala & Vetta 2004, "On clusterings: good, bad and
    spectral"). φ is the larger of two values: that of the links by the embedding, and that by pixels divided by
    `Graph.pixel_factor`.

    Args:
        communities: (N,), numbered from 0 to K - 1.
        pairs: (K - 1, 2), a community of each of the two clusters of each merge, in order.
        conductances: (K - 1,), φ of each merge, in [0, 1].
    """

    communities: NDArray[np.int32]
    pairs: NDArray[np.int32]
    conductances: NDArray[np.float64]

    def clusters(self, n_clusters: int) -> NDArray[np.int32]:
        """The clusters (N,) int32 when `n_clusters` are left, from 1 to K."""
        n_communities = len(self.pairs) + 1
        cluster = np.arange(n_communities)
        for kept, merged in self.pairs[: n_communities - n_clusters]:
            cluster[cluster == merged] = kept
        return np.unique(cluster, return_inverse=True)[1].astype(np.int32)[self.communities]

    def n_apart(self, conductance: float) -> int:
        """The number of clusters that are left after the last merge with a larger conductance than this, in [0, 1]."""
        closer = np.flatnonzero(self.conductances > conductance)
        return len(self.pairs) + 1 - (closer[-1] + 1 if len(closer) else 0)


def merge_communities(graph: Graph, resolution: float, seed: int, most: int) -> Merging:
    """Find the communities of a graph at a high resolution, and merge them down to one.

    If there are more than `most`, a lower resolution is taken. So it is with equal images: all of them are linked to a
    few of them, and each is a community.

    Args:
        graph: the graph of N images.
        resolution: see `leiden`.
        seed: see `leiden`.
        most: communities; time grows as their number cubed.
    """
    communities = leiden(graph.links, resolution, seed)
    while communities.max() >= most and resolution > LEAST_RESOLUTION:
        resolution /= 4
        communities = leiden(graph.links, resolution, seed)
    between = _links(graph, communities)
    alive = np.arange(len(between[0]))
    pairs, conductances = [], []
    while len(alive) > 1:
        linked = _conductances(between, graph.pixel_factor)
        kept, merged = sorted(np.unravel_index(int(linked.argmax()), linked.shape))
        if not linked[kept, merged]:  # the rest is not linked at all, and is merged in any order
            pairs += [(alive[0], other) for other in alive[1:]]
            conductances += [0.0] * (len(alive) - 1)
            break
        pairs.append((alive[kept], alive[merged]))
        conductances.append(linked[kept, merged])
        for number, links in enumerate(between):
            links[kept] += links[merged]
            links[:, kept] += links[:, merged]
            between[number] = np.delete(np.delete(links, merged, 0), merged, 1)
        alive = np.delete(alive, merged)
    return Merging(communities, np.array(pairs, np.int32).reshape(-1, 2), np.array(conductances))


def most_linked(graph: Graph, clusters: NDArray[np.int32]) -> NDArray[np.float64]:
    """The largest φ of each of K clusters (N,) with another one, (K,): see `Merging`; 0 for a single cluster."""
    return np.asarray(np.maximum(_conductances(_links(graph, clusters), graph.pixel_factor).max(axis=1), 0))


def _links(graph: Graph, groups: NDArray[np.int32]) -> list[NDArray[np.float64]]:
    """The links between groups, (K, K), by the embedding and, if there are any, by pixels."""
    kinds = [graph.by_embedding] if graph.by_pixels is None else [graph.by_embedding, graph.by_pixels]
    return [links_between(links, groups) for links in kinds]


def _conductances(between: Sequence[NDArray[np.float64]], pixel_factor: float) -> NDArray[np.float64]:
    """φ of all pairs of clusters, (K, K), from the links by the embedding and, if there are any, by pixels."""
    every = []
    for links in between:
        degrees = links.sum(axis=1)
        every.append(links / np.maximum(np.minimum(degrees[:, None], degrees), np.finfo(float).tiny))
    linked = every[0] if len(every) == 1 else np.maximum(every[0], every[1] / pixel_factor)
    np.fill_diagonal(linked, -1)
    return np.asarray(linked)
