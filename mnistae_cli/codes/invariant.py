"""An invariant code: the same for an image and for small warps of it, with heads that tell clusters."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from mnistae_cli.codes.shared import Code, Corruption, Layers, Training, latent_dim_option, loss_option
from mnistae_cli.errors import UsageError
from mnistae_cli.fields import option

if TYPE_CHECKING:
    from mnistae_cli.data import Pixels
    from mnistae_cli.nets import Autoencoder


@dataclass(frozen=True, kw_only=True)
class Invariant(Code):
    """Two views of an image are to fall into the same cluster (Ji, Henriques & Vedaldi 2019, "IIC")."""

    chosen_by: ClassVar = {"model": "invariant"}
    summary: ClassVar = "the same code for an image and for small warps of it"
    usual_epochs: ClassVar[int] = 26
    least_steps: ClassVar[int] = 2000

    latent_dim: int = latent_dim_option(128, "Width of the embedding, in units.")
    loss: Literal["bce", "mse"] = loss_option()
    n_clusters: int = option(
        10, "Clusters that a head tells apart, of about equal size.", minimum=2, maximum=1000, flag="clusters"
    )
    n_heads: int = option(10, "Heads that each assign the clusters.", minimum=1, maximum=100)
    entropy_weight: float = option(2.5, "Weight of the clusters' equal size beside the views' agreement.", minimum=1)
    n_neighbors: int = option(
        4, "Nearest images, one of which is every other time the second view; 0: none.", minimum=0, maximum=100
    )
    layers: Layers = Layers(channels=(24, 64))
    corruption: Corruption = Corruption(augment=1.0, occlusion=0.5)
    training: Training = Training(learning_rate=3e-3, batch_size=256)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.training.batch_size < self.n_clusters:
            raise UsageError(
                f"--batch-size is {self.training.batch_size}: it must have room for {self.n_clusters} clusters.",
                f"Give at least {self.n_clusters}.",
            )

    @property
    def n_pair_neighbors(self) -> int | None:
        """It learns from pairs: an image beside itself or a near one."""
        return self.n_neighbors

    def check_images(self, n: int) -> None:
        """Refuse fewer images than clusters."""
        from mnistae_cli.clusters import check_clusters

        check_clusters(self.n_clusters, n)

    def build(self, pixels: "Pixels", steps: int, seed: int) -> "Autoencoder":
        """H×W → layers → embedding → heads; the code is the heads' probabilities and the embedding's direction."""
        from mnistae_cli import nets

        height, width = pixels.shape[1:]
        return nets.build_invariant(
            height,
            width,
            loss=self.loss,
            n_heads=self.n_heads,
            n_clusters=self.n_clusters,
            entropy_weight=self.entropy_weight,
            steps=steps,
            **self.network_settings(seed),
        )
