"""Networks and clusters for tests, by the flat names of their settings."""

from typing import Any

import numpy as np

from mnistae_cli.clusters.kmeans import Clustering, fit_kmeans
from mnistae_cli.flat import make
from mnistae_cli.nets.autoencoder import Autoencoder
from mnistae_cli.nets.training import Optimisation
from mnistae_cli.settings import KMeans, TrainConfig


def train_config(**settings: Any) -> TrainConfig:
    return make(TrainConfig, settings)


def build(images: np.ndarray | tuple[int, int], config: TrainConfig, steps: int = 10) -> Autoencoder:
    """The network of a config for some images, or for black ones of a size."""
    pixels = np.zeros((1, *images), np.uint8) if isinstance(images, tuple) else images
    return config.code.build(pixels, steps, config.seed)


def optimisation(config: TrainConfig) -> Optimisation:
    return Optimisation.of(config.code.training, config.seed)


def kmeans(features: np.ndarray, seed: int = 0, **settings: Any) -> Clustering:
    return fit_kmeans(features, seed=seed, **KMeans(**settings).fitting())
