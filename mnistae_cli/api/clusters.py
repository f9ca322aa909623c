"""`mnistae cluster --method graph` as a clusterer."""

from dataclasses import asdict
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from mnistae_cli.api.parameters import RandomState, config_of, keep, seed_of, value_errors
from mnistae_cli.clusters import VOTERS, Directions, find_clusters, place_by_neighbors
from mnistae_cli.settings import ClusterConfig, Graph, WholeOrAuto


class GraphClusters(ClusterMixin, BaseEstimator):
    """Clusters of any size, and their number, from the graph of similar images: `mnistae cluster --method graph`.

    Each sample is linked to its nearest ones by cosine. Leiden (Traag, Waltman & van Eck 2019) finds many small
    communities. They are merged in the order of the conductance of the cut between them,
    φ(A, B) = links between A and B / the smaller sum of links of A and B. The number of clusters is the one that stays
    the same over the widest range of thresholds of φ. Where kinds touch, so that this does not show them, the clusters
    are the communities that two halves of the samples agree on best.

    Args:
        n_clusters: number of clusters; `auto`: it is found.
        n_init: number of runs with different seeds; they must agree on the number of clusters.
        n_neighbors: k, at most 1000; `auto`: 1% of the samples, but 10 to 30.
        min_cluster_size: smallest cluster, in samples; `auto`: 0.2% of them, at least 10.
        random_state: seed of the first run, like `--seed`.

    Attributes:
        labels_ (NDArray): (N,) int32, the cluster of each sample; 0 is the largest. Communities that are too small to
            be a cluster have the numbers from `n_clusters_` on.
        n_clusters_ (int): K, without the small communities.
        cluster_sizes_ (NDArray): (K + number of small communities,) int64.
        confidence_ (NDArray): (N,) float32 in [0, 1]: of the ten nearest samples, the share in the same cluster minus
            the share in the next one.
        stability_ (float | None): mean adjusted Rand index between the runs; None for one run or one cluster.
        apart_ (float | None): share of the samples in clusters that touch no other one; None for one cluster.

    Examples:
        >>> import mnistae_cli as mnistae
        >>> pixels = mnistae.load_digits().train.images[:300].reshape(300, 64)
        >>> clusters = mnistae.GraphClusters(n_clusters=10).fit(pixels)
        >>> clusters.n_clusters_, clusters.labels_.shape
        (10, (300,))
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
        keep(self, locals())

    def fit(self, X: ArrayLike, y: object = None, *, neighbors: ArrayLike | None = None) -> Self:
        """Find clusters. Labels are not used.

        Args:
            X: features (N, D) of at least two samples.
            y: not used.
            neighbors: (N, p) whole numbers from 0 to N - 1: other samples that are near by another measure, for example
                `InvariantEncoder.neighbors_`. They are linked too.

        Raises:
            ValueError: a parameter or an array cannot be used, or `n_clusters` clusters cannot be found.
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
        self.apart_ = found.apart
        return self

    def predict(self, X: ArrayLike) -> NDArray[np.int32]:
        """The cluster (M,) of each sample (M, D): the most frequent one of the ten nearest samples that `fit` saw."""
        check_is_fitted(self)
        features = validate_data(self, X, dtype=np.float32, reset=False)
        return place_by_neighbors(self._directions.nearest(features, VOTERS), self.labels_).clusters


def _checked(neighbors: ArrayLike, n: int) -> NDArray[np.int32]:
    """Refuse neighbors that are not samples: they would crash the graph's library."""
    near = np.asarray(neighbors)
    if near.ndim != 2 or len(near) != n:
        raise ValueError(f"neighbors has the shape {near.shape}, but X has {n} samples.")
    if near.dtype.kind not in "iu" or (near.size and not 0 <= near.min() <= near.max() < n):
        raise ValueError(f"neighbors must hold whole numbers from 0 to {n - 1}: the rows of X.")
    return near.astype(np.int32)
