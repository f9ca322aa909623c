"""Networks and clusters for tests, by the flat names of their settings."""

from typing import Any

import numpy as np

from mnistae_cli.clusters.kmeans import Clustering, fit_kmeans
from mnistae_cli.settings import KMeans, TrainConfig
from mnistae_cli.settings.kinds import make
from mnistae_cli.training.autoencoder import Autoencoder
from mnistae_cli.training.builders import builder_of
from mnistae_cli.training.steps import Optimization


def train_config(**settings: Any) -> TrainConfig:
    return make(TrainConfig, settings)


def build(images: np.ndarray | tuple[int, int], config: TrainConfig, steps: int = 10) -> Autoencoder:
    """The network of a config for some images, or for black ones of a size."""
    pixels = np.zeros((1, *images), np.uint8) if isinstance(images, tuple) else images
    return builder_of(config.code).build(config.code, pixels, steps, config.seed)


def optimization(config: TrainConfig) -> Optimization:
    return Optimization.from_settings(config.code.training, config.seed)


def kmeans(features: np.ndarray, seed: int = 0, **settings: Any) -> Clustering:
    return fit_kmeans(features, seed=seed, **KMeans(**settings).fitting())
