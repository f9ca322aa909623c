"""The sparse autoencoder: one model, and the value `sparsity` that says what makes its code sparse."""

import math
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from mnistae_cli.codes import TrainConfig
from mnistae_cli.nets.augmentation import corrupted
from mnistae_cli.nets.autoencoder import Autoencoder, before_code
from mnistae_cli.nets.sparsity import (
    ActivityPenalty,
    BatchTopK,
    DeadUnitLoss,
    KLPenalty,
    L1Penalty,
    PreBias,
    TopK,
)


def build_sparse(mean_image: NDArray[np.floating[Any]], config: TrainConfig, steps: int) -> Autoencoder:
    """H×W, x - b → `before_code` → `latent_dim`, an activation that `sparsity` names → b + Σ_j z_j d_j, in [0, 1].

    Each unit has its picture, the atom d_j, of length 1: no unit can be small by making its atom large. Without
    layers between, the encoder starts as the decoder's transpose (Gao et al. 2024).

    Args:
        mean_image: of the training images, (H, W) in [0, 1]: their size, and where b starts.
        config: with `model` sparse.
        steps: of the whole training, for the warm-up of a penalty.
    """
    height, width = mean_image.shape
    pre_bias = PreBias(name="pre_bias")
    images = keras.Input((height, width), name="images")
    flatten = keras.layers.Flatten(name="flatten")
    signal = before_code(pre_bias(flatten(images)), height, width, config)
    units = keras.layers.Dense(config.latent_dim, bias_initializer=_first_bias(config), name="units")
    before = units(signal)
    codes = _activation(config)(before)
    encoder = keras.Model(images, codes, name="encoder")

    unit_length = keras.constraints.UnitNorm(axis=1)
    atoms = keras.layers.Dense(height * width, use_bias=False, kernel_constraint=unit_length, name="atoms")
    clip = keras.layers.ReLU(max_value=1.0, name="clip")
    image = keras.layers.Reshape((height, width), name="image")

    def summed(codes: Any) -> Any:
        return pre_bias(atoms(codes), back=True)

    code_input = keras.Input((config.latent_dim,), name="codes")
    decoder = keras.Model(code_input, image(clip(summed(code_input))), name="decoder")

    pre_bias.bias.assign(mean_image.ravel())
    atoms.kernel.assign(unit_length(atoms.kernel))
    if not (config.hidden or config.channels):
        units.kernel.assign(atoms.kernel.numpy().T)

    before, learned = keras.Model(images, [before, codes])(corrupted(images, config))
    if config.k is None:
        warmup_steps = round((config.sparsity_warmup or 0.0) * steps)
        learned = ActivityPenalty(_penalty(config), warmup_steps, name="penalty")(learned)
    sums = summed(learned)
    if config.aux_k:
        revive = DeadUnitLoss(min(config.aux_k, config.latent_dim), atoms, name="dead_units")
        sums = revive([flatten(images), sums, before, learned])
    return Autoencoder(
        encoder=encoder,
        decoder=decoder,
        trained=keras.Model(images, image(sums)),
        # Not through `decoder`: a layer on both sides of a model in a model is lost when Keras loads the file.
        whole=keras.Model(images, image(clip(summed(codes))), name="autoencoder"),
        atoms=atoms.kernel,
    )


def _activation(config: TrainConfig) -> keras.layers.Layer:
    if config.k is not None:
        return (TopK if config.sparsity == "topk" else BatchTopK)(config.k, name="code")
    return keras.layers.Activation("sigmoid" if config.sparsity == "kl" else "relu", name="code")


def _penalty(config: TrainConfig) -> keras.regularizers.Regularizer:
    weight, target = config.sparsity_weight or 0.0, config.sparsity_target
    return L1Penalty(weight) if target is None else KLPenalty(weight, target)


def _first_bias(config: TrainConfig) -> keras.initializers.Initializer:
    """Units that end between 0 and 1 start at the mean activation they are to have."""
    target = config.sparsity_target
    return keras.initializers.Constant(math.log(target / (1 - target)) if target else 0.0)
