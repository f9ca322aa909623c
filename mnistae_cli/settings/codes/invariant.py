"""An invariant code: the same for an image and for small warps of it, with heads that assign clusters."""

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
    """It learns to put two views of an image into the same cluster (Ji, Henriques & Vedaldi 2019, "IIC")."""

    chosen_by: ClassVar = {"model": "invariant"}
    summary: ClassVar = "the same code for an image and for small warps of it"
    usual_epochs: ClassVar[int] = 20
    least_steps: ClassVar[int] = 2000

    latent_dim: int = latent_dim_option(128, "Width of the embedding, in units.")
    loss: Literal["bce", "mse"] = loss_option()
    n_clusters: WholeOrAuto = option(
        AUTO,
        "Clusters per head, of about equal size; auto: 64, later what the graph shows.",
        minimum=2,
        maximum=1000,
        flag="clusters",
    )
    n_heads: int = option(5, "Number of heads; each assigns clusters.", minimum=1, maximum=100)
    entropy_weight: float = option(2.5, "Weight of equal cluster sizes, relative to the agreement of views.", minimum=1)
    instance_weight: float = option(
        1.0, "Weight of keeping the views of different images apart, relative to the agreement of views.", minimum=0
    )
    temperature: float = option(0.2, "Temperature of that loss; lower: only similar images are kept apart.", above=0)
    n_neighbors: int = option(
        4, "Nearest images; half of the second views are of one of them. 0: none are.", minimum=0, maximum=100
    )
    layers: Layers = Layers(channels=(24, 64))
    corruption: Corruption = Corruption(augment=1.0, occlusion=0.5)
    training: Training = Training(learning_rate=3e-3, batch_size=256, schedule="trapezoid")

    def __post_init__(self) -> None:
        super().__post_init__()
        least, size = _least(self.n_clusters), self.training.batch_size
        if size < least:
            rule = f"a batch must have an image for each of {least} clusters"
            raise RefusedValue(setting("batch_size"), size, rule, f"Give at least {least}.")

    @property
    def graph_features(self) -> slice:
        """The embedding. The heads' probabilities only show what the heads were trained for."""
        return slice(-self.latent_dim, None)

    def check_images(self, n: int) -> None:
        """Refuse fewer images than clusters."""
        check_clusters(_least(self.n_clusters), n)


def _least(n_clusters: WholeOrAuto) -> int:
    return 2 if n_clusters == AUTO else int(n_clusters)
