"""An invariant code as a transformer."""

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mnistae_cli.api.base import BaseAutoencoder, Loss
from mnistae_cli.api.parameters import RandomState, keep
from mnistae_cli.settings import Invariant, Schedule, TrainConfig, WholeOrAuto

OUTPUTS = ("all", "embedding")


class InvariantEncoder(BaseAutoencoder):
    """A code that small warps of an image do not change, with heads that assign clusters.

    It learns to assign two views of an image, or of two similar images, to the same cluster: the mutual information
    I(z, z') = Σ_cc' P_cc' ln(P_cc' / (P_c P_c')) of their assignments is maximized (Ji, Henriques & Vedaldi 2019,
    "Invariant information clustering"), and the views of different images are kept apart (Chen et al. 2020, "SimCLR").
    After two fifths of the epochs, the network learns what the graph of the embeddings shows: clusters that are apart,
    or small communities where kinds touch. `mnistae train --model invariant`.

    Args:
        output: what `transform` returns. `all`: the heads' probabilities and the embedding, like `mnistae encode`;
            `embedding`: only the direction (N, latent_dim) of the embedding, for `GraphClusters`.
        latent_dim: units of the embedding.
        loss: of the reconstruction, `bce` or `mse`, per pixel.
        n_clusters: clusters per head; `auto`: 64, later the number that is found.
        n_heads: number of heads; each assigns clusters.
        entropy_weight: weight of equal cluster sizes relative to the agreement of the views, at least 1.
        instance_weight: weight of keeping the views of different images apart; 0: they are not.
        temperature: of that loss, above 0.
        n_neighbors: nearest images; half of the second views are of one of them. 0: none are.
        hidden: widths of the layers before the code, in units; the decoder mirrors them.
        channels: channels of the convolutions before these layers; the decoder has none.
        augment: random changes of the input, not of the target: a factor on all their largest sizes.
        rotation: largest rotation, in degrees, for `augment` 1.
        zoom: largest change of the width and of the height, as a logarithm.
        shear: largest shear, in pixels to the side per pixel of height.
        shift: largest shift, in sides of the image.
        mirror: mirror half of the inputs, left to right.
        brightness: largest change of the brightness, as the logarithm of a factor.
        contrast: largest change of the contrast around the mean gray, as the logarithm of a factor.
        blur: largest share of a blurred copy in the input, in [0, 1].
        occlusion: share of the inputs with one side hidden.
        noise: standard deviation of Gaussian noise on the input, where white is 1.
        learning_rate: Adam's step size; the peak of its schedule.
        epochs: passes over the images; `auto`: the code's usual number, or more for few images.
        batch_size: images per step.
        schedule: `one-cycle`, `trapezoid` or `constant`.
        beta_2: Adam's decay rate for the squared gradients.
        patience: stop after this many epochs without a lower loss on held-out images; 0: never.
        validation_fraction: share of the images that is held out; used with patience.
        image_shape: (H, W) of each row of X; None: a square, or one row of pixels if their number is not a square.
        random_state: seed of every random draw, like `--seed`.
        verbose: show the progress.

    Attributes:
        encoder_onnx_ (bytes): the encoder as ONNX, with the bytes that `mnistae train` writes.
        decoder_onnx_ (bytes): the decoder, likewise.
        history_ (dict[str, list[float]]): name → the losses of each epoch.
        best_epoch_ (int): the epoch, from 1, whose weights were kept.
        atoms_ (NDArray): (D, H, W) float32, what each unit of the code adds to the picture; not set with `hidden`.
        neighbors_ (NDArray): (N, n_neighbors) int32, the nearest images to each one by pixels; for `GraphClusters.fit`.

    Examples:
        >>> import mnistae_cli as mnistae
        >>> images = mnistae.load_digits().train.images[:200]
        >>> encoder = mnistae.InvariantEncoder(output="embedding", epochs=1)
        >>> encoder.fit_transform(images).shape, encoder.neighbors_.shape
        ((200, 128), (200, 4))
    """

    _kind = Invariant.chosen_by

    def __init__(
        self,
        *,
        output: Literal["all", "embedding"] = "all",
        latent_dim: int = Invariant.latent_dim,
        loss: Loss = Invariant.loss,
        n_clusters: WholeOrAuto = Invariant.n_clusters,
        n_heads: int = Invariant.n_heads,
        entropy_weight: float = Invariant.entropy_weight,
        instance_weight: float = Invariant.instance_weight,
        temperature: float = Invariant.temperature,
        n_neighbors: int = Invariant.n_neighbors,
        hidden: tuple[int, ...] = Invariant.layers.hidden,
        channels: tuple[int, ...] = Invariant.layers.channels,
        augment: float = Invariant.corruption.augment,
        rotation: float = Invariant.corruption.views.rotation,
        zoom: float = Invariant.corruption.views.zoom,
        shear: float = Invariant.corruption.views.shear,
        shift: float = Invariant.corruption.views.shift,
        mirror: bool = Invariant.corruption.views.mirror,
        brightness: float = Invariant.corruption.views.brightness,
        contrast: float = Invariant.corruption.views.contrast,
        blur: float = Invariant.corruption.views.blur,
        occlusion: float = Invariant.corruption.occlusion,
        noise: float = Invariant.corruption.noise,
        learning_rate: float = Invariant.training.learning_rate,
        epochs: WholeOrAuto = Invariant.training.epochs,
        batch_size: int = Invariant.training.batch_size,
        schedule: Schedule = Invariant.training.schedule,
        beta_2: float = Invariant.training.beta_2,
        patience: int = Invariant.training.patience,
        validation_fraction: float = Invariant.training.validation_fraction,
        image_shape: tuple[int, int] | None = None,
        random_state: RandomState = TrainConfig.seed,
        verbose: bool = False,
    ) -> None:
        keep(self, locals())

    def inverse_transform(self, X: ArrayLike) -> NDArray[np.float32]:
        """The decoder's images for features (N, D) of `output="all"`."""
        if self.output != "all":
            raise ValueError(f"output is {self.output!r}: the decoder needs all features. Give output='all'.")
        return super().inverse_transform(X)

    def _settings(self) -> dict[str, Any]:
        if self.output not in OUTPUTS:
            raise ValueError(f"output is {self.output!r}: it must be one of {', '.join(OUTPUTS)}.")
        return {name: value for name, value in super()._settings().items() if name != "output"}

    def _keep_more(self, neighbors: NDArray[np.int32]) -> None:
        self.neighbors_ = neighbors

    def _features(self, codes: NDArray[np.float32]) -> NDArray[np.float32]:
        return codes if self.output == "all" else codes[:, -self.latent_dim :]
