"""`mnistae classify`: the labels that may be used and the head that learns from them."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from mnistae_cli.settings.codes.shared import number_of_epochs
from mnistae_cli.settings.kinds import Kind, choice
from mnistae_cli.settings.labeled import LabeledConfig
from mnistae_cli.settings.options import WIDEST, Checked, option
from mnistae_cli.settings.values import AUTO, WholeOrAuto


@dataclass(frozen=True, kw_only=True)
class HeadTraining(Checked):
    """How a head is trained."""

    usual_epochs: ClassVar[int] = 20
    least_steps: ClassVar[int] = 900  # with 50 labels, a quarter more images are classified correctly

    weight_decay: float = option(
        0.6, "Each step moves the weights towards 0 by this times the learning rate (AdamW).", minimum=0
    )
    label_smoothing: float = option(0.1, "Share of each target that is spread over all classes.", minimum=0, below=1)
    epochs: WholeOrAuto = option(
        AUTO, "Passes over the drawn labels; auto: 20, or more for few labels, to have 900 steps.", minimum=1
    )
    batch_size: int = option(128, "Images per step.", minimum=1)
    learning_rate: float = option(2e-2, "Adam's step size; the peak of its schedule.", above=0)
    schedule: Literal["one-cycle", "constant"] = option(
        "one-cycle", "one-cycle: 10% linear warm-up, then a cosine to 0."
    )
    beta_2: float = option(0.99, "Adam's decay rate for the squared gradients.", minimum=0, below=1)
    patience: int = option(
        0, "Stop after this many epochs without a lower loss on held-out labels; 0: never.", minimum=0
    )
    validation_fraction: float = option(
        0.1, "Share of the drawn labels that is held out; used with patience.", above=0, below=1, flag="validation"
    )

    def epochs_for(self, n: int) -> int:
        """The epochs for `n` labels."""
        size = min(self.batch_size, n)
        return number_of_epochs(self.epochs, size, n, usual=self.usual_epochs, least_steps=self.least_steps)


@dataclass(frozen=True, kw_only=True)
class Standardized(Checked):
    """What is done to the features before training."""

    standardize: bool = option(True, "Scale each feature to mean 0 and variance 1 first.")


@dataclass(frozen=True, kw_only=True)
class TrainedHead(Kind):
    """A head that is trained."""

    features: Standardized = Standardized()
    training: HeadTraining = HeadTraining()


@dataclass(frozen=True, kw_only=True)
class MLP(TrainedHead):
    """A hidden ReLU layer, then one logit per class."""

    chosen_by: ClassVar = {"head": "mlp"}
    summary: ClassVar = "a hidden ReLU layer"
    hidden: int = option(128, "Width of the ReLU layer, in units.", minimum=1, maximum=WIDEST)


@dataclass(frozen=True, kw_only=True)
class Linear(TrainedHead):
    """One logit per class, no hidden layer."""

    chosen_by: ClassVar = {"head": "linear"}
    summary: ClassVar = "no hidden layer"


@dataclass(frozen=True, kw_only=True)
class Prototypes(Kind):
    """The nearest class mean: see `networks.prototype_weights`. Nothing is trained, so there is nothing to set."""

    chosen_by: ClassVar = {"head": "prototypes"}
    summary: ClassVar = "the nearest class mean, for very few labels"


HEADS: list[type[Kind]] = [MLP, Linear, Prototypes]


@dataclass(frozen=True, kw_only=True)
class ClassifyConfig(LabeledConfig):
    """The settings of `classify`."""

    head: MLP | Linear | Prototypes = choice(HEADS, head="Kind of classifier.")
    calibrate: bool = option(
        True, "Divide the logits by a temperature that is fitted on the drawn labels by five-fold cross-validation."
    )
