"""`mnistae cluster`: features → clusters. Labels are not used."""

import csv
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

import joblib
import numpy as np
from numpy.typing import NDArray

from mnistae_cli.clusters import (
    VOTERS,
    Directions,
    Placement,
    Scan,
    find_clusters,
    fit_kmeans,
    place_by_centroids,
    place_by_neighbors,
)
from mnistae_cli.common import Notice, Report, setting, silent
from mnistae_cli.data import Rows, fits_memory, load_npy
from mnistae_cli.networks import FEATURES
from mnistae_cli.scores import SPLITS
from mnistae_cli.settings import AUTO, GRAPH_FEATURES_OF, ClusterConfig, Graph, KMeans, graph_features
from mnistae_cli.store import TRAIN_IMAGES, Manifest, Reads, Stored, Work, stage

Place = Callable[[NDArray[np.float32]], Placement]
"""Features (M, D) of new images → their clusters."""
NONE_FOUND = (
    "no clusters were found in these features at any usual threshold. Look at the images, train longer "
    f"({setting('epochs')}), or give {setting('n_clusters', flag='clusters')}"
)
TOUCHING = "they touch others, so that another number is as good. Name them by their images (mnistae label)"
LEAST_STABILITY = 0.95  # mean adjusted Rand index between runs; if it is lower, do not trust the number of clusters


def cluster(config: ClusterConfig, artifacts: Path, report: Report = silent, *, force: bool = False) -> Manifest:
    """Group the training images by their features, and place each test image in one of the groups.

    The methods are `clusters.fit_kmeans` and `clusters.find_clusters`. Labels are not used.

    Writes, for train and test, `assignments_*.npy` (N,) int32, `distance_*.npy` and `confidence_*.npy` (N,) float32
    (`Placement`). KMeans also writes `kmeans.joblib` and `centroids.npy` (K, D) float32; the graph also writes
    `resolutions.csv`, a row per threshold of its scan.

    The manifest's metrics: `n_clusters` and `cluster_sizes` of the training images. KMeans adds `inertia` and `n_iter`.
    The graph adds `n_small_communities` (the last ones of `cluster_sizes`), `stability` (mean adjusted Rand index
    between runs; None for one run or one cluster), `apart` (share of the images in clusters that touch no other one;
    None for one cluster), `provisional` (the numbers of the others) and, if the number was found by the scan,
    `plateau`: the lowest and the highest threshold that give it.

    Args:
        config: the settings.
        artifacts: the artifacts directory.
        report: listener.
        force: run even if up to date.

    Raises:
        MissingInput: there are no valid features.
        UsageError: as many clusters cannot be found.
    """
    with stage("cluster", artifacts, report, force=force) as work:
        inputs = work.open(reads_of(config))
        features = Rows.open(inputs["encode"].folder / "features_train.npy")
        config = config.for_memory(fits_memory(features.n_bytes, config.memory_share))
        if work.is_due(config):
            _fill(work, config, inputs, report)
    return work.manifest


def reads_of(config: ClusterConfig) -> Reads:
    """What `cluster` reads of earlier stages."""
    if isinstance(config.method, KMeans):
        return {"encode": FEATURES}
    return {
        "encode": (*FEATURES, TRAIN_IMAGES),
        "train": ("neighbors.npy", TRAIN_IMAGES, *GRAPH_FEATURES_OF),
    }


def _fill(work: Work, config: ClusterConfig, inputs: Mapping[str, Stored], report: Report) -> None:
    train, test = (Rows.open(inputs["encode"].folder / f"features_{split}.npy") for split in SPLITS)
    if isinstance(config.method, KMeans):
        place = _by_kmeans(work, config.method, config.seed, train, report)
    else:
        place = _by_graph(work, config.method, config.seed, train.load(), inputs, report)
    Placement.joined(map(place, test.batches())).save(work.folder, "test")


