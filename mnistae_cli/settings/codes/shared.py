"""What the kinds of code share: the layers before a code, what is done to its input, how it is trained."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from mnistae_cli.fields import AUTO, WIDEST, Checked, WholeOrAuto, option
from mnistae_cli.flat import Kind, record
from mnistae_cli.progress import Report

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mnistae_cli.data import Pixels
    from mnistae_cli.nets import Autoencoder

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


@dataclass(frozen=True)
class Learned:
    """The training images (N, H, W), and of each the nearest others by their pixels (N, p)."""

    pixels: "Pixels"
    nearest: "NDArray[np.int32]"


@dataclass(frozen=True, kw_only=True)
class Code(Kind):
    """A kind of code: its settings, what it refuses, its network.

    A new kind is a module with a dataclass like the others here, and one line in `codes.CODES`.
    """

    usual_epochs: ClassVar[int] = 8
    least_steps: ClassVar[int] = 1000  # fewer leave a small data set half learned
    in_parts: ClassVar[bool] = False  # whether it can learn from images of which only batches are in memory

    latent_dim: int
    loss: Literal["bce", "mse"]
    layers: Layers
    corruption: Corruption
    training: Training

    @abstractmethod
    def build(self, pixels: "Pixels", steps: int, seed: int) -> "Autoencoder":
        """The network for images like `pixels` (N, H, W).

        Args:
            pixels: all training images.
            steps: of the whole training.
            seed: of the draws of its layers.
        """

    @property
    def gains_by_xla(self) -> bool:
        """Whether XLA makes a step faster. On a CPU its convolutions and random draws are slow."""
        corruption = self.corruption
        return not (self.layers.channels or corruption.augment or corruption.occlusion or corruption.noise)

    @property
    def n_pair_neighbors(self) -> int | None:
        """Nearest images from which the second of a pair is drawn; None where it learns from single images."""
        return None

    @property
    def graph_features(self) -> slice:
        """The columns of its features by which the graph of similar images is made."""
        return slice(None)

    @property
    def parts(self) -> Sequence[Training]:
        """The parts of the training, one after the other; between two of them the network is rebuilt."""
        return [self.training]

    def find_groups(self, model: "Autoencoder", images: Learned, seed: int, report: Report) -> "NDArray[np.int32]":
        """What the next part learns from: the group (N,) of each training image, -1 for none.

        Args:
            model: trained so far.
            images: all training images.
            seed: of all draws.
            report: hears what was found.
        """
        import numpy as np

        return np.full(len(images.pixels), -1, np.int32)

    def rebuild(
        self, model: "Autoencoder", pixels: "Pixels", groups: "NDArray[np.int32]", steps: int, seed: int
    ) -> "Autoencoder":
        """The network that goes on from `model` in the next part.

        Args:
            model: trained so far.
            pixels: all training images.
            groups: (N,), from `find_groups`.
            steps: of the next part.
            seed: of all draws.
        """
        return model

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

    def network_settings(self, seed: int) -> dict[str, Any]:
        """What every builder in `nets` takes: width, layers, and how to corrupt an input."""
        from mnistae_cli import nets

        corruption = record(self.corruption)
        return {
            "latent_dim": self.latent_dim,
            **record(self.layers),
            "corrupt": lambda images, **more: nets.corrupted(images, seed, **corruption, **more),
        }
