"""What the kinds of code share: the layers before a code, what is done to its input, how it is trained."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal, Self

from mnistae_cli.settings.kinds import Kind
from mnistae_cli.settings.options import WIDEST, Checked, option
from mnistae_cli.settings.values import AUTO, WholeOrAuto

Schedule = Literal["one-cycle", "trapezoid", "constant"]


@dataclass(frozen=True, kw_only=True)
class Layers(Checked):
    """The layers between the pixels and the code."""

    hidden: tuple[int, ...] = option(
        (),
        "Layers before the code, in units, as 500,500,2000; the decoder of a dense or an invariant code mirrors them.",
        minimum=1,
        maximum=WIDEST,
    )
    channels: tuple[int, ...] = option(
        (),
        "Convolutions before these layers, in channels, as 16,32. The decoder stays dense.",
        minimum=1,
        maximum=WIDEST,
    )


@dataclass(frozen=True, kw_only=True)
class Corruption(Checked):
    """What is done to the images that go in; the decoder is asked for them as they were."""

    augment: float = option(
        0.0,
        "Warp the input, not the target: 1 is up to 15°, 15% in size, 0.25 in shear, 10% in place.",
        minimum=0,
        maximum=4,
    )
    occlusion: float = option(0.0, "Share of the inputs of which one side is hidden.", minimum=0, maximum=1)
    noise: float = option(
        0.0, "Gaussian noise on the input, not on the target: its standard deviation, 1 is white.", minimum=0, maximum=4
    )


def schedule_option(default: Schedule = "one-cycle") -> Any:
    """The field `schedule` of a training by `nets`."""
    return option(
        default,
        "one-cycle: 10% linear warm-up, then a cosine to 0. trapezoid: 3% warm-up, constant, linear to 0 from 30% on.",
    )


@dataclass(frozen=True, kw_only=True)
class Training(Checked):
    """How a network is trained. The learning rate has no usual value: each kind of code gives its own."""

    learning_rate: float = option(1e-2, "Adam's step size, the peak of its schedule.", above=0)
    epochs: WholeOrAuto = option(
        AUTO, "Passes over the training images; auto is the code's usual number, or more for few images.", minimum=1
    )
    batch_size: int = option(128, "Images per step.", minimum=1)
    schedule: Schedule = schedule_option()
    beta_2: float = option(0.99, "Adam's decay of the squared gradients.", minimum=0, below=1)
    patience: int = option(
        0, "Stop after so many epochs without a better loss on held-out training images; 0: never.", minimum=0
    )
    validation_fraction: float = option(
        0.1, "Share of the training images held out to stop by, with patience.", above=0, below=1, flag="validation"
    )


def number_of_epochs(epochs: WholeOrAuto, batch_size: int, n: int, *, usual: int, least_steps: int) -> int:
    """The epochs for `n` images: as given, or the usual ones, and more where these are fewer than `least_steps`."""
    steps_per_epoch = -(-n // batch_size)
    return max(usual, -(-least_steps // steps_per_epoch)) if epochs == AUTO else int(epochs)


def latent_dim_option(default: int = 512, help: str = "Width of the code, in units.") -> Any:
    """The field `latent_dim`."""
    return option(default, help, minimum=1, maximum=WIDEST)


def loss_option(default: Literal["bce", "mse"] = "bce") -> Any:
    """The field `loss`."""
    return option(default, "Binary cross-entropy or mean squared error, per pixel.")


@dataclass(frozen=True, kw_only=True)
class Code(Kind):
    """A kind of code: its settings, and what it refuses.

    A new kind is a dataclass like the others here with one line in `CODES`, and a function that builds its network
    with one line in `training.BUILDERS`.
    """

    usual_epochs: ClassVar[int] = 8
    least_steps: ClassVar[int] = 1000  # fewer leave a small data set half learned
    in_parts: ClassVar[bool] = False  # whether it can learn from images of which only batches are in memory

    latent_dim: int
    loss: Literal["bce", "mse"]
    layers: Layers
    corruption: Corruption
    training: Training

    @property
    def graph_features(self) -> slice:
        """The columns of its features by which the graph of similar images is made."""
        return slice(None)

    def check_images(self, n: int) -> None:
        """Refuse a number of training images that it cannot learn from."""

    def for_images(self, n: int) -> Self:
        """The same settings with the epochs as a number, for `n` training images.

        Raises:
            UsageError: it cannot learn from so few.
        """
        self.check_images(n)
        training = self.training
        epochs = number_of_epochs(
            training.epochs, training.batch_size, n, usual=self.usual_epochs, least_steps=self.least_steps
        )
        return replace(self, training=replace(training, epochs=epochs))
