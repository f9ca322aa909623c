"""An invariant code: the same for an image and for small warps of it, with heads that tell clusters."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from mnistae_cli.common import RefusedValue, setting
from mnistae_cli.settings.cluster import check_clusters
from mnistae_cli.settings.codes.shared import (
    Code,
    Corruption,
    Layers,
    Training,
    latent_dim_option,
    loss_option,
)
from mnistae_cli.settings.options import option
from mnistae_cli.settings.values import AUTO, WholeOrAuto


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
            rule = f"it must have room for {least} clusters"
            raise RefusedValue(setting("batch_size"), size, rule, f"Give at least {least}.")

    @property
    def graph_features(self) -> slice:
        """The embedding. The heads' probabilities say only what the heads were asked for."""
        return slice(-self.latent_dim, None)

    def check_images(self, n: int) -> None:
        """Refuse fewer images than clusters."""
        check_clusters(_least(self.n_clusters), n)


def _least(n_clusters: WholeOrAuto) -> int:
    return 2 if n_clusters == AUTO else int(n_clusters)
