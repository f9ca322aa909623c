"""What all autoencoders consist of: Keras models that share their layers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from mnistae_cli.settings import Layers
from mnistae_cli.training.losses import Loss

LEAST_SIDE = 4  # of the output of a convolution of stride 2, in pixels


@dataclass(frozen=True)
class Autoencoder:
    """Models that share their weights.

    Args:
        encoder: images (B, H, W) in [0, 1] → codes (B, D), not negative.
        decoder: codes (B, D) → images (B, H, W) in [0, 1].
        trained: images (B, H, W), or pairs (B, 2, H, W) of which the first is the image → the decoder's values
            (B, H, W) before sigmoid or clipping, for `loss`. In training, its `losses` include penalties of the code.
        whole: images → reconstructions; the model that is saved.
        atoms: the decoder's weights (D, H·W): what each unit adds to the picture; None with hidden layers.
        loss: the loss of the outputs of `trained`.
    """

    encoder: keras.Model
    decoder: keras.Model
    trained: keras.Model
    whole: keras.Model
    atoms: Any
    loss: Loss


@dataclass(frozen=True)
class Decoder:
    """`model`: codes (B, D) → images (B, H, W) in [0, 1]; `logits`: before the sigmoid; `atoms`: see `Autoencoder`."""

    model: keras.Model
    logits: keras.Model
    atoms: Any


def mirrored_decoder(
    width_of_code: int, height: int, width: int, hidden: Sequence[int], *, gain: float = 1.0
) -> Decoder:
    """Codes → `hidden` reversed, ReLU → H×W, sigmoid. The initial weights of its first layer are times `gain`."""
    codes = keras.Input((width_of_code,), name="codes")
    signal, first = codes, glorot(gain)
    for number, units in reversed(list(enumerate(hidden, start=1))):
        signal = keras.layers.Dense(units, "relu", kernel_initializer=first, name=f"decoder_{number}")(signal)
        first = glorot(1.0)
    pixels = keras.layers.Dense(height * width, kernel_initializer=first, name="pixels")
    logits = keras.layers.Reshape((height, width), name="image")(pixels(signal))
    model = keras.Model(codes, keras.layers.Activation("sigmoid", name="sigmoid")(logits), name="decoder")
    return Decoder(model, keras.Model(codes, logits), None if hidden else pixels.kernel)


def glorot(gain: float) -> keras.initializers.Initializer:
    """Weights from a uniform distribution in ±g √(6 / (fan_in + fan_out))."""
    return keras.initializers.VarianceScaling(gain**2, "fan_avg", "uniform")


def before_code(pixels: Any, height: int, width: int, layers: Layers, *, normalize: bool = False) -> Any:
    """Pixels (B, H·W) → convolutions in `channels`, 5×5 and then 3×3, ReLU → `hidden`, ReLU.

    A convolution has stride 2 if its output still has a side of at least 4. With `normalize`, see `batch_normalize`.
    """
    kind: dict[str, Any] = {"use_bias": False} if normalize else {"activation": "relu"}
    signal = pixels
    if layers.channels:
        signal = keras.layers.Reshape((height, width, 1), name="plane")(signal)
        side = min(height, width)
        for number, planes in enumerate(layers.channels, start=1):
            stride = 2 if side >= 2 * LEAST_SIDE else 1
            side //= stride
            size, name = 5 if number == 1 else 3, f"convolution_{number}"
            signal = keras.layers.Conv2D(planes, size, stride, "same", name=name, **kind)(signal)
            signal = batch_normalize(signal, name) if normalize else signal
        signal = keras.layers.Flatten(name="flatten_channels")(signal)
    for number, units in enumerate(layers.hidden, start=1):
        name = f"encoder_{number}"
        signal = keras.layers.Dense(units, name=name, **kind)(signal)
        signal = batch_normalize(signal, name) if normalize else signal
    return signal


def batch_normalize(signal: Any, name: str) -> Any:
    """Batch normalization of signals (B, …, C): mean 0 and variance 1, then a learned scale and shift; then ReLU.

    Ioffe & Szegedy 2015, "Batch normalization". The saved encoder uses running means instead of those of a batch.
    """
    signal = FusedNormalization(momentum=0.9, name=f"{name}_normalized")(signal)
    return keras.layers.ReLU(name=f"{name}_active")(signal)


@keras.saving.register_keras_serializable("mnistae")
class FusedNormalization(keras.layers.BatchNormalization):
    """Batch normalization of planes by TensorFlow's fused operation: a training step is a fifth shorter than Keras'."""

    def call(self, signal: Any, training: bool = False) -> Any:
        """(B, …, C) → the same shape."""
        if not training or len(signal.shape) != 4:
            return super().call(signal, training=training)
        result, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            signal, self.gamma, self.beta, epsilon=self.epsilon, is_training=True
        )
        for running, value in ((self.moving_mean, mean), (self.moving_variance, variance)):
            running.assign(self.momentum * running + (1 - self.momentum) * value)
        return result
