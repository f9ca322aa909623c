"""A sparse code by a choice: the k largest units of each image."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from mnistae_cli.codes.sparse import SelectedCode

if TYPE_CHECKING:
    from mnistae_cli.data import Pixels
    from mnistae_cli.nets import Autoencoder


@dataclass(frozen=True, kw_only=True)
class TopK(SelectedCode):
    """At most k active units for every image (Makhzani & Frey 2013; Gao et al. 2024)."""

    chosen_by: ClassVar = {"model": "sparse", "sparsity": "topk"}
    summary: ClassVar = "the k largest units of each image"

    def build(self, pixels: "Pixels", steps: int, seed: int) -> "Autoencoder":
        """ReLU units of which `nets.TopK` keeps few, and the loss of dead units."""
        from mnistae_cli import nets

        kept = nets.TopK(int(self.k), name="code")
        return nets.build_sparse(pixels, activation=kept, aux_k=self.aux_k, **self.network_settings(seed))
