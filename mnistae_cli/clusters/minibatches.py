"""KMeans on features that stay on the disk: mini-batches, by scikit-learn."""

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.clusters.kmeans import Clustering, Metric, assign, compared, draw_sample, taking_features
from mnistae_cli.clusters.limits import REPRODUCIBLE_THREADS
from mnistae_cli.data import Rows

BLOCKS, BLOCK = 64, 128  # a mini-batch is so many blocks of neighboring rows, from everywhere in the file
PASSES = 3  # over all features


def fit_minibatches(
    features: Rows,
    *,
    metric: Metric,
    n_clusters: int,
    n_init: int,
    init_size: int,
    max_iter: int,
    tol: float,
    seed: int,
) -> Clustering:
    """Fit KMeans to features (N, D), with one mini-batch in memory (Sculley 2010, "Web-scale k-means clustering").

    It starts as `fit_kmeans` does, from the best of `n_init` starts on a sample. Then come three passes over all
    features. A mini-batch takes blocks from all parts of the file, which may be sorted by class.

    Args:
        features: (N, D) float32, on the disk.
        metric: as in `fit_kmeans`.
        n_clusters: K.
        n_init: starts; the one of lowest inertia is kept.
        init_size: images of the sample, at least 3 K.
        max_iter: the largest number of iterations of one start on the sample.
        tol: as in scikit-learn, relative to the variance of the sample.
        seed: of the sample, the starts and the mini-batches.

    Raises:
        UsageError: fewer images than clusters.
    """
    from sklearn.cluster import KMeans, MiniBatchKMeans
    from threadpoolctl import threadpool_limits

    n = len(features)
    sample = compared(features.take(draw_sample(n, n_clusters, init_size, seed)), metric)
    with threadpool_limits(REPRODUCIBLE_THREADS):
        first = KMeans(n_clusters, n_init=n_init, max_iter=max_iter, tol=tol, random_state=seed).fit(sample)
        model = MiniBatchKMeans(n_clusters, init=first.cluster_centers_, n_init=1, random_state=seed)
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
    return Clustering(taking_features(model, metric), centroids, np.concatenate(assignments), inertia, PASSES)
