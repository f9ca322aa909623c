"""Clusters of features, and nearest neighbors. Only this package imports `sklearn.cluster` and `sklearn.neighbors`."""

from mnistae_cli.clusters.kmeans import assign, check_clusters, distances, fit_kmeans
from mnistae_cli.clusters.neighbors import nearest_neighbors

__all__ = [
    "assign",
    "check_clusters",
    "distances",
    "fit_kmeans",
    "nearest_neighbors",
]
