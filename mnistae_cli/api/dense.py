"""A dense code as a transformer."""

from mnistae_cli.api.base import BaseAutoencoder, Loss
from mnistae_cli.api.parameters import RandomState, keep
from mnistae_cli.settings import Dense, Schedule, TrainConfig, WholeOrAuto


class DenseAutoencoder(BaseAutoencoder):
    """A dense code: many units, most of them active. `mnistae train`.

    x̂ = σ(W₂ max(0, W₁ x + b₁) + b₂). The loss is the mean over pixels of the binary cross-entropy of x̂ and x, or of
    their squared difference, plus an L1 penalty on the code (Goodfellow, Bengio & Courville 2016, "Deep Learning",
    ch. 14).

    Args:
        latent_dim: D, units of the code.
        loss: `bce` or `mse`, per pixel.
        sparsity_weight: of the L1 penalty; 0: none.
        code_gain: factor on the first weights of the code; above 1, the decoder learns faster.
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
        atoms_ (NDArray): (D, H, W) float32, what each unit adds to the picture; not set with `hidden`.

    Examples:
        >>> import mnistae_cli as mnistae
        >>> images = mnistae.load_digits().train.images[:200]
        >>> encoder = mnistae.DenseAutoencoder(latent_dim=16, epochs=1).fit(images)
        >>> features = encoder.transform(images)
        >>> features.shape, encoder.inverse_transform(features).shape
        ((200, 16), (200, 8, 8))
    """

    _kind = Dense.chosen_by

    def __init__(
        self,
        *,
        latent_dim: int = Dense.latent_dim,
        loss: Loss = Dense.loss,
        sparsity_weight: float = Dense.sparsity_weight,
        code_gain: float = Dense.code_gain,
        hidden: tuple[int, ...] = Dense.layers.hidden,
        channels: tuple[int, ...] = Dense.layers.channels,
        augment: float = Dense.corruption.augment,
        rotation: float = Dense.corruption.views.rotation,
        zoom: float = Dense.corruption.views.zoom,
        shear: float = Dense.corruption.views.shear,
        shift: float = Dense.corruption.views.shift,
        mirror: bool = Dense.corruption.views.mirror,
        brightness: float = Dense.corruption.views.brightness,
        contrast: float = Dense.corruption.views.contrast,
        blur: float = Dense.corruption.views.blur,
        occlusion: float = Dense.corruption.occlusion,
        noise: float = Dense.corruption.noise,
        learning_rate: float = Dense.training.learning_rate,
        epochs: WholeOrAuto = Dense.training.epochs,
        batch_size: int = Dense.training.batch_size,
        schedule: Schedule = Dense.training.schedule,
        beta_2: float = Dense.training.beta_2,
        patience: int = Dense.training.patience,
        validation_fraction: float = Dense.training.validation_fraction,
        image_shape: tuple[int, int] | None = None,
        random_state: RandomState = TrainConfig.seed,
        verbose: bool = False,
    ) -> None:
        keep(self, locals())
