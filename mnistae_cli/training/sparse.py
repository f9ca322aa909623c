"""The sparse autoencoder: one network. An activation or a penalty makes its code sparse."""

import math
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from mnistae_cli.data import Pixels
from mnistae_cli.settings import KL, L1, BatchTopK, SparseCode, TopK
from mnistae_cli.training import sparsity
from mnistae_cli.training.augmentation import corrupt
from mnistae_cli.training.autoencoder import Autoencoder, before_code
from mnistae_cli.training.losses import squared_error_of_sums
from mnistae_cli.training.sparsity import ActivityPenalty, DeadUnitLoss, PreBias


def build_topk(code: TopK, pixels: Pixels, steps: int, seed: int) -> Autoencoder:
    """ReLU units, of which `sparsity.TopK` keeps few, and the loss of dead units: see `_built`."""
    return _built(code, pixels, seed, sparsity.TopK(int(code.k), name="code"), aux_k=code.aux_k)


def build_batchtopk(code: BatchTopK, pixels: Pixels, steps: int, seed: int) -> Autoencoder:
    """ReLU units, of which `sparsity.BatchTopK` keeps few, and the loss of dead units: see `_built`."""
    return _built(code, pixels, seed, sparsity.BatchTopK(int(code.k), name="code"), aux_k=code.aux_k)


def build_l1(code: L1, pixels: Pixels, steps: int, seed: int) -> Autoencoder:
    """ReLU units with `sparsity.L1Penalty`, whose weight grows from 0: see `_built`."""
    penalty = ActivityPenalty(sparsity.L1Penalty(code.sparsity_weight), code.warmup_steps(steps), name="penalty")
    return _built(code, pixels, seed, "relu", penalty=penalty)


def build_kl(code: KL, pixels: Pixels, steps: int, seed: int) -> Autoencoder:
    """Sigmoid units with `sparsity.KLPenalty`, which start at their target mean activation: see `_built`."""
    kl = sparsity.KLPenalty(code.sparsity_weight, code.sparsity_target)
    penalty = ActivityPenalty(kl, code.warmup_steps(steps), name="penalty")
    return _built(code, pixels, seed, "sigmoid", penalty=penalty, mean_activation=code.sparsity_target)


def _built(
    code: SparseCode,
    pixels: Pixels,
    seed: int,
    activation: str | keras.layers.Layer,
    *,
    penalty: ActivityPenalty | None = None,
    mean_activation: float | None = None,
    aux_k: int = 0,
) -> Autoencoder:
    """H×W, x - b → `before_code` → `latent_dim`, an activation → b + Σ_j z_j d_j, clipped to [0, 1].

    Each unit j has an atom d_j, its picture, of length 1: a unit cannot become small by making its atom large. Without
    hidden layers, the encoder starts as the decoder's transpose (Gao et al. 2024). b starts as the mean of `pixels`.

    Args:
        activation: the activation of the units, or the layer named `code` that keeps few of them.
        penalty: the penalty of the code, in training.
        mean_activation: that of sigmoid units at the start, in (0, 1).
        aux_k: number of dead units that learn the residual of an image; 0: none.
    """
    latent_dim, layers = code.latent_dim, code.layers
    mean_image = pixels.mean(axis=0, dtype=np.float64) / (255 if pixels.dtype == np.uint8 else 1)
    height, width = mean_image.shape
    pre_bias = PreBias(name="pre_bias")
    images = keras.Input((height, width), name="images")
    flatten = keras.layers.Flatten(name="flatten")
    signal = before_code(pre_bias(flatten(images)), height, width, layers)
    units = keras.layers.Dense(latent_dim, bias_initializer=_first_bias(mean_activation), name="units")
    before = units(signal)
    active = keras.layers.Activation(activation, name="code") if isinstance(activation, str) else activation
    codes = active(before)
    encoder = keras.Model(images, codes, name="encoder")

    side = _decoding_side(pre_bias, height, width)
    code_input = keras.Input((latent_dim,), name="codes")
    decoder = keras.Model(code_input, side.image(side.clip(side.sums(code_input))), name="decoder")

    pre_bias.bias.assign(mean_image.ravel())
    side.atoms.kernel.assign(side.atoms.kernel_constraint(side.atoms.kernel))
    if not (layers.hidden or layers.channels):
        units.kernel.assign(side.atoms.kernel.numpy().T)

    before, learned = keras.Model(images, [before, codes])(corrupt(images, code.corruption, seed))
    learned = penalty(learned) if penalty else learned
    sums = side.sums(learned)
    if aux_k:
        revive = DeadUnitLoss(min(aux_k, latent_dim), side.atoms, name="dead_units")
        sums = revive([flatten(images), sums, before, learned])
    return Autoencoder(
        encoder=encoder,
        decoder=decoder,
        trained=keras.Model(images, side.image(sums)),
        # Without `decoder`: Keras cannot load a layer that is used both inside and outside of a nested model.
        whole=keras.Model(images, side.image(side.clip(side.sums(codes))), name="autoencoder"),
        atoms=side.atoms.kernel,
        loss=squared_error_of_sums,
    )


@dataclass(frozen=True)
class _DecodingSide:
    """The layers after a code: `sums` of atoms (B, P), clipped to [0, 1], as an `image` (B, H, W)."""

    atoms: keras.layers.Layer
    pre_bias: PreBias
    clip: keras.layers.Layer
    image: keras.layers.Layer

    def sums(self, codes: Any) -> Any:
        """The sums b + Σ_j z_j d_j, (B, P), for codes (B, D)."""
        return self.pre_bias(self.atoms(codes), back=True)


def _decoding_side(pre_bias: PreBias, height: int, width: int) -> _DecodingSide:
    unit_length = keras.constraints.UnitNorm(axis=1)
    atoms = keras.layers.Dense(height * width, use_bias=False, kernel_constraint=unit_length, name="atoms")
    clip = keras.layers.ReLU(max_value=1.0, name="clip")
    return _DecodingSide(atoms, pre_bias, clip, keras.layers.Reshape((height, width), name="image"))


def _first_bias(mean_activation: float | None) -> keras.initializers.Initializer:
    """The bias that lets sigmoid units start at `mean_activation`; 0 for other units."""
    odds = mean_activation / (1 - mean_activation) if mean_activation else 1.0
    return keras.initializers.Constant(math.log(odds))
