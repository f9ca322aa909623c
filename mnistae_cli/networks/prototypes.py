"""The nearest class mean as a head. Nothing is trained."""

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.networks.head import Head, Layer

LEAST_SPREAD = 1e-6  # s² of equal prototypes
NEVER = -1e9  # the logit of a class without an image


def prototypes(features: NDArray[np.float32], labels: NDArray[np.uint8], n_classes: int) -> Head:
    """A head of one layer, with the weights of `prototype_weights`: see there for the equation.

    Args:
        features: (N, D) float32 of the drawn images.
        labels: (N,) uint8.
        n_classes: C; a class without a label is never predicted.
    """
    return Head([prototype_weights(features, labels, n_classes)])


def prototype_weights(features: NDArray[np.float32], labels: NDArray[np.uint8], n_classes: int) -> Layer:
    """Kernel (D, C) and bias (C,) of the logits z_c = -||x - m_c||² / 2s², up to a term that all classes share.

    Each class is a ball around its mean m_c; all balls have the same size (Snell, Swersky & Zemel 2017, "Prototypical
    networks for few-shot learning"). s² is an eighth of the mean squared distance between a class mean and the nearest
    other one: at a class mean, the nearest other class is then e⁴ times less likely.

    Args:
        features: (N, D) float32 of the drawn images.
        labels: (N,) uint8.
        n_classes: C; a class without a label is never predicted.
    """
    present = np.unique(labels)
    means = np.stack([features[labels == each].mean(axis=0) for each in present]).astype(np.float64)
    distances = np.square(means[:, None] - means).sum(axis=2) + np.diag(np.full(len(means), np.inf))
    spread = max(distances.min(axis=1).mean() / 8, LEAST_SPREAD) if len(means) > 1 else 1.0
    kernel, bias = np.zeros((features.shape[1], n_classes)), np.full(n_classes, NEVER)
    kernel[:, present] = means.T / spread
    bias[present] = -np.square(means).sum(axis=1) / (2 * spread)
    return kernel.astype(np.float32), bias.astype(np.float32)
