"""The autoencoder as Keras models over the same layers; the dense one."""

from dataclasses import dataclass
from typing import Any

import keras

from mnistae_cli.configs import TrainConfig
from mnistae_cli.nets.augmentation import corrupted
from mnistae_cli.nets.sparsity import ActivityPenalty, L1Penalty


@dataclass(frozen=True)
class Autoencoder:
    """Models that share their weights.

    Args:
        encoder: images (B, H, W) in [0, 1] → codes (B, D), not negative.
        decoder: codes (B, D) → images (B, H, W) in [0, 1].
        trained: images (B, H, W) → what `losses.reconstruction_loss` takes (B, H, W): the decoder's values before
            its sigmoid, or before they are clipped. In training, penalties of the code are among its `losses`.
        whole: images → reconstructions, the model that is saved.
        atoms: the decoder's weights (D, H·W): what each unit adds to the picture; None with hidden layers between.
    """

    encoder: keras.Model
    decoder: keras.Model
    trained: keras.Model
    whole: keras.Model
    atoms: Any


def build_dense(height: int, width: int, config: TrainConfig) -> Autoencoder:
    """H×W → `before_code` → `latent_dim`, ReLU → `hidden` reversed, ReLU → H×W, sigmoid.

    A trace of L1 on the code costs next to nothing of the loss, and KMeans finds more in what is left.
    """
    images = keras.Input((height, width), name="images")
    signal = before_code(keras.layers.Flatten(name="flatten")(images), height, width, config)
    encoder = keras.Model(images, keras.layers.Dense(config.latent_dim, "relu", name="code")(signal), name="encoder")

    codes = keras.Input((config.latent_dim,), name="codes")
    signal = codes
    for number, units in reversed(list(enumerate(config.hidden, start=1))):
        signal = keras.layers.Dense(units, "relu", name=f"decoder_{number}")(signal)
    pixels = keras.layers.Dense(height * width, name="pixels")
    logits = keras.layers.Reshape((height, width), name="image")(pixels(signal))
    decoder = keras.Model(codes, keras.layers.Activation("sigmoid", name="sigmoid")(logits), name="decoder")
    decoder_logits = keras.Model(codes, logits)
    learned = encoder(corrupted(images, config))
    if config.sparsity_weight:
        learned = ActivityPenalty(L1Penalty(config.sparsity_weight), name="penalty")(learned)
    return Autoencoder(
        encoder=encoder,
        decoder=decoder,
        trained=keras.Model(images, decoder_logits(learned)),
        whole=keras.Model(images, decoder(encoder.output), name="autoencoder"),
        atoms=None if config.hidden else pixels.kernel,
    )


def before_code(pixels: Any, height: int, width: int, config: TrainConfig) -> Any:
    """Pixels (B, H·W) → convolutions of stride 2 in `channels`, 5×5 and then 3×3, ReLU → `hidden`, ReLU."""
    signal = pixels
    if config.channels:
        signal = keras.layers.Reshape((height, width, 1), name="plane")(signal)
        for number, channels in enumerate(config.channels, start=1):
            size, name = 5 if number == 1 else 3, f"convolution_{number}"
            signal = keras.layers.Conv2D(channels, size, 2, "same", activation="relu", name=name)(signal)
        signal = keras.layers.Flatten(name="flatten_channels")(signal)
    for number, units in enumerate(config.hidden, start=1):
        signal = keras.layers.Dense(units, "relu", name=f"encoder_{number}")(signal)
    return signal
