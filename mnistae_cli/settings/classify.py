"""`mnistae classify`: the labels that may be used and the head that learns from them."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from mnistae_cli.fields import WIDEST, Checked, option
from mnistae_cli.flat import Kind, choice
from mnistae_cli.settings.labelled import LabelledConfig


@dataclass(frozen=True, kw_only=True)
class HeadTraining(Checked):
    """How a head is trained."""

    weight_decay: float = option(
        0.6, "Pull of the weights towards 0: this times the learning rate, per step (AdamW).", minimum=0
    )
    label_smoothing: float = option(0.1, "Share of each target spread over all classes.", minimum=0, below=1)
    epochs: int = option(50, "Passes over the drawn labels.", minimum=1)
    batch_size: int = option(128, "Images per step.", minimum=1)
    learning_rate: float = option(2e-2, "Adam's step size; the peak of a one-cycle schedule.", above=0)
    schedule: Literal["one-cycle", "constant"] = option(
        "one-cycle", "One-cycle: 10% linear warm-up, then a cosine to 0."
    )
    patience: int = option(
        0, "Stop after so many epochs without a better loss on held-out drawn labels; 0: never.", minimum=0
    )
    validation_fraction: float = option(
        0.1, "Share of the drawn labels held out to stop by, with patience.", above=0, below=1, flag="validation"
    )


@dataclass(frozen=True, kw_only=True)
class Standardized(Checked):
    """What is done to the features first."""

    standardize: bool = option(True, "Scale each feature to mean 0 and variance 1 first.")


@dataclass(frozen=True, kw_only=True)
class TrainedHead(Kind):
    """A head that is trained on standardised features."""

    features: Standardized = Standardized()
    training: HeadTraining = HeadTraining()


@dataclass(frozen=True, kw_only=True)
class MLP(TrainedHead):
    """A hidden ReLU layer, then one logit per class."""

    chosen_by: ClassVar = {"head": "mlp"}
    summary: ClassVar = "a hidden ReLU layer"
    hidden: int = option(64, "Width of the ReLU layer, in units.", minimum=1, maximum=WIDEST)


@dataclass(frozen=True, kw_only=True)
class Linear(TrainedHead):
    """One logit per class, no hidden layer."""

    chosen_by: ClassVar = {"head": "linear"}
    summary: ClassVar = "no hidden layer"


@dataclass(frozen=True, kw_only=True)
class Prototypes(Kind):
    """The nearest class mean. Nothing is trained, so there is nothing to set."""

    chosen_by: ClassVar = {"head": "prototypes"}
    summary: ClassVar = "the nearest class mean, for very few labels"


HEADS: list[type[Kind]] = [MLP, Linear, Prototypes]


@dataclass(frozen=True, kw_only=True)
class ClassifyConfig(LabelledConfig):
    """The settings of `classify`."""

    head: MLP | Linear | Prototypes = choice(HEADS, head="What names the class.")
    calibrate: bool = option(True, "Temper the probabilities by labels held out of the drawn ones, a fifth at a time.")
