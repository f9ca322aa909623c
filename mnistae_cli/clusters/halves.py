"""Whether two halves of the images show the same kinds: so kinds that touch are told from images of one kind."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.clusters.communities import leiden
from mnistae_cli.clusters.directions import Directions
from mnistae_cli.clusters.graph import similarity_graph
from mnistae_cli.clusters.limits import REPRODUCIBLE_THREADS
from mnistae_cli.clusters.placement import VOTERS, place_by_neighbors
from mnistae_cli.scores import adjusted_rand_index, contingency_table

MOST_IMAGES = 10_000  # of a half; more take longer

Grain = tuple[int, float]
"""How fine communities are: the number of neighbors k in the graph, and Leiden's resolution r."""


def agreement_of_halves(
    features: NDArray[np.float32], grains: Sequence[Grain], *, n_draws: int, seed: int
) -> list[float]:
    """How well communities that are found in one half of the images are found again in the other half, for each grain.

    The images are divided at random. Leiden finds communities in the graph of each half. Each image of the second half
    also gets the community of the first half that most of its ten nearest images there are in. The two numbers of these
    images are compared by the adjusted Rand index: at most 1, 0 as by chance (Lange et al. 2004, "Stability-based
    validation of clustering solutions"; Tibshirani & Walther 2005, "Cluster validation by prediction strength"). The
    mean over the divisions is returned. A half has half of the neighbors too, because it has half of the images of each
    kind.

    Args:
        features: (N, D) float32, compared by their directions; N is at least 4.
        grains: how fine the communities are, in the graph of all images.
        n_draws: number of divisions.
        seed: seed of the divisions and of Leiden.
    """

    def of_draw(draw: int) -> list[float]:
        order = np.random.default_rng([seed, draw]).permutation(len(features))
        size = min(len(order) // 2, MOST_IMAGES)
        halves = order[:size], order[size : 2 * size]
        first, second = (Directions(features[half]) for half in halves)
        nearest = first.nearest(features[halves[1]], VOTERS)
        most = max(k for k, _ in grains) // 2
        neighbors = [each.nearest_others(max(most, 2)).indices for each in (first, second)]
        found = {}
        for k in dict.fromkeys(k for k, _ in grains):
            graphs = [similarity_graph(each[:, : max(k // 2, 2)]).links for each in neighbors]
            for r in (r for other, r in grains if other == k):
                before, own = (leiden(links, r, (seed + draw) % 2**32) for links in graphs)
                taken = place_by_neighbors(nearest, before).clusters
                found[k, r] = _adjusted_rand_index(taken, own)
        return [found[grain] for grain in grains]

    with ThreadPoolExecutor(REPRODUCIBLE_THREADS) as draws:
        return [float(each) for each in np.mean(list(draws.map(of_draw, range(n_draws))), axis=0)]


def _adjusted_rand_index(taken: NDArray[np.int32], own: NDArray[np.int32]) -> float:
    """The adjusted Rand index of two groupings; 0 if each is a single group, which shows nothing."""
    if not taken.any() and not own.any():
        return 0.0
    return adjusted_rand_index(contingency_table(taken, own, int(taken.max()) + 1, int(own.max()) + 1))
