"""KMeans: scikit-learn's to fit, one matrix product to assign."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.codes import check_clusters
from mnistae_cli.configs import REPRODUCIBLE_THREADS, ClusterConfig

if TYPE_CHECKING:
    from sklearn.cluster import KMeans

ROWS = 8192
LEAST_PER_CLUSTER = 3  # images of the sample, as in scikit-learn's MiniBatchKMeans


@dataclass(frozen=True)
class Clustering:
    """A fitted KMeans: its scikit-learn object, centroids (K, D) float32 and assignments (N,) int32."""

    model: "KMeans"
    centroids: NDArray[np.float32]
    assignments: NDArray[np.int32]
    inertia: float
    n_iter: int


def fit_kmeans(features: NDArray[np.float32], config: ClusterConfig) -> Clustering:
    """KMeans on `features` (N, D) from the best of `n_init` starts on a sample of `init_size`.

    Minimises the inertia, the sum over images of min over k of ||x - c_k||² (Lloyd 1982; as Elkan 2003, who skips
    distances that cannot matter). Starts are k-means++ (Arthur & Vassilvitskii 2007), each run to its end on the
    sample, whose centroids of lowest inertia are refined on all images (Bradley & Fayyad 1998, "Refining initial
    points for k-means clustering").

    Raises:
        UsageError: fewer images than clusters.
    """
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    n = len(features)
    check_clusters(config.n_clusters, n)
    size = min(max(config.init_size, LEAST_PER_CLUSTER * config.n_clusters), n)
    sample = features[np.sort(np.random.default_rng(config.seed).permutation(n)[:size])]
    stopping = {"max_iter": config.max_iter, "tol": config.tol, "random_state": config.seed, "algorithm": "elkan"}
    with threadpool_limits(REPRODUCIBLE_THREADS):
        model = KMeans(config.n_clusters, init="k-means++", n_init=config.n_init, **stopping).fit(sample)
        if size < n:
            model = KMeans(config.n_clusters, init=model.cluster_centers_, n_init=1, **stopping).fit(features)
    centroids = model.cluster_centers_.astype(np.float32)
    return Clustering(model, centroids, assign(features, centroids), float(model.inertia_), int(model.n_iter_))


def assign(features: NDArray[np.float32], centroids: NDArray[np.float32]) -> NDArray[np.int32]:
    """The nearest centroid of each image: argmin over k of ||c_k||² - 2 x·c_k. (N, D), (K, D) → (N,) int32."""
    norms = np.square(centroids).sum(axis=1)
    rows = (features[start : start + ROWS] for start in range(0, len(features), ROWS))
    nearest = [np.argmin(norms - 2 * (part @ centroids.T), axis=1) for part in rows]
    return np.concatenate(nearest).astype(np.int32)


def distances(features: NDArray[np.float32], centroids: NDArray[np.float32]) -> NDArray[np.float32]:
    """Euclidean distances (N, K) of images to centroids, float32."""
    columns = [np.linalg.norm(features - centroid, axis=1) for centroid in centroids]
    return np.stack(columns, axis=1).astype(np.float32)
