"""The sparse kinds of code. They share one network; each has its own way to keep the code sparse."""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from mnistae_cli.common import RefusedValue, setting
from mnistae_cli.settings.codes.shared import Code, Corruption, Layers, Training, latent_dim_option, loss_option
from mnistae_cli.settings.options import option
from mnistae_cli.settings.values import AUTO, WholeOrAuto

USUAL_K = 25


def penalty_weight_option(default: float) -> Any:
    """The field `sparsity_weight`."""
    return option(default, "Weight of the penalty that is added to the loss.", minimum=0)


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
            rule = "a sparse code can only be trained on the squared error"
            raise RefusedValue(setting("loss"), self.loss, rule, f"Give {setting('loss', 'mse')}, or leave it out.")


@dataclass(frozen=True, kw_only=True)
class PenalizedCode(SparseCode):
    """A code that is kept sparse by a penalty on its activations."""

    sparsity_weight: float = penalty_weight_option(1e-3)
    sparsity_warmup: float = option(
        0.1, "Share of the training over which the weight grows from 0.", minimum=0, maximum=1
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.sparsity_weight == 0:
            rule = "without a penalty, the code is not sparse"
            remedy = f"Give a weight above 0, or {setting('model', 'dense')}."
            raise RefusedValue(setting("sparsity_weight"), self.sparsity_weight, rule, remedy)

    def warmup_steps(self, steps: int) -> int:
        """The number of steps, out of `steps`, over which the weight grows."""
        return round(self.sparsity_warmup * steps)


@dataclass(frozen=True, kw_only=True)
class L1(PenalizedCode):
    """ReLU units, with the sum of their activations as the penalty (Olshausen & Field 1997)."""

    chosen_by: ClassVar = {"model": "sparse", "sparsity": "l1"}
    summary: ClassVar = "a penalty on the sum of the activations"

    sparsity_weight: float = penalty_weight_option(5e-4)


@dataclass(frozen=True, kw_only=True)
class KL(PenalizedCode):
    """Sigmoid units, each with a small target for its mean activation (Ng 2011, CS294A lecture notes)."""

    chosen_by: ClassVar = {"model": "sparse", "sparsity": "kl"}
    summary: ClassVar = "a penalty on each unit's mean activation"

    sparsity_weight: float = penalty_weight_option(1e-3)
    sparsity_target: float = option(0.05, "Target ρ for the mean activation of each unit.", above=0, below=1)


@dataclass(frozen=True, kw_only=True)
class SelectedCode(SparseCode):
    """A code of which the largest units are kept and the others are 0."""

    k: WholeOrAuto = option(
        AUTO,
        f"Active units per image: at most (topk), on average (batchtopk). auto: {USUAL_K}, at most half of the code.",
        minimum=1,
    )
    aux_k: int = option(256, "Dead units that learn the residual of an image; 0: none.", minimum=0)

    def __post_init__(self) -> None:
        super().__post_init__()
        k = min(USUAL_K, max(self.latent_dim // 2, 1)) if self.k == AUTO else int(self.k)
        if k >= self.latent_dim:
            rule = f"it must be below {setting('latent_dim')}, {self.latent_dim}"
            remedy = f"Give a larger {setting('latent_dim')}, or a smaller {setting('k')}."
            raise RefusedValue(setting("k"), k, rule, remedy)
        object.__setattr__(self, "k", k)


@dataclass(frozen=True, kw_only=True)
class TopK(SelectedCode):
    """At most k active units for every image (Makhzani & Frey 2013; Gao et al. 2024)."""

    chosen_by: ClassVar = {"model": "sparse", "sparsity": "topk"}
    summary: ClassVar = "the k largest units of each image"


@dataclass(frozen=True, kw_only=True)
class BatchTopK(SelectedCode):
    """About k active units on average, by a fixed threshold after training (Bussmann et al. 2024)."""

    chosen_by: ClassVar = {"model": "sparse", "sparsity": "batchtopk"}
    summary: ClassVar = "k units per image on average"
