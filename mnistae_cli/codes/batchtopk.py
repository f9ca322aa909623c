"""A sparse code by a choice: the largest units of a batch, k per image on average."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from mnistae_cli.codes.shared import Code, Corruption, Layers, Training, WholeOrAuto, latent_dim_option, loss_option
from mnistae_cli.codes.sparse import LEARNING, aux_k_option, check_sparse, fitting_k, k_option

if TYPE_CHECKING:
    from mnistae_cli.data import Pixels
    from mnistae_cli.nets import Autoencoder


@dataclass(frozen=True, kw_only=True)
class BatchTopK(Code):
    """About k active units on average, by a fixed threshold after training (Bussmann et al. 2024)."""

    chosen_by: ClassVar = {"model": "sparse", "sparsity": "batchtopk"}
    summary: ClassVar = "k units per image on average"

    latent_dim: int = latent_dim_option()
    loss: Literal["bce", "mse"] = loss_option("mse")
    k: WholeOrAuto = k_option()
    aux_k: int = aux_k_option()
    layers: Layers = Layers()
    corruption: Corruption = Corruption()
    training: Training = LEARNING

    def __post_init__(self) -> None:
        super().__post_init__()
        check_sparse(self)
        object.__setattr__(self, "k", fitting_k(self.k, self.latent_dim))

    @property
    def gains_by_xla(self) -> bool:
        """For the k largest, XLA sorts whole rows: 17 ms a step, the plain graph 2."""
        return False

    def build(self, pixels: "Pixels", steps: int, seed: int) -> "Autoencoder":
        """ReLU units of which `nets.BatchTopK` keeps few, and the loss of dead units."""
        from mnistae_cli import nets

        settings = self.network_settings(seed)
        return nets.build_sparse(
            pixels, activation=nets.BatchTopK(int(self.k), name="code"), aux_k=self.aux_k, **settings
        )
