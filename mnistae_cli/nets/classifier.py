"""The head that names a class from features."""

from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import NDArray

from mnistae_cli.configs import ClassifyConfig

LEAST_DEVIATION = 1e-3  # a feature that is constant on the drawn images is left small, not blown up


@dataclass(frozen=True)
class Head:
    """Two models over the same layers: features (B, D) → logits (B, C), and → probabilities (B, C)."""

    logits: keras.Model
    probabilities: keras.Model


def build_head(features: NDArray[np.float32], n_classes: int, config: ClassifyConfig) -> Head:
    """D → `hidden` ReLU → C softmax; features standardised by the mean and variance of `features` (N, D)."""
    inputs = keras.Input((features.shape[1],), name="features")
    signal = inputs
    if config.standardize:
        # Not keras.layers.Normalization: its constants become further inputs of the ONNX graph.
        scale = 1 / np.maximum(features.std(axis=0), LEAST_DEVIATION)
        offset = -features.mean(axis=0) * scale
        signal = keras.layers.Rescaling(scale.tolist(), offset.tolist(), name="standardize")(signal)
    signal = keras.layers.Dense(config.hidden, "relu", name="hidden")(signal)
    logits = keras.layers.Dense(n_classes, name="logits")(signal)
    probabilities = keras.layers.Softmax(name="softmax")(logits)
    return Head(keras.Model(inputs, logits), keras.Model(inputs, probabilities, name="classifier"))
