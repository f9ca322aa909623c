"""`mnistae cluster`: scikit-learn's KMeans on the training features."""

from dataclasses import dataclass

from mnistae_cli.fields import Checked, option, seed_option


@dataclass(frozen=True, kw_only=True)
class ClusterConfig(Checked):
    """`mnistae cluster`: scikit-learn's KMeans on the training features."""

    n_clusters: int = option(10, "Number of clusters.", minimum=1, flag="clusters")
    n_init: int = option(5, "Starts (k-means++); the one of lowest inertia is kept.", minimum=1)
    init_size: int = option(
        6000, "Images drawn for trying the starts, at least 3 a cluster; the best goes on with all images.", minimum=1
    )
    max_iter: int = option(300, "Most iterations of one start.", minimum=1)
    tol: float = option(1e-4, "Stop when the centroids move less than this, relative to the variance.", minimum=0)
    seed: int = seed_option()
