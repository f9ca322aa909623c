"""`mnistae cluster`: features → clusters. Looks at no label."""

from dataclasses import asdict
from pathlib import Path

import joblib
import numpy as np

from mnistae_cli.clusters import assign, fit_kmeans
from mnistae_cli.data import load_npy
from mnistae_cli.progress import Notice, Report, silent
from mnistae_cli.settings import ClusterConfig
from mnistae_cli.store import Manifest, Plan, Stored, Work, hold, make_stage, open_stage


def cluster(config: ClusterConfig, artifacts: Path, report: Report = silent, *, force: bool = False) -> Manifest:
    """Fit KMeans on the training features, and give each test image its nearest centroid.

    Writes `kmeans.joblib`, `centroids.npy` (K, D) float32, `assignments_train.npy` and `assignments_test.npy`
    (N,) int32. The manifest's metrics: `inertia`, `n_iter` and `cluster_sizes` (K,) on the training images.

    Raises:
        MissingInput: no valid features.
        UsageError: fewer images than clusters.
    """
    with hold(artifacts, report, create=False):
        encode = open_stage(artifacts, "encode")
        plan = Plan("cluster", config, inputs={"encode": encode})
        return make_stage(artifacts, plan, lambda work: _fill(work, config, encode, report), report, force=force)


def _fill(work: Work, config: ClusterConfig, encode: Stored, report: Report) -> None:
    features = load_npy(encode.folder / "features_train.npy")
    report(Notice(f"KMeans on {len(features)}×{features.shape[1]} features, {config.n_init} starts"))
    fitted = fit_kmeans(features, **asdict(config))
    joblib.dump(fitted.model, work.folder / "kmeans.joblib")
    np.save(work.folder / "centroids.npy", fitted.centroids)
    np.save(work.folder / "assignments_train.npy", fitted.assignments)
    test_features = load_npy(encode.folder / "features_test.npy")
    np.save(work.folder / "assignments_test.npy", assign(test_features, fitted.centroids))
    sizes = np.bincount(fitted.assignments, minlength=config.n_clusters)
    work.metrics = {"inertia": fitted.inertia, "n_iter": fitted.n_iter, "cluster_sizes": sizes.tolist()}
