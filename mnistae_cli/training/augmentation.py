"""Small random changes of an image that keep its meaning."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from mnistae_cli.settings import Corruption, Views

BLUR = np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1]).astype(np.float32)[:, :, None, None] / 256
NEAREST, FARTHEST = 0.1, 0.35  # distances of the hidden part from the center, in sides of the image


@keras.saving.register_keras_serializable("mnistae")
class RandomAffine(keras.layers.Layer):
    """Warps each image by its own affine map, in training. Otherwise images stay as they are.

    The warped image is y(p) = x(c + R(θ) S(s) diag(e^u, e^v) (p - c) + t), where c is the center; bilinear between
    pixels, dark outside. θ, s, u, v and t are uniform in ± `strength` times the rotation, the shear, the zoom (u and v)
    and the shift.
    Simard et al. 2003, "Best practices for convolutional neural networks". No gradient is needed through it.

    Args:
        strength: at least 0; 0: no change.
        seed: seed of the draws; the same seed gives the same views in the same order.
        rotation: in degrees, at least 0.
        shear: in pixels to the side per pixel of height, at least 0.
        zoom: of each axis on its own, the logarithm of a factor, at least 0.
        shift: in sides of the image, at least 0.
        layer: arguments of every Keras layer.
    """

    def __init__(
        self,
        strength: float,
        seed: int,
        rotation: float = Views.rotation,
        shear: float = Views.shear,
        zoom: float = Views.zoom,
        shift: float = Views.shift,
        **layer: Any,
    ) -> None:
        super().__init__(**layer)
        self.largest = {"strength": strength, "rotation": rotation, "shear": shear, "zoom": zoom, "shift": shift}
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, images: Any, training: bool = False) -> Any:
        """Warp images.

        Args:
            images: (B, H, W) float32.
            training: if False, images stay as they are.
        """
        strength, rotation, shear, zoom, shift = self.largest.values()
        if not training or not strength:
            return images
        n = ops.shape(images)[0]
        size = strength * np.array([np.deg2rad(rotation), shear, zoom, zoom, shift, shift], np.float32)
        draws = keras.random.uniform((n, 6), -1.0, 1.0, seed=self.seed_generator) * size
        return warp(images, *(draws[:, column] for column in range(6)))

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer."""
        return {**super().get_config(), **self.largest, "seed": self.seed}


@keras.saving.register_keras_serializable("mnistae")
class RandomMirror(keras.layers.Layer):
    """Mirrors half of the images, left to right, in training. Otherwise images stay as they are.

    Args:
        seed: seed of the draws.
        layer: arguments of every Keras layer.
    """

    def __init__(self, seed: int, **layer: Any) -> None:
        super().__init__(**layer)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, images: Any, training: bool = False) -> Any:
        """Mirror half of the images (B, H, W)."""
        if not training:
            return images
        mirrored = keras.random.uniform((ops.shape(images)[0], 1, 1), seed=self.seed_generator) < 0.5
        return ops.where(mirrored, ops.flip(images, axis=2), images)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer."""
        return {**super().get_config(), "seed": self.seed}


@keras.saving.register_keras_serializable("mnistae")
class RandomLight(keras.layers.Layer):
    """Blurs images and changes their contrast and brightness, in training. Otherwise images stay as they are.

    y = clip(e^b (m + e^c (z - m)), 0, 1) with z = (1 - a) x + a (x ∗ k), where m is the mean of z, and k the binomial
    kernel of 5×5 pixels. For each image, a is uniform in [0, `blur`], b in ± `brightness`, and c in ± `contrast`.

    Args:
        seed: seed of the draws.
        brightness: at least 0.
        contrast: at least 0.
        blur: in [0, 1].
        layer: arguments of every Keras layer.
    """

    def __init__(self, seed: int, brightness: float, contrast: float, blur: float, **layer: Any) -> None:
        super().__init__(**layer)
        self.largest = {"brightness": brightness, "contrast": contrast, "blur": blur}
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, images: Any, training: bool = False) -> Any:
        """Change the light of images (B, H, W) in [0, 1]."""
        if not training:
            return images
        n = ops.shape(images)[0]
        draws = keras.random.uniform((n, 3, 1, 1), -1.0, 1.0, seed=self.seed_generator)
        draws = draws * np.array(list(self.largest.values()), np.float32)[:, None, None]
        brightness, contrast, blur = draws[:, 0], draws[:, 1], ops.abs(draws[:, 2])
        if self.largest["blur"]:
            blurred = ops.conv(images[..., None], BLUR, padding="same")[..., 0]
            images = images + blur * (blurred - images)
        mean = ops.mean(images, axis=(1, 2), keepdims=True)
        return ops.clip(ops.exp(brightness) * (mean + ops.exp(contrast) * (images - mean)), 0.0, 1.0)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer."""
        return {**super().get_config(), **self.largest, "seed": self.seed}