def _by_kmeans(work: Work, method: KMeans, seed: int, features: Rows, report: Report) -> Place:
    in_parts = method.algorithm == "minibatch"
    how = ", by mini-batches from the disk" if in_parts else ""
    report(Notice(f"KMeans on {len(features)}×{features.shape[1]} features, {method.n_init} starts{how}"))
    fitted = fit_kmeans(features if in_parts else features.load(), seed=seed, copy=False, **method.fitting())
    joblib.dump(fitted.model, work.folder / "kmeans.joblib")
    np.save(work.folder / "centroids.npy", fitted.centroids)

    def place(new: NDArray[np.float32]) -> Placement:
        return place_by_centroids(new, fitted.centroids, method.metric)

    Placement.joined(map(place, features.batches())).save(work.folder, "train")
    n_clusters = len(fitted.centroids)
    sizes = np.bincount(fitted.assignments, minlength=n_clusters).tolist()
    if 0 in sizes:
        by = (
            f"directions ({setting('metric', 'euclidean')} compares lengths too)"
            if method.metric == "cosine"
            else "values"
        )
        report(Notice(f"{sizes.count(0)} of {n_clusters} clusters are empty: the features have fewer different {by}"))
    work.metrics = {
        "n_clusters": n_clusters,
        "inertia": fitted.inertia,
        "n_iter": fitted.n_iter,
        "cluster_sizes": sizes,
    }
    return place


def _by_graph(
    work: Work,
    method: Graph,
    seed: int,
    features: NDArray[np.float32],
    inputs: Mapping[str, Stored],
    report: Report,
) -> Place:
    columns = graph_features(inputs["train"].manifest.config)
    neighbors = _neighbors_by_pixels(inputs)
    pixels = "" if neighbors is None else " and by pixels"
    report(Notice(f"graph of {len(features):,} images by their features{pixels}, {method.n_init} runs"))
    directions = Directions(features[:, columns])
    found = find_clusters(directions, neighbors, seed=seed, **asdict(method))
    found.placement.save(work.folder, "train")
    _write_scan(work.folder / "resolutions.csv", found.scan)
    is_found = method.n_clusters == AUTO
    plateau = found.scan.conductances[found.scan.plateau]
    work.metrics = {
        "n_clusters": found.n_clusters,
        "n_small_communities": found.n_small,
        "cluster_sizes": found.sizes.tolist(),
        "stability": found.stability,
        "apart": found.apart,
        "provisional": np.flatnonzero(found.provisional).tolist(),
        **({"plateau": [float(plateau[0]), float(plateau[-1])]} if found.by_threshold else {}),
    }
    if is_found and len(found.sizes) == 1:
        report(Notice(NONE_FOUND))
    elif is_found and found.provisional.any():
        agreement = "" if found.stability is None else f" (the runs agree to {found.stability:.2f})"
        number = f"{found.provisional.sum()} of {found.n_clusters}"
        report(Notice(f"{number} clusters are provisional{agreement}: {TOUCHING}"))
    elif found.stability is not None and found.stability < LEAST_STABILITY:
        report(
            Notice(f"the runs do not agree (adjusted Rand index {found.stability:.3f}): do not trust these clusters")
        )
    return lambda new: place_by_neighbors(directions.nearest(new[:, columns], VOTERS), found.placement.clusters)


def _neighbors_by_pixels(inputs: Mapping[str, Stored]) -> NDArray[np.int32] | None:
    """The nearest images that `train` found, if it learned from the images that were encoded; otherwise None."""
    train, encode = inputs["train"], inputs["encode"]
    same = train.read[TRAIN_IMAGES] == encode.read[TRAIN_IMAGES]
    return load_npy(train.folder / "neighbors.npy") if same and "neighbors.npy" in train.manifest.files else None


def _write_scan(path: Path, scan: Scan) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(("conductance", "n_clusters", "fewest", "most", "stability", "chosen"))
        for row, threshold in enumerate(scan.conductances):
            numbers = scan.n_clusters[row]
            counts = (int(np.median(numbers)), numbers.min(), numbers.max())
            table.writerow((f"{threshold:.6g}", *counts, f"{scan.stability[row]:.6g}", int(row == scan.chosen)))
