"""The head that predicts a class from features."""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

LEAST_SPREAD = 1e-6  # s² of prototypes that lie in one place
NEVER = -1e9  # the logit of a class without an image
LEAST_DEVIATION = 1e-3  # a feature that is constant on the drawn images does not help, and is left out


@dataclass(frozen=True)
class Head:
    """Two models over the same layers: features (B, D) → logits (B, C), and → probabilities (B, C)."""

    logits: keras.Model
    probabilities: keras.Model

    def temper(self, temperature: float) -> None:
        """Divide the logits by `temperature`: softmax(z / T)."""
        layer = self.logits.get_layer("logits")
        layer.set_weights([weights / temperature for weights in layer.get_weights()])


def build_head(
    features: NDArray[np.float32], n_classes: int, *, hidden: int | None = None, standardize: bool = True
) -> Head:
    """D → `hidden` ReLU, if there is such a layer → C softmax.

    With `standardize`, features are shifted and scaled so that `features` (N, D) have mean 0 and variance 1.
    """
    inputs = keras.Input((features.shape[1],), name="features")
    signal = _standardised(inputs, features) if standardize else inputs
    if hidden is not None:
        signal = keras.layers.Dense(hidden, "relu", name="hidden")(signal)
    return _head(inputs, keras.layers.Dense(n_classes, name="logits")(signal))


def build_prototypes(features: NDArray[np.float32], labels: NDArray[np.uint8], n_classes: int) -> Head:
    """The nearest class mean as a head, with the weights of `prototype_weights`. Nothing is trained."""
    inputs = keras.Input((features.shape[1],), name="features")
    layer = keras.layers.Dense(n_classes, name="logits")
    head = _head(inputs, layer(inputs))
    layer.set_weights(prototype_weights(features, labels, n_classes))
    return head


def prototype_weights(
    features: NDArray[np.float32], labels: NDArray[np.uint8], n_classes: int
) -> list[NDArray[np.float32]]:
    """Kernel (D, C) and bias (C,) with the logits z_c = -||x - m_c||² / 2s², up to a term that all classes share.

    Each class is a ball of one size around its mean m_c (Snell, Swersky & Zemel 2017, "Prototypical networks for
    few-shot learning"). s² is an eighth of the mean squared distance between a class mean and the nearest other one:
    at a class mean, the nearest other class is then e⁴ times less likely.

    Args:
        features: (N, D) of the drawn images.
        labels: (N,).
        n_classes: C; a class without a label is never predicted.
    """
    present = np.unique(labels)
    means = np.stack([features[labels == each].mean(axis=0) for each in present]).astype(np.float64)
    apart = np.square(means[:, None] - means).sum(axis=2) + np.diag(np.full(len(means), np.inf))
    spread = max(apart.min(axis=1).mean() / 8, LEAST_SPREAD) if len(means) > 1 else 1.0
    kernel, bias = np.zeros((features.shape[1], n_classes)), np.full(n_classes, NEVER)
    kernel[:, present] = means.T / spread
    bias[present] = -np.square(means).sum(axis=1) / (2 * spread)
    return [kernel.astype(np.float32), bias.astype(np.float32)]


def _standardised(inputs: Any, features: NDArray[np.float32]) -> Any:
    # Not keras.layers.Normalization: its constants become further inputs of the ONNX graph.
    deviation = features.std(axis=0)
    scale = np.divide(1, deviation, out=np.zeros_like(deviation), where=deviation >= LEAST_DEVIATION)
    offset = -features.mean(axis=0) * scale
    return keras.layers.Rescaling(scale.tolist(), offset.tolist(), name="standardize")(inputs)


def _head(inputs: Any, logits: Any) -> Head:
    probabilities = keras.layers.Softmax(name="softmax")(logits)
    return Head(keras.Model(inputs, logits), keras.Model(inputs, probabilities, name="classifier"))
