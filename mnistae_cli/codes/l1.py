"""A sparse code by an L1 penalty on its activations."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from mnistae_cli.codes.shared import Code, Corruption, Layers, Training, latent_dim_option, loss_option
from mnistae_cli.codes.sparse import LEARNING, check_sparse, check_weight, penalty_weight_option, warmup_option

if TYPE_CHECKING:
    from mnistae_cli.data import Pixels
    from mnistae_cli.nets import Autoencoder


@dataclass(frozen=True, kw_only=True)
class L1(Code):
    """ReLU units, the sum of their activations as the penalty (Olshausen & Field 1997)."""

    chosen_by: ClassVar = {"model": "sparse", "sparsity": "l1"}
    summary: ClassVar = "a penalty on the sum of the activations"

    latent_dim: int = latent_dim_option()
    loss: Literal["bce", "mse"] = loss_option("mse")
    sparsity_weight: float = penalty_weight_option(5e-4)
    sparsity_warmup: float = warmup_option()
    layers: Layers = Layers()
    corruption: Corruption = Corruption()
    training: Training = LEARNING

    def __post_init__(self) -> None:
        super().__post_init__()
        check_sparse(self)
        check_weight(self.sparsity_weight)

    def build(self, pixels: "Pixels", steps: int, seed: int) -> "Autoencoder":
        """ReLU units under `nets.L1Penalty`."""
        from mnistae_cli import nets

        penalty = nets.growing(nets.L1Penalty(self.sparsity_weight), round(self.sparsity_warmup * steps))
        settings = self.network_settings(seed)
        return nets.build_sparse(pixels, activation="relu", penalty=penalty, **settings)
