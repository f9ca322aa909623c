"""`mnistae finetune`: encoder and head together, on few labels and on the rest without."""

from dataclasses import dataclass, replace

from mnistae_cli.settings.codes.shared import Schedule, number_of_epochs, schedule_option
from mnistae_cli.settings.labelled import LabelledConfig
from mnistae_cli.settings.options import data_dir_option, option
from mnistae_cli.settings.values import AUTO, WholeOrAuto

USUAL_EPOCHS = 6
LEAST_STEPS = 1000  # fewer leave a small data set half learned


@dataclass(frozen=True, kw_only=True)
class FinetuneConfig(LabelledConfig):
    """`mnistae finetune`: encoder and head together, on few labels and on the rest without."""

    augment: float = option(1.0, "Warps of the strong view, as train's; the weak one has half.", minimum=0, maximum=4)
    threshold: float = option(
        0.95, "Least probability at which the network's own answer counts as a label.", minimum=0, maximum=1
    )
    unlabelled_weight: float = option(0.3, "Weight of these labels beside the drawn ones.", minimum=0)
    epochs: WholeOrAuto = option(AUTO, "Passes over the training images; auto is 6, or more for few images.", minimum=1)
    batch_size: int = option(256, "Labelled and other images per step, as many of each.", minimum=1)
    learning_rate: float = option(3e-3, "Adam's step size, the peak of its schedule.", above=0)
    schedule: Schedule = schedule_option("trapezoid")
    ema: float = option(0.99, "Share of the old in the running mean of the weights, which is kept.", minimum=0, below=1)
    data_dir: str | None = data_dir_option()

    def for_images(self, n: int) -> "FinetuneConfig":
        """The same settings with the epochs as a number, for `n` training images."""
        epochs = number_of_epochs(self.epochs, self.batch_size, n, usual=USUAL_EPOCHS, least_steps=LEAST_STEPS)
        return replace(self, epochs=epochs)
