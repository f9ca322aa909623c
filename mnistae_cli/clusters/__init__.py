"""Clusters of features, and nearest neighbors. Only this package imports `sklearn.cluster`, faiss and graspologic."""

from mnistae_cli.clusters.directions import Directions
from mnistae_cli.clusters.graph_clusters import GraphClusters, find_clusters
from mnistae_cli.clusters.kmeans import fit_kmeans
from mnistae_cli.clusters.neighbors import Search, nearest_images
from mnistae_cli.clusters.placement import UNSURE, VOTERS, Placement, place_by_centroids, place_by_neighbors
from mnistae_cli.clusters.scan import Scan

__all__ = [
    "UNSURE",
    "VOTERS",
    "Directions",
    "GraphClusters",
    "Placement",
    "Scan",
    "Search",
    "find_clusters",
    "fit_kmeans",
    "nearest_images",
    "place_by_centroids",
    "place_by_neighbors",
]
