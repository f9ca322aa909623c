"""A sparse code by a choice: the largest units of a batch, k per image on average."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from mnistae_cli.codes.sparse import SelectedCode

if TYPE_CHECKING:
    from mnistae_cli.data import Pixels
    from mnistae_cli.nets import Autoencoder


@dataclass(frozen=True, kw_only=True)
class BatchTopK(SelectedCode):
    """About k active units on average, by a fixed threshold after training (Bussmann et al. 2024)."""

    chosen_by: ClassVar = {"model": "sparse", "sparsity": "batchtopk"}
    summary: ClassVar = "k units per image on average"

    def build(self, pixels: "Pixels", steps: int, seed: int) -> "Autoencoder":
        """ReLU units of which `nets.BatchTopK` keeps few, and the loss of dead units."""
        from mnistae_cli import nets

        kept = nets.BatchTopK(int(self.k), name="code")
        return nets.build_sparse(pixels, activation=kept, aux_k=self.aux_k, **self.network_settings(seed))
