"""What `encode` computes for a batch of images: features, and the errors of their reconstructions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.data import Pixels, unit_scale
from mnistae_cli.networks.inference import Network
from mnistae_cli.scores import SPLITS, binary_crossentropy, squared_error, unexplained_variance

FEATURES = tuple(f"features_{split}.npy" for split in SPLITS)
"""The files of `encode` that hold the features."""
ERRORS: dict[str, Callable[..., np.ndarray]] = {
    "mse": squared_error,
    "bce": binary_crossentropy,
    "fvu": unexplained_variance,
}


@dataclass(frozen=True)
class Encoded:
    """A batch: features (B, D), errors (B,) by name, and the sums of x and of x² for each pixel, (2, H, W)."""

    features: NDArray[np.float32]
    errors: Mapping[str, NDArray[np.float32]]
    moments: NDArray[np.float64]


def encode_batch(raw: Pixels, encoder: Network, decoder: Network) -> Encoded:
    """Features, errors and sums of a batch (B, H, W)."""
    batch = unit_scale(raw)
    features = encoder(batch)
    reconstructions = decoder(features)
    errors = {name: error(batch, reconstructions) for name, error in ERRORS.items()}
    powers = batch.sum(axis=0, dtype=np.float64), np.square(batch).sum(axis=0, dtype=np.float64)
    return Encoded(features, errors, np.stack(powers))
