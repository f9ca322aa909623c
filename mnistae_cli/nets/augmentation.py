"""Small random changes of an image that keep its meaning."""

from typing import Any

import keras
import numpy as np
from keras import ops

from mnistae_cli.configs import TrainConfig

ROTATION = np.pi / 12  # 15°
LOG_SCALE = 0.15  # of each axis apart
SHEAR = 0.25
SHIFT = 0.1  # of the image's side


@keras.saving.register_keras_serializable("mnistae")
class RandomAffine(keras.layers.Layer):
    """While training, each image warped by an affine map of its own; else the images as they are.

    The picture y has y(p) = x(c + R(θ) S(s) diag(e^u, e^v) (p - c) + t), c the centre, bilinear between pixels, dark
    outside; θ, s, u, v and t are uniform in ± `strength` times 15°, 0.25, 0.15, 0.15 and a tenth of the side.
    As Simard et al. 2003, "Best practices for convolutional neural networks"; no gradient is needed through it.

    Args:
        strength: 0 for no change.
        seed: of the draws; the same seed gives the same views in the same order.
    """

    def __init__(self, strength: float, seed: int, **layer: Any) -> None:
        super().__init__(**layer)
        self.strength = strength
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, images: Any, training: bool = False) -> Any:
        """(B, H, W) → (B, H, W)."""
        if not training or not self.strength:
            return images
        n = ops.shape(images)[0]
        size = self.strength * np.array([ROTATION, SHEAR, LOG_SCALE, LOG_SCALE, SHIFT, SHIFT], np.float32)
        draws = keras.random.uniform((n, 6), -1.0, 1.0, seed=self.seed_generator) * size
        return warp(images, *(draws[:, column] for column in range(6)))

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal one."""
        return {**super().get_config(), "strength": self.strength, "seed": self.seed}


def corrupted(images: Any, config: TrainConfig) -> Any:
    """What a network sees of images (B, H, W) in training: warped, then noisy. It is asked for them as they are.

    Vincent et al. 2008, "Extracting and composing robust features with denoising autoencoders". Noise hides the blur
    that warping leaves, from which a network else reads how far an image was warped.
    """
    seen = RandomAffine(config.augment, config.seed, name="augment")(images) if config.augment else images
    return keras.layers.GaussianNoise(config.noise, seed=config.seed ^ 1, name="noise")(seen) if config.noise else seen


def warp(images: Any, angle: Any, shear: Any, log_width: Any, log_height: Any, right: Any, down: Any) -> Any:
    """Images (B, H, W) read at c + R(`angle`) S(`shear`) diag(e^`log_width`, e^`log_height`) (p - c) + t.

    Args:
        images: float32.
        angle: (B,) in radians.
        shear: (B,), of x by y.
        log_width: (B,).
        log_height: (B,).
        right: (B,), t in x, in sides of the image.
        down: (B,), t in y.
    """
    height, width = images.shape[1:]
    centre_x, centre_y = (width - 1) / 2, (height - 1) / 2
    cos, sin = ops.cos(angle), ops.sin(angle)
    wide, high = ops.exp(log_width), ops.exp(log_height)
    xx, xy = cos * wide, (cos * shear - sin) * high
    yx, yy = sin * wide, (sin * shear + cos) * high
    x0 = centre_x - xx * centre_x - xy * centre_y + right * width
    y0 = centre_y - yx * centre_x - yy * centre_y + down * height
    rows = ops.stack([xx, xy, x0, yx, yy, y0, ops.zeros_like(xx), ops.zeros_like(xx)], axis=1)
    return ops.image.affine_transform(images[..., None], rows, "bilinear", "constant", 0.0)[..., 0]
