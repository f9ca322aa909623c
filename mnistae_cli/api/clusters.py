"""`mnistae cluster --method graph` as a clusterer."""

from dataclasses import asdict
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from mnistae_cli.api.parameters import RandomState, config_of, seed_of, value_errors
from mnistae_cli.clusters import VOTERS, Directions, find_clusters, place_by_neighbors
from mnistae_cli.settings import ClusterConfig, Graph, WholeOrAuto


class GraphClusters(ClusterMixin, BaseEstimator):
    """Clusters of any size, and their number, from the graph of similar images. `mnistae cluster --method graph`.

    Each sample is linked to its nearest ones by cosine. Leiden (Traag, Waltman & van Eck 2019) finds many small
    communities, which are merged in the order of the conductance of the cut between them,
    φ(A, B) = links between A and B / the smaller sum of links of A and B. Their number is read from the widest range of
    thresholds that gives the same clusters.

    Args:
        n_clusters: their number, or `auto`: it is found.
        n_init: runs with different seeds; they must agree on the number that is found.
        n_neighbors: k, at most 1000; `auto`: a hundredth of the samples, 10 to 30.
        min_cluster_size: samples that make a cluster; smaller groups come after. `auto`: a five-hundredth, at least 10.
        random_state: seed of the first run, as `--seed`.

    Attributes:
        labels_ (NDArray): (N,) int32, the cluster of each sample, the largest first. Communities that are too small to
            be a cluster follow, from `n_clusters_` on.
        n_clusters_ (int): K, without the small communities.
        cluster_sizes_ (NDArray): (K + number of small communities,) int64.
        confidence_ (NDArray): (N,) float32 in [0, 1], the share of the ten nearest samples in the own cluster less that
            in the next one.
        stability_ (float | None): mean adjusted Rand index between the runs; None of one run or of one cluster.
    """

    def __init__(
        self,
        *,
        n_clusters: WholeOrAuto = Graph.n_clusters,
        n_init: int = Graph.n_init,
        n_neighbors: WholeOrAuto = Graph.n_neighbors,
        min_cluster_size: WholeOrAuto = Graph.min_cluster_size,
        random_state: RandomState = ClusterConfig.seed,
    ) -> None:
        self.n_clusters = n_clusters
        self.n_init = n_init
        self.n_neighbors = n_neighbors
        self.min_cluster_size = min_cluster_size
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: object = None, *, neighbors: ArrayLike | None = None) -> Self:
        """Find clusters. No label is looked at.

        Args:
            X: features (N, D) of at least two samples.
            y: not used.
            neighbors: (N, p) whole numbers from 0 to N - 1, of each sample others that are near by another measure, as
                `InvariantEncoder.neighbors_`; they are linked too.

        Raises:
            ValueError: a parameter or an array that cannot be used, or as many clusters cannot be found.
        """
        features = validate_data(self, X, dtype=np.float32, ensure_min_samples=2)
        parameters = {name: value for name, value in self.get_params(deep=False).items() if name != "random_state"}
        config = config_of(ClusterConfig, {**Graph.chosen_by, **parameters, "seed": seed_of(self.random_state)})
        near = None if neighbors is None else _checked(neighbors, len(features))
        self._directions = Directions(features)
        with value_errors():
            found = find_clusters(self._directions, near, seed=config.seed, **asdict(config.method))
        self.labels_ = found.placement.clusters
        self.confidence_ = found.placement.confidence
        self.n_clusters_ = found.n_clusters
        self.cluster_sizes_ = found.sizes
        self.stability_ = found.stability
        return self

    def predict(self, X: ArrayLike) -> NDArray[np.int32]:
        """The cluster (M,) of each sample (M, D): that of most of the ten nearest among those that `fit` saw."""
        check_is_fitted(self)
        features = validate_data(self, X, dtype=np.float32, reset=False)
        return place_by_neighbors(self._directions.nearest(features, VOTERS), self.labels_).clusters


def _checked(neighbors: ArrayLike, n: int) -> NDArray[np.int32]:
    """Neighbors (N, p) that are samples: the graph's library ends the process at any other number."""
    near = np.asarray(neighbors)
    if near.ndim != 2 or len(near) != n:
        raise ValueError(f"neighbors has the shape {near.shape}, and X {n} samples.")
    if near.dtype.kind not in "iu" or (near.size and not 0 <= near.min() <= near.max() < n):
        raise ValueError(f"neighbors must hold whole numbers from 0 to {n - 1}, one per sample of X.")
    return near.astype(np.int32)
