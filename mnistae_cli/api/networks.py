"""Networks as bytes. An estimator that holds bytes can be copied, compared and pickled."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.data import ROWS_AT_ONCE, Pixels, unit_scale
from mnistae_cli.networks import Network, in_batches, open_network

Array = NDArray[np.float32]


def encode_images(onnx: bytes, images: Pixels) -> Array:
    """The codes (N, D) of images (N, H, W)."""
    encoder = _opened(onnx)
    return in_batches(lambda raw: encoder(unit_scale(raw)), images)


def decode_codes(onnx: bytes, codes: Array) -> Array:
    """The images (N, H, W) of codes (N, D)."""
    return in_batches(_opened(onnx), codes)


def classify_features(onnx: bytes, features: Array) -> Array:
    """The probabilities (N, C) of features (N, D), computed as in `mnistae classify`: with the same bytes."""
    batches = (features[first : first + ROWS_AT_ONCE] for first in range(0, len(features), ROWS_AT_ONCE))
    return np.concatenate([_opened(onnx)(batch) for batch in batches])


@lru_cache(maxsize=8)
def _opened(onnx: bytes) -> Network:
    return open_network(onnx)
