"""KMeans: fitted by scikit-learn, in memory or in parts from the disk; assigned by one matrix product."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.clusters.directions import unit_vectors
from mnistae_cli.clusters.limits import REPRODUCIBLE_THREADS, ROWS_IN_CACHE
from mnistae_cli.data import Rows
from mnistae_cli.settings import check_clusters

Metric = Literal["cosine", "euclidean"]
ROWS = 8192
LEAST_PER_CLUSTER = 3  # images of the sample, as in scikit-learn's MiniBatchKMeans
BLOCKS, BLOCK = 64, 128  # a mini-batch is so many blocks of neighboring rows, from everywhere in the file
PASSES = 3  # of mini-batches over all features


@dataclass(frozen=True)
class Clustering:
    """A fitted KMeans.

    Args:
        model: scikit-learn's, which takes features; of directions a pipeline that scales them first.
        centroids: (K, D) float32.
        assignments: (N,) int32 from 0 to K - 1, the nearest centroid of each image.
        inertia: the sum of the squared distances of the images, or of their directions, to their centroids.
        n_iter: iterations over all features, or passes of mini-batches.
    """

    model: Any
    centroids: NDArray[np.float32]
    assignments: NDArray[np.int32]
    inertia: float
    n_iter: int


def fit_kmeans(
    features: NDArray[np.float32] | Rows,
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

    Minimizes the inertia, the sum over images of min over k of ||x - c_k||² (Lloyd 1982), by the algorithm of Elkan
    2003, which skips distances that cannot matter. Each start is drawn by k-means++ (Arthur & Vassilvitskii 2007) and
    run to its end on the sample. The centroids of lowest inertia are then refined on all images (Bradley & Fayyad
    1998, "Refining initial points for k-means clustering").

    Of features on the disk, one mini-batch is in memory, in three passes over all (Sculley 2010, "Web-scale k-means
    clustering"). It takes blocks from all parts of the file, which may be sorted by class.

    Args:
        features: (N, D) float32, in memory or on the disk.
        metric: `cosine`: x are the directions of the features, of length 1 (cf. Dhillon & Modha 2001, "Concept
            decompositions for large sparse text data using clustering"); `euclidean`: the features.
        n_clusters: K.
        n_init: starts; the one of lowest inertia is kept.
        init_size: images of the sample, at least 3 K.
        max_iter: the largest number of iterations of one start.
        tol: as in scikit-learn, relative to the variance.
        seed: of the sample, the starts and the mini-batches.
        copy: else features in memory are written over.

    Raises:
        UsageError: fewer images than clusters.
    """
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    how = {"max_iter": max_iter, "tol": tol, "random_state": seed, "algorithm": "elkan"}
    drawn = _draw_sample(len(features), n_clusters, init_size, seed)
    with threadpool_limits(REPRODUCIBLE_THREADS):
        if isinstance(features, Rows):
            best = KMeans(n_clusters, n_init=n_init, **how).fit(compared(features.take(drawn), metric))
            return _by_minibatches(features, metric, best.cluster_centers_, seed)
        points = compared(features, metric, copy=copy)
        model = KMeans(n_clusters, n_init=n_init, **how).fit(points[drawn])
        if len(drawn) < len(points):
            spare = metric == "cosine" or not copy  # scikit-learn may work in the memory of the points
            model = KMeans(n_clusters, init=model.cluster_centers_, n_init=1, copy_x=not spare, **how).fit(points)
    centroids = model.cluster_centers_.astype(np.float32)
    assignments = assign(points, centroids)
    inertia, n_iter = float(model.inertia_), int(model.n_iter_)
    return Clustering(_taking_features(model, metric), centroids, assignments, inertia, n_iter)


def _by_minibatches(features: Rows, metric: Metric, init: NDArray[np.float32], seed: int) -> Clustering:
    """Fit KMeans to features on the disk from the centroids `init` (K, D) on."""
    from sklearn.cluster import MiniBatchKMeans

    n = len(features)
    model = MiniBatchKMeans(len(init), init=init, n_init=1, random_state=seed)
    for number in range(PASSES):
        starts = np.random.default_rng([seed, number]).permutation(-(-n // BLOCK)) * BLOCK
        for part in range(0, len(starts), BLOCKS):
            rows = (starts[part : part + BLOCKS, None] + np.arange(BLOCK)).ravel()
            model.partial_fit(compared(features.take(rows[rows < n]), metric))
    centroids = model.cluster_centers_.astype(np.float32)
    assignments, inertia = list[NDArray[np.int32]](), 0.0
    for batch in (compared(each, metric) for each in features.batches()):
        assignments.append(assign(batch, centroids))
        inertia += float(np.square(batch - centroids[assignments[-1]], dtype=np.float64).sum())
    return Clustering(_taking_features(model, metric), centroids, np.concatenate(assignments), inertia, PASSES)


def compared(features: NDArray[np.float32], metric: Metric, *, copy: bool = True) -> NDArray[np.float32]:
    """What KMeans compares: the features (N, D), or their directions, without `copy` in the same memory."""
    return unit_vectors(features, copy=copy) if metric == "cosine" else features


def _taking_features(model: Any, metric: Metric) -> Any:
    """A fitted KMeans that takes features, also where it was fitted to their directions."""
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import Normalizer

    return make_pipeline(Normalizer(), model) if metric == "cosine" else model


def _draw_sample(n: int, n_clusters: int, init_size: int, seed: int) -> NDArray[np.int64]:
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
