"""An invariant code as a transformer."""

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mnistae_cli.api.base import BaseAutoencoder, Loss
from mnistae_cli.api.parameters import RandomState, keep
from mnistae_cli.settings import Invariant, Schedule, TrainConfig, WholeOrAuto

OUTPUTS = ("all", "embedding")


class InvariantEncoder(BaseAutoencoder):
    """A code that small warps of an image do not change, with heads that tell clusters.

    Two views of an image, or of two near ones, are to fall into the same cluster: the mutual information
    I(z, z') = Σ_cc' P_cc' ln(P_cc' / (P_c P_c')) of their assignments is maximised (Ji, Henriques & Vedaldi 2019,
    "Invariant information clustering"). After two thirds of the epochs, the heads take the number and the sizes of the
    clusters that the graph of the embeddings shows. `mnistae train --model invariant`.

    Args:
        output: what `transform` gives: `all`, the heads' probabilities and the embedding, as `mnistae encode`; or
            `embedding`, the direction (N, latent_dim) alone, for `GraphClusters`.
        latent_dim: units of the embedding.
        loss: of the reconstruction, `bce` or `mse`, per pixel.
        n_clusters: that a head tells apart; `auto`: 20, then the number that is found.
        n_heads: that each assign the clusters.
        entropy_weight: of the clusters' equal size beside the views' agreement, at least 1.
        n_neighbors: nearest images, one of which is every other time the second view; 0: none.
        hidden: layers before the code, in units; a dense or an invariant code's decoder mirrors them.
        channels: convolutions before these layers, in channels.
        augment: warps of the input, not of the target; 1 is up to 15°, 15% in size, 0.25 in shear, 10% in place.
        occlusion: share of the inputs of which one side is hidden.
        noise: standard deviation of Gaussian noise on the input, where white is 1.
        learning_rate: Adam's step size, the peak of its schedule.
        epochs: passes over the images; `auto`: the code's usual number, or more for few images.
        batch_size: images per step.
        schedule: `one-cycle`, `trapezoid` or `constant`.
        beta_2: Adam's decay of the squared gradients.
        patience: stop after so many epochs without a better loss on held-out images; 0: never.
        validation_fraction: share of the images held out, with patience.
        image_shape: (H, W) of rows; None: a square, or one row of pixels where their number is no square.
        random_state: seed of every random draw, as `--seed`.
        verbose: show the progress.

    Attributes:
        encoder_onnx_ (bytes): the encoder as ONNX, with the bytes that `mnistae train` writes.
        decoder_onnx_ (bytes): the decoder likewise.
        history_ (dict[str, list[float]]): name → the losses of each epoch.
        best_epoch_ (int): the epoch whose weights were kept, from 1.
        atoms_ (NDArray): (D, H, W) float32, what each unit of the code adds to the picture; not with `hidden`.
        neighbors_ (NDArray): (N, n_neighbors) int32, of each image the nearest ones by pixels; for `GraphClusters.fit`.
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
        n_neighbors: int = Invariant.n_neighbors,
        hidden: tuple[int, ...] = Invariant.layers.hidden,
        channels: tuple[int, ...] = Invariant.layers.channels,
        augment: float = Invariant.corruption.augment,
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
        """What the decoder makes of features (N, D); it takes those of `output="all"` only."""
        if self.output != "all":
            raise ValueError(f"output is {self.output!r}: the decoder takes all features. Give output='all'.")
        return super().inverse_transform(X)

    def _settings(self) -> dict[str, Any]:
        if self.output not in OUTPUTS:
            raise ValueError(f"output is {self.output!r}: it must be one of {', '.join(OUTPUTS)}.")
        return {name: value for name, value in super()._settings().items() if name != "output"}

    def _keep_more(self, neighbors: NDArray[np.int32]) -> None:
        self.neighbors_ = neighbors

    def _features(self, codes: NDArray[np.float32]) -> NDArray[np.float32]:
        return codes if self.output == "all" else codes[:, -self.latent_dim :]
