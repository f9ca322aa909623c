"""A sparse code as a transformer."""

from typing import ClassVar

from mnistae_cli.api.base import BaseAutoencoder
from mnistae_cli.api.parameters import RandomState, keep
from mnistae_cli.settings import Schedule, TopK, TrainConfig, WholeOrAuto


class SparseAutoencoder(BaseAutoencoder):
    """A sparse code: an image is a mean picture plus the atoms of a few active units. `mnistae train --model sparse`.

    `topk` keeps the k largest units of each image (Makhzani & Frey 2013; Gao et al. 2024), `batchtopk` k per image on
    average (Bussmann et al. 2024); `l1` adds λ Σ_j z_j to the loss (Olshausen & Field 1997), `kl` adds
    λ Σ_j KL(ρ ‖ mean of z_j) (Ng 2011). The loss is the squared error per pixel.

    Args:
        sparsity: `topk`, `batchtopk`, `l1` or `kl`.
        latent_dim: D, units of the code.
        k: active units per image, for `topk` and `batchtopk`; `auto`: 25, but at most half of the code.
        aux_k: dead units that learn the residual of an image, for `topk` and `batchtopk`; 0: none.
        sparsity_weight: λ, for `l1` and `kl`.
        sparsity_warmup: share of the training over which λ grows from 0, for `l1` and `kl`.
        sparsity_target: ρ in (0, 1), for `kl`.
        hidden: widths of the layers before the code, in units; the decoder has none.
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

    A parameter that is None has the default of its kind.

    Attributes:
        encoder_onnx_ (bytes): the encoder as ONNX, with the bytes that `mnistae train` writes.
        decoder_onnx_ (bytes): the decoder, likewise.
        history_ (dict[str, list[float]]): name → the losses of each epoch.
        best_epoch_ (int): the epoch, from 1, whose weights were kept.
        atoms_ (NDArray): (D, H, W) float32, what each unit adds to the picture.

    Examples:
        >>> import mnistae_cli as mnistae
        >>> images = mnistae.load_digits().train.images[:200]
        >>> encoder = mnistae.SparseAutoencoder(latent_dim=100, k=5, epochs=1)
        >>> codes = encoder.fit_transform(images)
        >>> codes.shape, bool(((codes > 0).sum(axis=1) <= 5).all()), encoder.atoms_.shape
        ((200, 100), True, (100, 8, 8))
    """

    _kind: ClassVar = {"model": TopK.chosen_by["model"]}

    def __init__(
        self,
        *,
        sparsity: str = TopK.chosen_by["sparsity"],
        latent_dim: int = TopK.latent_dim,
        k: WholeOrAuto | None = None,
        aux_k: int | None = None,
        sparsity_weight: float | None = None,
        sparsity_warmup: float | None = None,
        sparsity_target: float | None = None,
        hidden: tuple[int, ...] = TopK.layers.hidden,
        channels: tuple[int, ...] = TopK.layers.channels,
        augment: float = TopK.corruption.augment,
        rotation: float = TopK.corruption.views.rotation,
        zoom: float = TopK.corruption.views.zoom,
        shear: float = TopK.corruption.views.shear,
        shift: float = TopK.corruption.views.shift,
        mirror: bool = TopK.corruption.views.mirror,
        brightness: float = TopK.corruption.views.brightness,
        contrast: float = TopK.corruption.views.contrast,
        blur: float = TopK.corruption.views.blur,
        occlusion: float = TopK.corruption.occlusion,
        noise: float = TopK.corruption.noise,
        learning_rate: float = TopK.training.learning_rate,
        epochs: WholeOrAuto = TopK.training.epochs,
        batch_size: int = TopK.training.batch_size,
        schedule: Schedule = TopK.training.schedule,
        beta_2: float = TopK.training.beta_2,
        patience: int = TopK.training.patience,
        validation_fraction: float = TopK.training.validation_fraction,
        image_shape: tuple[int, int] | None = None,
        random_state: RandomState = TrainConfig.seed,
        verbose: bool = False,
    ) -> None:
        keep(self, locals())
