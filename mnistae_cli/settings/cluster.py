"""`mnistae cluster`: how the features are grouped."""

from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar, Literal

from mnistae_cli.common import RefusedValue, UsageError, setting
from mnistae_cli.settings.kinds import Kind, choice
from mnistae_cli.settings.options import Checked, memory_share_option, option, seed_option
from mnistae_cli.settings.values import AUTO, WholeOrAuto


@dataclass(frozen=True, kw_only=True)
class KMeans(Kind):
    """scikit-learn's KMeans on the training features: see `clusters.fit_kmeans`."""

    chosen_by: ClassVar = {"method": "kmeans"}
    summary: ClassVar = "a given number of clusters, round and of similar size"

    n_clusters: WholeOrAuto = option(10, "Number of clusters.", minimum=1, flag="clusters")
    metric: Literal["cosine", "euclidean"] = option(
        "cosine", "cosine: features are scaled to length 1 and then compared; euclidean: they are compared as they are."
    )
    n_init: int = option(5, "Number of k-means++ starts; the one of lowest inertia is kept.", minimum=1)
    init_size: int = option(
        6000,
        "Images drawn to compare the starts, at least 3 per cluster; the best continues with all images.",
        minimum=1,
    )
    algorithm: Literal["auto", "elkan", "minibatch"] = option(
        "auto", "elkan: all features in memory; minibatch: reads them in parts; auto: in parts above --memory-share."
    )
    max_iter: int = option(300, "Largest number of iterations of one start.", minimum=1)
    tol: float = option(1e-4, "Stop when the centroids move less than this, relative to the variance.", minimum=0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.n_clusters == AUTO:
            remedy = f"Give one, or {setting('method', 'graph')}."
            raise RefusedValue(self.named("n_clusters"), AUTO, "KMeans needs a number", remedy)

    def fitting(self) -> dict[str, Any]:
        """The arguments of the functions that fit KMeans."""
        return {name: value for name, value in asdict(self).items() if name != "algorithm"}


@dataclass(frozen=True, kw_only=True)
class Graph(Kind):
    """Communities of the graph of similar images, merged unless they are separate: see `clusters.find_clusters`."""

    chosen_by: ClassVar = {"method": "graph"}
    summary: ClassVar = "clusters of any size, and their number is found"

    n_clusters: WholeOrAuto = option(AUTO, "Number of clusters; auto: it is found.", minimum=1, flag="clusters")
    n_init: int = option(
        5, "Number of runs with different seeds; they must agree on the number of clusters.", minimum=1
    )
    n_neighbors: WholeOrAuto = option(
        AUTO,
        "Neighbors to which each image is linked, at most 1000; auto: 1% of the images, but 10 to 30.",
        minimum=1,
        maximum=1000,
        flag="graph-neighbors",
    )
    min_cluster_size: WholeOrAuto = option(
        AUTO,
        "Smallest cluster, in images; smaller groups are listed after it. auto: 0.2% of the images, at least 10.",
        minimum=1,
    )


METHODS: list[type[Kind]] = [KMeans, Graph]


@dataclass(frozen=True, kw_only=True)
class ClusterConfig(Checked):
    """The settings of `cluster`."""

    method: KMeans | Graph = choice(METHODS, method="How images are grouped.")
    memory_share: float = memory_share_option()
    seed: int = seed_option()

    def for_memory(self, fits: bool) -> "ClusterConfig":
        """The same settings; KMeans' algorithm `auto` is `elkan` if the features fit into memory, else `minibatch`."""
        if not isinstance(self.method, KMeans) or self.method.algorithm != "auto":
            return self
        algorithm: Literal["elkan", "minibatch"] = "elkan" if fits else "minibatch"
        return replace(self, method=replace(self.method, algorithm=algorithm))


def check_clusters(n_clusters: int, n: int) -> None:
    """Refuse more clusters than there are training images.

    Args:
        n_clusters: number of clusters that is asked for.
        n: number of training images.

    Raises:
        UsageError: there are more.
    """
    if n < 2 <= n_clusters:
        raise UsageError(f"{n_clusters} clusters need more training images than {n}.", "Give more images.")
    if n_clusters > n:
        raise UsageError(
            f"{Graph.named('n_clusters')} is {n_clusters}, but there are {n} training images.",
            f"Give at most {n}, or more images.",
        )
