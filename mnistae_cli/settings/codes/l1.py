"""A sparse code by an L1 penalty on its activations."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from mnistae_cli.codes.sparse import PenalisedCode, penalty_weight_option

if TYPE_CHECKING:
    from mnistae_cli.data import Pixels
    from mnistae_cli.nets import Autoencoder


@dataclass(frozen=True, kw_only=True)
class L1(PenalisedCode):
    """ReLU units, the sum of their activations as the penalty (Olshausen & Field 1997)."""

    chosen_by: ClassVar = {"model": "sparse", "sparsity": "l1"}
    summary: ClassVar = "a penalty on the sum of the activations"

    sparsity_weight: float = penalty_weight_option(5e-4)

    def build(self, pixels: "Pixels", steps: int, seed: int) -> "Autoencoder":
        """ReLU units under `nets.L1Penalty`."""
        from mnistae_cli import nets

        penalty = nets.growing(nets.L1Penalty(self.sparsity_weight), self.warmup_steps(steps))
        return nets.build_sparse(pixels, activation="relu", penalty=penalty, **self.network_settings(seed))
