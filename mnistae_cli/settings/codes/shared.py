"""Shared by the kinds of code: the layers before the code, what is done to the input, how the network is trained."""

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
        "Widths of layers before the code, like 500,500,2000; the decoder of a dense or invariant code mirrors them.",
        minimum=1,
        maximum=WIDEST,
    )
    channels: tuple[int, ...] = option(
        (),
        "Channels of the convolutions before these layers, for example 16,32. The decoder has none.",
        minimum=1,
        maximum=WIDEST,
    )


@dataclass(frozen=True, kw_only=True)
class Views(Checked):
    """The largest random changes of an input image that keep its meaning, for `augment` 1. 0: none of this kind."""

    rotation: float = option(15.0, "Largest rotation of the input, in degrees.", minimum=0, maximum=180)
    zoom: float = option(0.15, "Largest change of its width and of its height, as a logarithm.", minimum=0, maximum=2)
    shear: float = option(0.25, "Largest shear, in pixels to the side per pixel of height.", minimum=0, maximum=2)
    shift: float = option(0.1, "Largest shift, in sides of the image.", minimum=0, maximum=1)
    mirror: bool = option(False, "Mirror half of the inputs, left to right. Not for letters and digits.")
    brightness: float = option(
        0.0, "Largest change of the brightness, as the logarithm of a factor.", minimum=0, maximum=3
    )
    contrast: float = option(
        0.0, "Largest change of the contrast, as the logarithm of a factor around the mean gray.", minimum=0, maximum=3
    )
    blur: float = option(0.0, "Largest share of a blurred copy (5×5) in the input.", minimum=0, maximum=1)


@dataclass(frozen=True, kw_only=True)
class Corruption(Checked):
    """What is done to the input images. The targets are the unchanged images."""

    augment: float = option(
        0.0,
        "Random changes of the input, not of the target: a factor on all their largest sizes, for example --rotation.",
        minimum=0,
        maximum=4,
    )
    views: Views = Views()
    occlusion: float = option(0.0, "Share of the inputs with one side hidden.", minimum=0, maximum=1)
    noise: float = option(
        0.0, "Standard deviation of Gaussian noise on the input, not on the target; white is 1.", minimum=0, maximum=4
    )


def schedule_option(default: Schedule = "one-cycle") -> Any:
    """The field `schedule` of the training of a network."""
    return option(
        default,
        "one-cycle: 10% linear warm-up, then a cosine to 0. trapezoid: 3% warm-up, constant to 30%, then linear to 0.",
    )


@dataclass(frozen=True, kw_only=True)
class Training(Checked):
    """How a network is trained. Each kind of code has its own learning rate."""

    learning_rate: float = option(1e-2, "Adam's step size; the peak of its schedule.", above=0)
    epochs: WholeOrAuto = option(
        AUTO, "Passes over the training images; auto: the code's usual number, or more for few images.", minimum=1
    )
    batch_size: int = option(128, "Images per step.", minimum=1)
    schedule: Schedule = schedule_option()
    beta_2: float = option(0.99, "Adam's decay rate for the squared gradients.", minimum=0, below=1)
    patience: int = option(
        0, "Stop after this many epochs without a lower loss on held-out images; 0: never.", minimum=0
    )
    validation_fraction: float = option(
        0.1, "Share of the training images that is held out; used with patience.", above=0, below=1, flag="validation"
    )


def number_of_epochs(epochs: WholeOrAuto, batch_size: int, n: int, *, usual: int, least_steps: int) -> int:
    """The epochs for `n` images: as given; for `auto` the usual number, or more to have `least_steps` steps."""
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
    least_steps: ClassVar[int] = 1000  # with fewer, a small data set is not learned well
    in_parts: ClassVar[bool] = False  # whether it can learn with only batches of the images in memory

    latent_dim: int
    loss: Literal["bce", "mse"]
    layers: Layers
    corruption: Corruption
    training: Training

    @property
    def graph_features(self) -> slice:
        """The columns of its features from which the graph of similar images is made."""
        return slice(None)

    def check_images(self, n: int) -> None:
        """Refuse `n` training images if it cannot learn from so few."""

    def for_images(self, n: int) -> Self:
        """The same settings with the epochs as a number, for `n` training images; `UsageError` if these are too few."""
        self.check_images(n)
        training = self.training
        epochs = number_of_epochs(
            training.epochs, training.batch_size, n, usual=self.usual_epochs, least_steps=self.least_steps
        )
        return replace(self, training=replace(training, epochs=epochs))
