"""The cluster of each image, and how certain it is."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.clusters.kmeans import Metric, assign, compared, distances
from mnistae_cli.clusters.neighbors import Neighbors
from mnistae_cli.data import load_npy
from mnistae_cli.scores import SPLITS

UNSURE = 0.5  # a silhouette of at least this shows a reasonable structure (Kaufman & Rousseeuw 1990)
PARTS = ("assignments", "distance", "confidence")
PLACEMENT_FILES = tuple(f"{part}_{split}.npy" for part in PARTS for split in SPLITS)
"""The files of `cluster` that hold the placements."""
VOTERS = 10  # nearest neighbors that vote; 5 to 20 gave the same accuracy


@dataclass(frozen=True)
class Placement:
    """The clusters of N images, and how certain they are.

    Args:
        clusters: (N,) int32 from 0.
        distance: (N,) float32, distance to the cluster, at least 0.
        confidence: (N,) float32 in [0, 1]: 0 if another cluster is as near, 1 if no other one is near.
    """

    clusters: NDArray[np.int32]
    distance: NDArray[np.float32]
    confidence: NDArray[np.float32]

    @classmethod
    def load(cls, folder: Path, split: str) -> Self:
        """Read the placement that `save` wrote.

        Args:
            folder: the folder of `cluster`.
            split: `train` or `test`.
        """
        return cls(*(load_npy(folder / f"{name}_{split}.npy") for name in PARTS))

    def save(self, folder: Path, split: str) -> None:
        """Write `assignments_*.npy`, `distance_*.npy` and `confidence_*.npy`.

        Args:
            folder: the folder of `cluster`.
            split: `train` or `test`.
        """
        for name, values in zip(PARTS, (self.clusters, self.distance, self.confidence), strict=True):
            np.save(folder / f"{name}_{split}.npy", values)

    @classmethod
    def joined(cls, parts: Iterable[Self]) -> Self:
        """Several placements as one, in order."""
        columns = zip(*((each.clusters, each.distance, each.confidence) for each in parts), strict=True)
        return cls(*map(np.concatenate, columns))

    def typical_first(self, cluster: int, *, by_distance: bool) -> NDArray[np.int64]:
        """The images (M,) of a cluster, the surest first, and for equal confidence the nearest first.

        Args:
            cluster: its number.
            by_distance: only by distance, the nearest first.
        """
        members = np.flatnonzero(self.clusters == cluster)
        certainty = self.confidence[members] * (not by_distance)
        return members[np.lexsort((self.distance[members], -certainty))]


def place_by_centroids(features: NDArray[np.float32], centroids: NDArray[np.float32], metric: Metric) -> Placement:
    """Place images (N, D) by the nearest centroid (K, D); the distance is that to the centroid.

    The confidence is the simplified silhouette 1 - a / b, where a is the distance to the nearest centroid and b that to
    the second (Hruschka, de Castro & Campello 2004): 0 halfway between two, 1 on a centroid; 1 with one cluster.

    Args:
        features: (N, D) float32.
        centroids: (K, D) float32.
        metric: the metric of `fit_kmeans`.
    """
    features = compared(features, metric)
    away, clusters = distances(features, centroids), assign(features, centroids)
    nearest = away[np.arange(len(away)), clusters]
    if len(centroids) == 1:
        return Placement(clusters, nearest, np.ones_like(nearest))
    away[np.arange(len(away)), clusters] = np.inf
    second = away.min(axis=1)
    confidence = np.where(second > 0, 1 - nearest / np.maximum(second, np.finfo(np.float32).tiny), 0)
    return Placement(clusters, nearest, confidence.astype(np.float32))


def place_by_neighbors(
    neighbors: Neighbors, clusters: NDArray[np.int32], own: NDArray[np.int32] | None = None
) -> Placement:
    """Place M images by the clusters of their ten nearest neighbors; the distance is the mean distance to these.

    The confidence is the share of the neighbors in the image's cluster minus the share of those in the next cluster,
    but at least 0.

    Args:
        neighbors: the nearest ones to the M images, out of N images whose clusters are known.
        clusters: (N,), the known clusters.
        own: (M,), the clusters of the M images, if they are known. Otherwise the most frequent cluster of the neighbors
            is taken, for a tie the lower number.
    """
    voters = neighbors.indices[:, :VOTERS]
    m, k = voters.shape
    votes = np.zeros((m, int(clusters.max()) + 1), np.float32)
    np.add.at(votes, (np.arange(m)[:, None], clusters[voters]), np.float32(1 / max(k, 1)))
    placed = votes.argmax(axis=1).astype(np.int32) if own is None else own
    inside = votes[np.arange(m), placed]
    votes[np.arange(m), placed] = 0
    confidence = np.maximum(inside - votes.max(axis=1), 0) if k else np.ones(m, np.float32)
    away = neighbors.distances[:, :VOTERS].mean(axis=1) if k else np.zeros(m, np.float32)
    return Placement(placed, away.astype(np.float32), confidence.astype(np.float32))
