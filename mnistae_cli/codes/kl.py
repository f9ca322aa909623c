"""A sparse code by a penalty on the mean activation of each unit."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from mnistae_cli.codes.shared import Code, Corruption, Layers, Training, latent_dim_option, loss_option
from mnistae_cli.codes.sparse import LEARNING, check_sparse, check_weight, penalty_weight_option, warmup_option
from mnistae_cli.fields import option

if TYPE_CHECKING:
    from mnistae_cli.data import Pixels
    from mnistae_cli.nets import Autoencoder


@dataclass(frozen=True, kw_only=True)
class KL(Code):
    """Sigmoid units that are each to have a small mean activation (Ng 2011, CS294A lecture notes)."""

    chosen_by: ClassVar = {"model": "sparse", "sparsity": "kl"}
    summary: ClassVar = "a penalty on each unit's mean activation"

    latent_dim: int = latent_dim_option()
    loss: Literal["bce", "mse"] = loss_option("mse")
    sparsity_weight: float = penalty_weight_option(1e-3)
    sparsity_target: float = option(0.05, "Mean activation ρ that each unit is to have.", above=0, below=1)
    sparsity_warmup: float = warmup_option()
    layers: Layers = Layers()
    corruption: Corruption = Corruption()
    training: Training = LEARNING

    def __post_init__(self) -> None:
        super().__post_init__()
        check_sparse(self)
        check_weight(self.sparsity_weight)

    def build(self, pixels: "Pixels", steps: int, seed: int) -> "Autoencoder":
        """Sigmoid units under `nets.KLPenalty`, which start at the mean activation they are to have."""
        from mnistae_cli import nets

        penalty = nets.growing(
            nets.KLPenalty(self.sparsity_weight, self.sparsity_target), round(self.sparsity_warmup * steps)
        )
        settings = self.network_settings(seed)
        return nets.build_sparse(
            pixels, activation="sigmoid", penalty=penalty, mean_activation=self.sparsity_target, **settings
        )
