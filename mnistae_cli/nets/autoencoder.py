"""The dense autoencoder as three Keras models over the same layers."""

from dataclasses import dataclass

import keras

from mnistae_cli.configs import TrainConfig


@dataclass(frozen=True)
class Autoencoder:
    """Models that share their weights.

    Args:
        encoder: images (B, H, W) in [0, 1] → codes (B, D), not negative.
        decoder: codes (B, D) → images (B, H, W) in [0, 1].
        logits: images (B, H, W) → the decoder's values before its sigmoid, for a loss without round-off.
        whole: images → reconstructions, the model that is saved.
    """

    encoder: keras.Model
    decoder: keras.Model
    logits: keras.Model
    whole: keras.Model


def build_autoencoder(height: int, width: int, config: TrainConfig) -> Autoencoder:
    """H×W → `hidden`, ReLU → `latent_dim`, ReLU → `hidden` reversed, ReLU → H×W, sigmoid."""
    images = keras.Input((height, width), name="images")
    signal = keras.layers.Flatten(name="flatten")(images)
    for number, units in enumerate(config.hidden, start=1):
        signal = keras.layers.Dense(units, "relu", name=f"encoder_{number}")(signal)
    encoder = keras.Model(images, keras.layers.Dense(config.latent_dim, "relu", name="code")(signal), name="encoder")

    codes = keras.Input((config.latent_dim,), name="codes")
    signal = codes
    for number, units in reversed(list(enumerate(config.hidden, start=1))):
        signal = keras.layers.Dense(units, "relu", name=f"decoder_{number}")(signal)
    signal = keras.layers.Dense(height * width, name="pixels")(signal)
    logits = keras.layers.Reshape((height, width), name="image")(signal)
    decoder = keras.Model(codes, keras.layers.Activation("sigmoid", name="sigmoid")(logits), name="decoder")
    decoder_logits = keras.Model(codes, logits)
    return Autoencoder(
        encoder=encoder,
        decoder=decoder,
        logits=keras.Model(images, decoder_logits(encoder.output)),
        whole=keras.Model(images, decoder(encoder.output), name="autoencoder"),
    )
