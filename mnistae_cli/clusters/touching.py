"""Kinds that touch: whether there are any that clusters do not show, and the communities that show them."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.clusters.communities import leiden
from mnistae_cli.clusters.directions import Directions
from mnistae_cli.clusters.graph import shared_neighbors, similarity_graph
from mnistae_cli.clusters.halves import Grain, agreement_of_halves
from mnistae_cli.clusters.limits import REPRODUCIBLE_THREADS
from mnistae_cli.clusters.neighbors import Neighbors
from mnistae_cli.clusters.placement import VOTERS
from mnistae_cli.scores import contingency_table, homogeneity

# Clusters that were classes told 0.81 or more of what the communities at resolution 1 tell, and stayed the same over
# 0.53 or more of the thresholds. Where kinds touched, they told 0.79 or less, or it was 0.1 or less of the thresholds:
# see docs/invariant.md.
EXPLAINED, WIDE = 0.8, 0.4
# How much better than in a reference without kinds the communities of two halves of the images agreed: by 0.53 or more
# where there were kinds; by 0.07 or less for noise, and for images of one class.
REAL = 0.3
MOST_REFERENCE = 20_000  # points of the reference
DRAWS = 3  # divisions of the images into halves
# Numbers of neighbors, few for kinds of few images, and the resolutions that are tried with each.
TRIED = {8: (1.0, 2.0, 4.0, 10.0, 30.0), 15: (1.0, 2.0, 4.0, 10.0), 30: (1.0, 2.0, 4.0)}
SLIGHTLY = 0.02  # gains differ by about 0.007 by chance
FINE = ((6, 30.0), (8, 10.0), (8, 3.0), (15, 1.0))  # grains at which communities hold one kind, the finest first
LEAST_SURE = 0.2  # share of the images that are sure; with fewer, communities are too small to be learned
SURE = 0.8  # share of an image's ten nearest images that are in its community
FEWEST = 4  # images of a small community
FEWEST_IMAGES = 40  # of which kinds can be found


def show_kinds(clusters: NDArray[np.int32], width: float, communities: NDArray[np.int32]) -> bool:
    """Whether clusters that are apart show the kinds of images, if there are any.

    They do if they tell most of what communities at resolution 1, the usual modularity, tell (`homogeneity`), and if
    they do not depend on the threshold.

    Args:
        clusters: (N,) from 0, the clusters that are apart.
        width: of the range of thresholds that give them, in [0, 1]: `Scan.width`.
        communities: (N,) from 0, those at resolution 1.
    """
    table = contingency_table(clusters, communities, int(clusters.max()) + 1, int(communities.max()) + 1)
    return homogeneity(table) >= EXPLAINED and width >= WIDE


def has_kinds(directions: Directions, n_neighbors: int, seed: int) -> bool:
    """Whether there are kinds of images: communities at resolution 1 are found again in another half of the images.

    Args:
        directions: of N images; fewer than 40 show nothing.
        n_neighbors: k of the graph.
        seed: of Leiden and of the halves.
    """
    if len(directions) < FEWEST_IMAGES:
        return False
    return bool(gains(directions, [(n_neighbors, 1.0)], seed, n_draws=1)[0] >= REAL)


def gains(directions: Directions, grains: Sequence[Grain], seed: int, n_draws: int = DRAWS) -> NDArray[np.float64]:
    """How much better two halves agree at each grain than halves of points without kinds: (a - a') / (1 - a'), (G,).

    a is the agreement for the directions, and a' that for points drawn from a normal distribution with their mean and
    covariance. 1: the halves agree fully; 0: no better than points of one kind that vary in the same directions. If the
    halves of these agree fully, nothing can be told, and the gain is 0. The
    comparison with a reference is that of the gap statistic (Tibshirani, Walther & Hastie 2001).

    Args:
        directions: of N images.
        grains: see `agreement_of_halves`.
        seed: of all draws.
        n_draws: number of divisions of the directions into halves; the points of the reference are divided once.
    """
    vectors = directions.vectors.astype(np.float64)
    random = np.random.default_rng([seed, 5])
    values, axes = np.linalg.eigh(np.cov(vectors.T).reshape(vectors.shape[1], -1))
    normal = random.normal(size=(min(len(vectors), MOST_REFERENCE), len(values)))
    reference = vectors.mean(axis=0) + (normal * np.sqrt(np.maximum(values, 0))) @ axes.T
    found, chance = (
        np.array(agreement_of_halves(each.astype(np.float32), grains, n_draws=draws, seed=seed))
        for each, draws in ((vectors, n_draws), (reference, 1))
    )
    return np.where(chance < 1, (found - chance) / np.maximum(1 - chance, np.finfo(float).tiny), 0.0)


def find_communities(
    directions: Directions, neighbors: Neighbors, *, n_init: int, seed: int
) -> Sequence[NDArray[np.int32]]:
    """Communities of the images, `n_init` times, at the grain with the largest of the `gains`.

    Of resolutions that are as good, the lowest is taken, which gives fewer communities. Halves do not tell how small
    kinds of few images are, because groups of similar kinds are found again too. But such kinds show in the graph: with
    more neighbors, a smaller share of them is common to neighbors (`shared_neighbors`). Then the finest grain is taken.

    Args:
        directions: of N images.
        neighbors: the k nearest of each image; grains with more neighbors are not tried.
        n_init: number of runs of Leiden.
        seed: seed of the first run, and of the halves.
    """
    most = neighbors.indices.shape[1]
    grains = list(dict.fromkeys((min(k, most), r) for k, resolutions in TRIED.items() for r in resolutions))
    shared = [shared_neighbors(neighbors.indices[:, :k]) for k in dict.fromkeys(k for k, _ in grains)]
    if shared == sorted(shared):
        found = dict(zip(grains, gains(directions, grains, seed), strict=True))
        k = max(found, key=lambda grain: found[grain])[0]
        resolution = min(r for other, r in grains if other == k and found[other, r] >= max(found.values()) - SLIGHTLY)
    else:
        k, resolution = min(grains, key=lambda grain: (grain[0], -grain[1]))
    links = similarity_graph(neighbors.indices[:, :k]).links
    with ThreadPoolExecutor(REPRODUCIBLE_THREADS) as runs:
        return list(runs.map(lambda run: leiden(links, resolution, (seed + run) % 2**32), range(n_init)))


def find_sure_communities(directions: Directions, seed: int) -> NDArray[np.int32]:
    """Small communities from which a network can learn kinds: (N,) int32 from 0; -1: an image that is not sure.

    An image is sure if at least eight of its ten nearest images are in the same community. Communities with fewer than
    four sure images are left out. There are several communities of each kind: two kinds in one community would be
    learned as one. Of four grains, the finest one is taken with which a fifth of the images are sure; if there is none,
    the coarsest.

    Args:
        directions: of N images.
        seed: of Leiden.
    """
    neighbors = directions.nearest_others(max(VOTERS, *(k for k, _ in FINE))).indices
    near = neighbors[:, :VOTERS]
    for k, resolution in FINE:
        communities = leiden(similarity_graph(neighbors[:, :k]).links, resolution, seed)
        sure = (communities[near] == communities[:, None]).mean(axis=1) >= SURE
        sure &= np.bincount(communities[sure], minlength=len(communities))[communities] >= FEWEST
        if sure.mean() >= LEAST_SURE:
            break
    kept = np.full(len(communities), -1, np.int32)
    kept[sure] = np.unique(communities[sure], return_inverse=True)[1]
    return kept
