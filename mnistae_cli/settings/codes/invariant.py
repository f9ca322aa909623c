"""An invariant code: the same for an image and for small warps of it, with heads that tell clusters."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Literal

from mnistae_cli.codes.shared import Code, Corruption, Layers, Learned, Training, latent_dim_option, loss_option
from mnistae_cli.errors import UsageError
from mnistae_cli.fields import AUTO, WholeOrAuto, option
from mnistae_cli.progress import Notice, Report

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mnistae_cli.data import Pixels
    from mnistae_cli.nets import Autoencoder

FIRST_CLUSTERS = 20  # of a head, while their number is not known; more than there are classes
FIRST_PART = 0.65  # share of the epochs until the heads take the number and the sizes that the graph shows
SECOND_RATE = 1 / 3  # of the learning rate, after that


@dataclass(frozen=True, kw_only=True)
class Invariant(Code):
    """Two views of an image are to fall into the same cluster (Ji, Henriques & Vedaldi 2019, "IIC")."""

    chosen_by: ClassVar = {"model": "invariant"}
    summary: ClassVar = "the same code for an image and for small warps of it"
    usual_epochs: ClassVar[int] = 20
    least_steps: ClassVar[int] = 2000

    latent_dim: int = latent_dim_option(128, "Width of the embedding, in units.")
    loss: Literal["bce", "mse"] = loss_option()
    n_clusters: WholeOrAuto = option(
        AUTO,
        "Clusters of about equal size that a head tells apart; auto: 20, then the number and the sizes that are found.",
        minimum=2,
        maximum=1000,
        flag="clusters",
    )
    n_heads: int = option(10, "Heads that each assign the clusters.", minimum=1, maximum=100)
    entropy_weight: float = option(2.5, "Weight of the clusters' equal size beside the views' agreement.", minimum=1)
    n_neighbors: int = option(
        4, "Nearest images, one of which is every other time the second view; 0: none.", minimum=0, maximum=100
    )
    layers: Layers = Layers(channels=(24, 64))
    corruption: Corruption = Corruption(augment=1.0, occlusion=0.5)
    training: Training = Training(learning_rate=3e-3, batch_size=256, schedule="trapezoid")

    def __post_init__(self) -> None:
        super().__post_init__()
        least, size = _least(self.n_clusters), self.training.batch_size
        if size < least:
            raise UsageError(
                f"--batch-size is {size}: it must have room for {least} clusters.", f"Give at least {least}."
            )

    @property
    def n_pair_neighbors(self) -> int | None:
        """It learns from pairs: an image beside itself or a near one."""
        return self.n_neighbors

    @property
    def graph_features(self) -> slice:
        """The embedding. The heads' probabilities say only what the heads were asked for."""
        return slice(-self.latent_dim, None)

    @property
    def parts(self) -> Sequence[Training]:
        """With a number of clusters one; else a second one for the clusters that were found."""
        epochs = int(self.training.epochs)
        first = max(round(FIRST_PART * epochs), 1)
        if self.n_clusters != AUTO or first == epochs:
            return [self.training]
        rate = self.training.learning_rate * SECOND_RATE
        second = replace(self.training, epochs=epochs - first, learning_rate=rate)
        return [replace(self.training, epochs=first), second]

    def check_images(self, n: int) -> None:
        """Refuse fewer images than clusters."""
        from mnistae_cli.clusters import check_clusters

        check_clusters(_least(self.n_clusters), n)

    def build(self, pixels: "Pixels", steps: int, seed: int) -> "Autoencoder":
        """H×W → layers → embedding → heads; the code is the heads' probabilities and the embedding's direction."""
        most = min(FIRST_CLUSTERS, self.training.batch_size, max(len(pixels), 2))
        return self._built(pixels, steps, seed, most if self.n_clusters == AUTO else int(self.n_clusters), ())

    def find_groups(self, model: "Autoencoder", images: Learned, seed: int, report: Report) -> "NDArray[np.int32]":
        """The clusters of the graph; no image is in one where it shows only one."""
        from mnistae_cli import nets

        embedding = nets.encoded(model, images.pixels)[:, self.graph_features]
        return _clusters_of(embedding, images.nearest, self.training.batch_size, seed, report)

    def rebuild(
        self, model: "Autoencoder", pixels: "Pixels", groups: "NDArray[np.int32]", steps: int, seed: int
    ) -> "Autoencoder":
        """The same layers with heads for the groups; the same model where there are none."""
        from mnistae_cli import nets

        sizes = [int((groups == each).sum()) for each in range(int(groups.max()) + 1)]
        if not sizes:
            return model
        rebuilt = self._built(pixels, steps, seed, len(sizes), [size / sum(sizes) for size in sizes])
        nets.carry_over(model, rebuilt, pixels, groups, seed)
        return rebuilt

    def _built(
        self, pixels: "Pixels", steps: int, seed: int, n_clusters: int, shares: Sequence[float]
    ) -> "Autoencoder":
        from mnistae_cli import nets

        return nets.build_invariant(
            *pixels.shape[1:],
            loss=self.loss,
            n_heads=self.n_heads,
            n_clusters=n_clusters,
            entropy_weight=self.entropy_weight,
            steps=steps,
            shares=shares,
            **self.network_settings(seed),
        )


def _least(n_clusters: WholeOrAuto) -> int:
    return 2 if n_clusters == AUTO else int(n_clusters)


def _clusters_of(
    embedding: "NDArray[np.float32]", nearest: "NDArray[np.int32]", most: int, seed: int, report: Report
) -> "NDArray[np.int32]":
    """The cluster (N,) of each image by the graph, -1 for none. Only 2 to `most` clusters count."""
    import numpy as np

    from mnistae_cli.clusters import Directions, find_clusters

    found = find_clusters(Directions(embedding), nearest, seed=seed)
    if not 2 <= found.n_clusters <= most:
        report(Notice("the graph shows no clusters so far: the heads stay as they are"))
        return np.full(len(embedding), -1, np.int32)
    report(Notice(f"so far the graph shows {found.n_clusters} clusters"))
    clusters = found.placement.clusters
    return np.where(clusters < found.n_clusters, clusters, np.int32(-1))
