"""The dense autoencoder."""

import keras

from mnistae_cli.data import Pixels
from mnistae_cli.settings import Dense
from mnistae_cli.training.augmentation import corrupt
from mnistae_cli.training.autoencoder import Autoencoder, before_code, glorot, mirrored_decoder
from mnistae_cli.training.losses import reconstruction_loss
from mnistae_cli.training.sparsity import ActivityPenalty, L1Penalty


def build_dense(code: Dense, pixels: Pixels, steps: int, seed: int) -> Autoencoder:
    """H×W → `before_code` → `latent_dim`, ReLU → `hidden` reversed, ReLU → H×W, sigmoid.

    A small L1 penalty on the code hardly raises the loss, and KMeans finds better clusters. With a `code_gain` g, the
    initial weights of the code are those of Glorot & Bengio 2010 times g, and the decoder's are divided by g. The
    function is the same, but compared with the encoder, Adam's steps in the decoder are then g² times as long.
    """
    height, width = pixels.shape[1:]
    images = keras.Input((height, width), name="images")
    signal = before_code(keras.layers.Flatten(name="flatten")(images), height, width, code.layers)
    units = keras.layers.Dense(code.latent_dim, "relu", kernel_initializer=glorot(code.code_gain), name="code")
    encoder = keras.Model(images, units(signal), name="encoder")

    decoder = mirrored_decoder(code.latent_dim, height, width, code.layers.hidden, gain=1 / code.code_gain)
    learned = encoder(corrupt(images, code.corruption, seed))
    if code.sparsity_weight:
        learned = ActivityPenalty(L1Penalty(code.sparsity_weight), name="penalty")(learned)
    return Autoencoder(
        encoder=encoder,
        decoder=decoder.model,
        trained=keras.Model(images, decoder.logits(learned)),
        whole=keras.Model(images, decoder.model(encoder.output), name="autoencoder"),
        atoms=decoder.atoms,
        loss=reconstruction_loss(code.loss),
    )
