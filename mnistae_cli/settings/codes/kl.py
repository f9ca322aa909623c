"""A sparse code by a penalty on the mean activation of each unit."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from mnistae_cli.codes.sparse import PenalisedCode, penalty_weight_option
from mnistae_cli.fields import option

if TYPE_CHECKING:
    from mnistae_cli.data import Pixels
    from mnistae_cli.nets import Autoencoder


@dataclass(frozen=True, kw_only=True)
class KL(PenalisedCode):
    """Sigmoid units that are each to have a small mean activation (Ng 2011, CS294A lecture notes)."""

    chosen_by: ClassVar = {"model": "sparse", "sparsity": "kl"}
    summary: ClassVar = "a penalty on each unit's mean activation"

    sparsity_weight: float = penalty_weight_option(1e-3)
    sparsity_target: float = option(0.05, "Mean activation ρ that each unit is to have.", above=0, below=1)

    def build(self, pixels: "Pixels", steps: int, seed: int) -> "Autoencoder":
        """Sigmoid units under `nets.KLPenalty`, which start at the mean activation they are to have."""
        from mnistae_cli import nets

        penalty = nets.KLPenalty(self.sparsity_weight, self.sparsity_target)
        return nets.build_sparse(
            pixels,
            activation="sigmoid",
            penalty=nets.growing(penalty, self.warmup_steps(steps)),
            mean_activation=self.sparsity_target,
            **self.network_settings(seed),
        )
