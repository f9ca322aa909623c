"""`mnistae finetune`: encoder and head together, on few labels and on images without labels."""

from dataclasses import dataclass, replace

from mnistae_cli.settings.codes.shared import Schedule, number_of_epochs, schedule_option
from mnistae_cli.settings.labeled import LabeledConfig
from mnistae_cli.settings.options import data_dir_option, option
from mnistae_cli.settings.values import AUTO, WholeOrAuto

USUAL_EPOCHS = 6
LEAST_STEPS = 1000  # with fewer, a small data set is not learned well


@dataclass(frozen=True, kw_only=True)
class FinetuneConfig(LabeledConfig):
    """`mnistae finetune`: encoder and head together, on few labels and on images without labels."""

    augment: float = option(1.0, "Warps of the strong view, as in train; the weak view has half.", minimum=0, maximum=4)
    threshold: float = option(
        0.95, "Lowest probability at which a prediction of the network is used as a label.", minimum=0, maximum=1
    )
    unlabeled_weight: float = option(
        0.3, "Weight of the loss on these predicted labels.", minimum=0, formerly="unlabelled_weight"
    )
    epochs: WholeOrAuto = option(AUTO, "Passes over the training images; auto: 6, or more for few images.", minimum=1)
    batch_size: int = option(256, "Images per step: this many with a label, and as many others.", minimum=1)
    learning_rate: float = option(3e-3, "Adam's step size; the peak of its schedule.", above=0)
    schedule: Schedule = schedule_option("trapezoid")
    ema: float = option(0.99, "Decay of the running mean of the weights, which is the result.", minimum=0, below=1)
    data_dir: str | None = data_dir_option()

    def for_images(self, n: int) -> "FinetuneConfig":
        """The same settings with the epochs as a number, for `n` training images."""
        epochs = number_of_epochs(self.epochs, self.batch_size, n, usual=USUAL_EPOCHS, least_steps=LEAST_STEPS)
        return replace(self, epochs=epochs)
