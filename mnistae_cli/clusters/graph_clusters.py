"""Clusters of any size, and their number, from the graph of similar images."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.clusters.communities import Merging, leiden, merge_communities, most_linked, weigh_pixels
from mnistae_cli.clusters.directions import Directions
from mnistae_cli.clusters.graph import Graph, membership, similarity_graph
from mnistae_cli.clusters.limits import REPRODUCIBLE_THREADS
from mnistae_cli.clusters.neighbors import Neighbors
from mnistae_cli.clusters.placement import Placement, place_by_neighbors
from mnistae_cli.clusters.scan import USUAL, Scan, agreement, most_central, scan_thresholds
from mnistae_cli.clusters.touching import find_communities, find_sure_communities, has_kinds, show_kinds
from mnistae_cli.common import RefusedValue, UsageError, setting
from mnistae_cli.settings import AUTO, WholeOrAuto, check_clusters
from mnistae_cli.settings import Graph as GraphSettings

RESOLUTION = 10.0  # of the first communities: 70 to 120 of them for data of ten classes
HIGHEST_RESOLUTION = 1e5
PER_CLUSTER = 2  # fewest communities per cluster; with fewer, the resolution is raised
MOST_COMMUNITIES = 1000  # or eight per cluster, if more clusters are wanted
SMALLEST_SHARE = 1 / 500  # of the images; smaller groups are numbered after the clusters
SMALLEST = 10  # images
MOST_NEIGHBORS, FEWEST_NEIGHBORS = 30, 10
ROUNDS = 20


@dataclass(frozen=True)
class GraphClusters:
    """Clusters of N images; number 0 is the largest. Communities that are too small to be a cluster come last.

    Args:
        placement: the cluster of each image, and how certain it is.
        n_clusters: K, without the small communities.
        sizes: (K + number of small communities,), in images.
        stability: mean adjusted Rand index between the runs, at the chosen number; None for one run or one cluster.
        scan: the scan of the thresholds.
        provisional: (K,), clusters that touch another one: the cut between them is not below the threshold.
        by_threshold: whether they are what is left at the threshold that was chosen; otherwise their number was given,
            or they are communities of kinds that touch.
    """

    placement: Placement
    n_clusters: int
    sizes: NDArray[np.int64]
    stability: float | None
    scan: Scan
    provisional: NDArray[np.bool_]
    by_threshold: bool

    @property
    def apart(self) -> float | None:
        """Share of the images of all K clusters that are in clusters that touch no other one; None if K is 1."""
        sizes = self.sizes[: self.n_clusters]
        if len(sizes) == 1:
            return None
        return float(sizes[~self.provisional].sum() / sizes.sum())

    @property
    def n_small(self) -> int:
        """Number of communities that are too small to be a cluster."""
        return len(self.sizes) - self.n_clusters


def find_clusters(
    directions: Directions,
    nearest_by_pixels: NDArray[np.int32] | None,
    *,
    n_clusters: WholeOrAuto = AUTO,
    n_neighbors: WholeOrAuto = AUTO,
    n_init: int = 5,
    min_cluster_size: WholeOrAuto = AUTO,
    seed: int,
) -> GraphClusters:
    """Divide the graph of N similar images where it has few links.

    Leiden finds many small communities, `n_init` times with different seeds. Each time they are merged, two by two,
    in the order of the conductance of the cut between them (`Merging`). The number at which this stops is given, or is
    the one that stays the same over the widest range of thresholds (`scan_thresholds`). If there are kinds of images
    (`has_kinds`) that such clusters do not show (`show_kinds`), the clusters are the communities that two halves of the
    images agree on (`find_communities`). The result is the run that agrees best with the others. Finally, each image
    moves to the cluster to which most of its links lead.

    Args:
        directions: the features of the N images.
        nearest_by_pixels: (N, p) int32, the nearest images by pixels, or None.
        n_clusters: number of clusters, or `auto`.
        n_neighbors: k; `auto`: 1% of the images, but 10 to 30.
        n_init: number of runs.
        min_cluster_size: smallest cluster, in images; `auto`: 0.2% of them, at least 10, but at most a tenth of the
            mean size if the number is given or kinds touch.
        seed: seed of the first run.

    Raises:
        UsageError: as many or as large clusters cannot be found.
    """
    _check_sizes(len(directions), n_clusters, min_cluster_size)
    n = len(directions)
    k = _n_neighbors(n, n_neighbors)
    neighbors = directions.nearest_others(k)
    graph, communities = _graph(neighbors, nearest_by_pixels, seed)
    mergings, scan = _merged(graph, n_clusters, n_init, seed)
    smallest = _smallest(min_cluster_size, n, n_clusters)
    by_threshold = n_clusters == AUTO
    if by_threshold:
        partitions: Sequence[NDArray[np.int32]] = _apart(mergings, scan)
        apart = partitions[most_central(partitions)]
        if not show_kinds(apart, scan.width, communities) and has_kinds(directions, k, seed):
            by_threshold, graph = False, Graph(graph.by_embedding)
            partitions = find_communities(directions, neighbors, n_init=n_init, seed=seed)
            smallest = _smallest(min_cluster_size, n, int(np.median([each.max() + 1 for each in partitions])))
    else:
        partitions = [_exactly(each, int(n_clusters), smallest) for each in mergings]
    before = partitions[most_central(partitions)]
    small = np.bincount(before) < smallest
    if small.all() and min_cluster_size != AUTO:
        largest = np.bincount(before).max()
        raise UsageError(
            f"{setting('min_cluster_size')} is {smallest}, but the largest cluster has {largest} images.",
            f"Give at most {largest}.",
        )
    small &= not small.all()  # there is at least one cluster
    groups = _settled(graph.links, before)
    sizes = np.bincount(groups)
    ordered = np.lexsort((-sizes, small))
    rank = np.empty(len(sizes), np.int32)
    rank[ordered] = np.arange(len(sizes))
    number = int((~small).sum())
    placement = place_by_neighbors(neighbors, rank[groups], own=rank[groups])
    compared = n_init > 1 and len(sizes) > 1
    stability = agreement(partitions) if compared else None
    touching = most_linked(graph, rank[groups])[:number] > max(scan.conductances[scan.chosen], USUAL)
    return GraphClusters(placement, number, sizes[ordered], stability, scan, touching, by_threshold)


def find_groups(
    directions: Directions, nearest_by_pixels: NDArray[np.int32], *, most: int, seed: int, touched: bool = False
) -> tuple[NDArray[np.int32], bool]:
    """What a network can learn from the images so far: the group (N,) of each, -1: none; and whether kinds touch.

    If they do not, and there are not too many, the groups are the clusters that are apart, as `find_clusters` has them;
    otherwise those of `find_sure_communities`.

    Args:
        directions: the features of the N images.
        nearest_by_pixels: (N, p) int32.
        most: the largest number of clusters that can be learned.
        seed: see `find_clusters`.
        touched: whether kinds touched before, so that it is known that there are any.
    """
    n = len(directions)
    k = _n_neighbors(n, AUTO)
    graph, communities = _graph(directions.nearest_others(k), nearest_by_pixels, seed)
    mergings, scan = _merged(graph, AUTO, GraphSettings.n_init, seed)
    partitions = _apart(mergings, scan)
    groups = partitions[most_central(partitions)]
    learnable = groups.max() < most and show_kinds(groups, scan.width, communities)
    if not learnable and (touched or has_kinds(directions, k, seed)):
        return find_sure_communities(directions, seed), True
    settled = _settled(graph.links, groups)
    large = np.bincount(groups) >= _smallest(AUTO, n, AUTO)
    numbers = np.where(large, np.cumsum(large) - 1, -1)
    return numbers[settled].astype(np.int32), False


def _graph(
    neighbors: Neighbors, nearest_by_pixels: NDArray[np.int32] | None, seed: int
) -> tuple[Graph, NDArray[np.int32]]:
    """The graph, and its communities (N,) by the embedding at resolution 1, the usual modularity."""
    graph = similarity_graph(neighbors.indices, nearest_by_pixels)
    communities = leiden(graph.by_embedding, 1.0, seed)
    return weigh_pixels(graph, communities), communities


def _n_neighbors(n: int, n_neighbors: WholeOrAuto) -> int:
    return min(max(n // 100, FEWEST_NEIGHBORS), MOST_NEIGHBORS) if n_neighbors == AUTO else int(n_neighbors)


def _apart(mergings: Sequence[Merging], scan: Scan) -> list[NDArray[np.int32]]:
    """The clusters (N,) of each run at the chosen threshold."""
    return [each.clusters(each.n_apart(scan.conductances[scan.chosen])) for each in mergings]


def _check_sizes(n: int, n_clusters: WholeOrAuto, min_cluster_size: WholeOrAuto) -> None:
    check_clusters(1 if n_clusters == AUTO else int(n_clusters), n)
    if min_cluster_size != AUTO and int(min_cluster_size) > n:
        raise UsageError(
            f"{setting('min_cluster_size')} is {min_cluster_size}, but there are {n} images.",
            "Give a smaller one, or auto.",
        )


def _merged(graph: Graph, n_clusters: WholeOrAuto, n_init: int, seed: int) -> tuple[list[Merging], Scan]:
    """Merge communities, which are small enough for the number of clusters."""
    resolution = RESOLUTION
    most = MOST_COMMUNITIES if n_clusters == AUTO else max(MOST_COMMUNITIES, 4 * PER_CLUSTER * int(n_clusters))
    while True:

        def merged(run: int, resolution: float = resolution) -> Merging:
            return merge_communities(graph, resolution, (seed + run) % 2**32, most)

        with ThreadPoolExecutor(REPRODUCIBLE_THREADS) as runs:
            mergings = list(runs.map(merged, range(n_init)))
        scan = scan_thresholds(mergings)
        wanted = int(np.median(scan.n_clusters[scan.chosen])) if n_clusters == AUTO else int(n_clusters)
        fewest = min(len(each.pairs) + 1 for each in mergings)
        enough = fewest >= PER_CLUSTER * wanted or fewest > graph.links.shape[0] / 2
        if enough or resolution > HIGHEST_RESOLUTION:
            return mergings, scan
        resolution *= 4


def _smallest(min_cluster_size: WholeOrAuto, n: int, n_clusters: WholeOrAuto) -> int:
    if min_cluster_size != AUTO:
        return int(min_cluster_size)
    smallest = max(int(n * SMALLEST_SHARE), SMALLEST)
    return smallest if n_clusters == AUTO else min(smallest, max(n // (10 * int(n_clusters)), 1))


def _exactly(merging: Merging, n_clusters: int, smallest: int) -> NDArray[np.int32]:
    """The clusters of a merging at the number at which `n_clusters` of them are large enough."""
    n_communities, nearest = len(merging.pairs) + 1, 0
    for n in range(min(n_clusters, n_communities), n_communities + 1):
        groups = merging.clusters(n)
        n_large = int((np.bincount(groups) >= smallest).sum())
        if n_large == n_clusters:
            return groups
        nearest = max(nearest, n_large)
    smaller = f", or a smaller {setting('min_cluster_size')}" if smallest > 1 else ""
    rule = f"only {nearest} clusters of at least {smallest} images were found"
    raise RefusedValue(setting("n_clusters", flag="clusters"), n_clusters, rule, f"Give a smaller number{smaller}.")


def _settled(links: Any, groups: NDArray[np.int32]) -> NDArray[np.int32]:
    """Move each image to the group to which most of its links lead, until none moves; no group becomes empty."""
    for _ in range(ROUNDS):
        to_groups = np.asarray((links @ membership(groups)).todense())
        n = np.arange(len(groups))
        best = to_groups.argmax(axis=1).astype(np.int32)
        moved = np.where(to_groups[n, best] > to_groups[n, groups], best, groups)
        if np.array_equal(moved, groups) or len(np.unique(moved)) <= groups.max():
            break
        groups = moved
    return groups
