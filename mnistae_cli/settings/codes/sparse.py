"""What the sparse kinds of code share: their network is one, what keeps its code sparse is each kind's own."""

from dataclasses import dataclass
from typing import Any, Literal

from mnistae_cli.codes.shared import Code, Corruption, Layers, Training, latent_dim_option, loss_option
from mnistae_cli.errors import UsageError
from mnistae_cli.fields import AUTO, WholeOrAuto, option

USUAL_K = 25


def penalty_weight_option(default: float) -> Any:
    """The field `sparsity_weight`."""
    return option(default, "Weight of the penalty beside the loss.", minimum=0)


@dataclass(frozen=True, kw_only=True)
class SparseCode(Code):
    """A code in which few units are active: an image is a mean picture plus the atoms of its active units."""

    latent_dim: int = latent_dim_option()
    loss: Literal["bce", "mse"] = loss_option("mse")
    layers: Layers = Layers()
    corruption: Corruption = Corruption()
    training: Training = Training(learning_rate=2e-3)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.loss != "mse":
            raise UsageError(
                f"--loss is '{self.loss}': a sparse code adds up its atoms, which has a squared error only.",
                "Give --loss mse, or leave it out.",
            )


@dataclass(frozen=True, kw_only=True)
class PenalisedCode(SparseCode):
    """A code that a penalty on its activations keeps sparse."""

    sparsity_weight: float = penalty_weight_option(1e-3)
    sparsity_warmup: float = option(
        0.1, "Share of the training over which the weight grows from 0.", minimum=0, maximum=1
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.sparsity_weight == 0:
            raise UsageError(
                f"--sparsity-weight is {self.sparsity_weight}: without it nothing keeps a sparse code sparse.",
                "Give a weight above 0, or --model dense.",
            )

    def warmup_steps(self, steps: int) -> int:
        """The steps, of all, over which the weight grows."""
        return round(self.sparsity_warmup * steps)


@dataclass(frozen=True, kw_only=True)
class SelectedCode(SparseCode):
    """A code of which the largest units are kept and the others are 0."""

    k: WholeOrAuto = option(
        AUTO,
        f"Active units of an image: at most (topk), on average (batchtopk). auto: {USUAL_K}, at most half of the code.",
        minimum=1,
    )
    aux_k: int = option(256, "Units silent for long that learn what the others leave over; 0: none.", minimum=0)

    def __post_init__(self) -> None:
        super().__post_init__()
        k = min(USUAL_K, max(self.latent_dim // 2, 1)) if self.k == AUTO else int(self.k)
        if k >= self.latent_dim:
            raise UsageError(
                f"--k is {k}: it must be below --latent-dim, {self.latent_dim}.",
                "Give a larger --latent-dim, or a smaller --k.",
            )
        object.__setattr__(self, "k", k)

    @property
    def gains_by_xla(self) -> bool:
        """For the k largest, XLA sorts whole rows: 17 ms a step, the plain graph 2."""
        return False