@keras.saving.register_keras_serializable("mnistae")
class RandomOcclusion(keras.layers.Layer):
    """Makes one side of some images dark, in training: top, bottom, left or right.

    The dark part begins at 0.1 to 0.35 sides of the image from its center. The distance is drawn for each image.

    Args:
        share: share of these images, in [0, 1].
        seed: seed of the draws.
        after: number of training steps before sides are hidden.
        layer: arguments of every Keras layer.
    """

    def __init__(self, share: float, seed: int, after: int = 0, **layer: Any) -> None:
        super().__init__(**layer)
        self.share = share
        self.seed = seed
        self.after = after
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.step = self.add_weight(shape=(), initializer="zeros", trainable=False, dtype="int32", name="step")

    def call(self, images: Any, training: bool = False) -> Any:
        """Hide one side of some images.

        Args:
            images: (B, H, W) float32.
            training: if False, images stay as they are.
        """
        if not training or not self.share:
            return images
        draws = keras.random.uniform((ops.shape(images)[0], 3), seed=self.seed_generator)
        hidden = (draws[:, 0] < self.share) & (self.step >= self.after)
        self.step.assign_add(1)
        return occlude(images, hidden, ops.cast(draws[:, 1] * 4, "int32"), NEAREST + draws[:, 2] * (FARTHEST - NEAREST))

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer."""
        return {**super().get_config(), "share": self.share, "seed": self.seed, "after": self.after}


def corrupt(images: Any, corruption: Corruption, seed: int, *, whole_steps: int = 0) -> Any:
    """Warp images (B, H, W), change their light, hide a side, and add noise, in training.

    The network learns to give the original images. Vincent et al. 2008, "Extracting and composing robust features with
    denoising autoencoders". Noise hides the blur that warping leaves. Otherwise a network could read from the blur how
    far an image was warped.

    Args:
        images: (B, H, W).
        corruption: the views, their strength, the share of the images with one side hidden, and noise.
        seed: seed of all draws.
        whole_steps: number of training steps before sides are hidden.
    """
    strength, views = corruption.augment, corruption.views
    seen = images
    if strength:
        sizes = {"rotation": views.rotation, "shear": views.shear, "zoom": views.zoom, "shift": views.shift}
        seen = RandomAffine(strength, seed, **sizes, name="augment")(seen)
        seen = RandomMirror(seed ^ 3, name="mirror")(seen) if views.mirror else seen
        light = [strength * views.brightness, strength * views.contrast, min(strength * views.blur, 1.0)]
        seen = RandomLight(seed ^ 4, *light, name="light")(seen) if any(light) else seen
    if corruption.occlusion:
        seen = RandomOcclusion(corruption.occlusion, seed ^ 2, whole_steps, name="occlusion")(seen)
    return keras.layers.GaussianNoise(corruption.noise, seed=seed ^ 1, name="noise")(seen) if corruption.noise else seen


@tf.function(jit_compile=True, autograph=False)
def occlude(images: Any, hidden: Any, side: Any, distance: Any) -> Any:
    """Make those images (B, H, W) that are `hidden`, (B,) bool, dark beyond a line.

    `side` (B,) is 0 for the bottom, 1 the top, 2 the right, 3 the left. `distance` (B,) is that of the line from the
    center, in sides of the image.
    """
    height, width = images.shape[1:]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    y, x = (y - (height - 1) / 2) / height, (x - (width - 1) / 2) / width
    beyond = tf.gather(np.stack([y, -y, x, -x]), side) > distance[:, None, None]
    return tf.where(beyond & hidden[:, None, None], 0.0, images)


@tf.function(
    jit_compile=True, autograph=False
)  # a fifth of the time of the plain graph, or of keras.ops.image.affine_transform
def warp(images: Any, angle: Any, shear: Any, log_width: Any, log_height: Any, right: Any, down: Any) -> Any:
    """Images (B, H, W) read at c + R(`angle`) S(`shear`) diag(e^`log_width`, e^`log_height`) (p - c) + t.

    All others are (B,): the angle in radians, the shear of x by y, and t as `right` and `down` in sides of the image.
    """
    height, width = images.shape[1:]
    y, x = (axis.astype(np.float32) for axis in np.mgrid[:height, :width])
    x, y = x - (width - 1) / 2, y - (height - 1) / 2
    angle, shear, log_width, log_height, right, down = (
        each[:, None, None] for each in (angle, shear, log_width, log_height, right, down)
    )
    cos, sin, wide, high = tf.cos(angle), tf.sin(angle), tf.exp(log_width) * x, tf.exp(log_height) * y
    column = cos * wide + (cos * shear - sin) * high + right * width + (width - 1) / 2
    row = sin * wide + (sin * shear + cos) * high + down * height + (height - 1) / 2
    return _read(images, row, column)


def _read(images: Any, row: Any, column: Any) -> Any:
    """Values of images (B, H, W) at fractional rows and columns, (B, H, W) each, bilinear, 0 outside."""
    height, width = images.shape[1:]
    across = width + 3
    framed = tf.reshape(tf.pad(images, [[0, 0], [1, 2], [1, 2]]), (-1, (height + 3) * across))
    row, column = tf.clip_by_value(row + 1, 0.0, height + 1.0), tf.clip_by_value(column + 1, 0.0, width + 1.0)
    top, left = tf.floor(row), tf.floor(column)
    down, right = row - top, column - left
    corner = tf.reshape(tf.cast(top * across + left, tf.int32), (-1, height * width))

    def at(offset: int) -> Any:
        return tf.reshape(tf.gather(framed, corner + offset, batch_dims=1), tf.shape(row))

    above = at(0) * (1 - right) + at(1) * right
    below = at(across) * (1 - right) + at(across + 1) * right
    return above * (1 - down) + below * down
