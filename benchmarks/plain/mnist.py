"""MNIST from its four gzipped IDX files, as float arrays in [0, 1]."""

import gzip
import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


def images(split: str) -> NDArray[np.float32]:
    """(N, 784) float32 of `train` or `t10k`."""
    raw = gzip.decompress((folder() / f"{split}-images-idx3-ubyte.gz").read_bytes())
    return np.frombuffer(raw, np.uint8, offset=16).reshape(-1, 784).astype(np.float32) / np.float32(255)


def labels(split: str) -> NDArray[np.uint8]:
    """(N,) uint8 of `train` or `t10k`."""
    return np.frombuffer(gzip.decompress((folder() / f"{split}-labels-idx1-ubyte.gz").read_bytes()), np.uint8, offset=8)


def folder() -> Path:
    return Path(os.environ["MNISTAE_DATA_DIR"])
