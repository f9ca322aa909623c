"""KMeans: fitted by scikit-learn, assigned by one matrix product."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.clusters.directions import unit_vectors
from mnistae_cli.clusters.limits import REPRODUCIBLE_THREADS, ROWS_IN_CACHE
from mnistae_cli.settings import check_clusters

Metric = Literal["cosine", "euclidean"]
ROWS = 8192
LEAST_PER_CLUSTER = 3  # images of the sample, as in scikit-learn's MiniBatchKMeans


@dataclass(frozen=True)
class Clustering:
    """A fitted KMeans.

    Args:
        model: scikit-learn's, which takes features; of directions a pipeline that scales them first.
        centroids: (K, D) float32.
        assignments: (N,) int32 from 0 to K - 1, the nearest centroid of each image.
        inertia: the sum of the squared distances of the images, or of their directions, to their centroids.
        n_iter: iterations over all features.
    """

    model: Any
    centroids: NDArray[np.float32]
    assignments: NDArray[np.int32]
    inertia: float
    n_iter: int


def fit_kmeans(
    features: NDArray[np.float32],
    *,
    metric: Metric,
    n_clusters: int,
    n_init: int,
    init_size: int,
    max_iter: int,
    tol: float,
    seed: int,
    copy: bool = True,
) -> Clustering:
    """Fit KMeans to `features` (N, D), from the best of `n_init` starts on a sample of `init_size` images.

    Minimises the inertia, the sum over images of min over k of ||x - c_k||² (Lloyd 1982), by the algorithm of Elkan
    2003, which skips distances that cannot matter. Each start is drawn by k-means++ (Arthur & Vassilvitskii 2007) and
    run to its end on the sample. The centroids of lowest inertia are then refined on all images (Bradley & Fayyad
    1998, "Refining initial points for k-means clustering").

    Args:
        features: (N, D) float32.
        metric: `cosine`: x are the directions of the features, of length 1 (cf. Dhillon & Modha 2001, "Concept
            decompositions for large sparse text data using clustering"); `euclidean`: the features.
        n_clusters: K.
        n_init: starts; the one of lowest inertia is kept.
        init_size: images of the sample, at least 3 K.
        max_iter: the largest number of iterations of one start.
        tol: as in scikit-learn, relative to the variance.
        seed: of the sample and of the starts.
        copy: else `features` are written over.

    Raises:
        UsageError: fewer images than clusters.
    """
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    features = compared(features, metric, copy=copy)
    owned = metric == "cosine" or not copy
    sample = features[draw_sample(len(features), n_clusters, init_size, seed)]
    stopping = {"max_iter": max_iter, "tol": tol, "random_state": seed, "algorithm": "elkan"}
    with threadpool_limits(REPRODUCIBLE_THREADS):
        model = KMeans(n_clusters, init="k-means++", n_init=n_init, **stopping).fit(sample)
        if len(sample) < len(features):
            model = KMeans(n_clusters, init=model.cluster_centers_, n_init=1, copy_x=not owned, **stopping).fit(
                features
            )
    centroids = model.cluster_centers_.astype(np.float32)
    assignments = assign(features, centroids)
    return Clustering(taking_features(model, metric), centroids, assignments, float(model.inertia_), int(model.n_iter_))


def compared(features: NDArray[np.float32], metric: Metric, *, copy: bool = True) -> NDArray[np.float32]:
    """What KMeans compares: the features (N, D), or their directions, without `copy` in the same memory."""
    return unit_vectors(features, copy=copy) if metric == "cosine" else features


def taking_features(model: Any, metric: Metric) -> Any:
    """A fitted KMeans that takes features, also where it was fitted to their directions."""
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import Normalizer

    return make_pipeline(Normalizer(), model) if metric == "cosine" else model


def draw_sample(n: int, n_clusters: int, init_size: int, seed: int) -> NDArray[np.int64]:
    """The sorted indices of the images, of `n`, on which the starts are tried.

    Raises:
        UsageError: fewer images than clusters.
    """
    check_clusters(n_clusters, n)
    size = min(max(init_size, LEAST_PER_CLUSTER * n_clusters), n)
    return np.sort(np.random.default_rng(seed).permutation(n)[:size])


def assign(features: NDArray[np.float32], centroids: NDArray[np.float32]) -> NDArray[np.int32]:
    """The nearest centroid of each image: argmin over k of ||c_k||² - 2 x·c_k. (N, D), (K, D) → (N,) int32."""
    norms = np.square(centroids).sum(axis=1)
    rows = (features[start : start + ROWS] for start in range(0, len(features), ROWS))
    nearest = [np.argmin(norms - 2 * (part @ centroids.T), axis=1) for part in rows]
    return np.concatenate(nearest).astype(np.int32)


def distances(features: NDArray[np.float32], centroids: NDArray[np.float32]) -> NDArray[np.float32]:
    """Euclidean distances (N, K) of images to centroids, float32."""
    found = np.empty((len(features), len(centroids)), np.float32)
    for start in range(0, len(features), ROWS_IN_CACHE):
        part = features[start : start + ROWS_IN_CACHE]
        for number, centroid in enumerate(centroids):
            found[start : start + ROWS_IN_CACHE, number] = np.linalg.norm(part - centroid, axis=1)
    return found
