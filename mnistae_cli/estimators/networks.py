"""Networks that an estimator holds as bytes, so that it can be copied, compared and pickled."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.data import ROWS_AT_ONCE, ImageSource, in_parallel, unit_scale
from mnistae_cli.inference import BATCH_SIZE, Network, open_network

Array = NDArray[np.float32]


def encoded(onnx: bytes, images: ImageSource) -> Array:
    """The codes (N, D) of images, a batch at a time as `mnistae encode` makes them: each has the same bytes."""
    encoder = _opened(onnx)
    codes = in_parallel(lambda raw: encoder(unit_scale(raw)), images.batches(BATCH_SIZE))
    return np.concatenate(list(codes))


def decoded(onnx: bytes, codes: Array) -> Array:
    """The images (N, H, W) of codes (N, D)."""
    return np.concatenate(list(in_parallel(_opened(onnx), _batches(codes, BATCH_SIZE))))


def classified(onnx: bytes, features: Array) -> Array:
    """The probabilities (N, C) of features (N, D), with the bytes that `mnistae classify` writes."""
    return np.concatenate([_opened(onnx)(batch) for batch in _batches(features, ROWS_AT_ONCE)])


def _batches(rows: Array, size: int) -> list[Array]:
    return [rows[first : first + size] for first in range(0, len(rows), size)]


@lru_cache(maxsize=8)
def _opened(onnx: bytes) -> Network:
    return open_network(onnx)
