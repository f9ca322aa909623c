"""Clusters of features, and nearest neighbors. Only this room imports `sklearn.cluster`, faiss and graspologic."""

from mnistae_cli.clusters.directions import Directions
from mnistae_cli.clusters.graph_clusters import GraphClusters, find_clusters, find_groups
from mnistae_cli.clusters.kmeans import fit_kmeans
from mnistae_cli.clusters.neighbors import Search, nearest_images
from mnistae_cli.clusters.placement import (
    PLACEMENT_FILES,
    UNSURE,
    VOTERS,
    Placement,
    place_by_centroids,
    place_by_neighbors,
)
from mnistae_cli.clusters.scan import Scan
