"""Losses per example, from logits or from sums before clipping, so that nothing is rounded or cut off."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

Loss = Callable[[Any, Any], Any]
"""(targets, logits) → (B,) losses."""


def reconstruction_loss(name: str) -> Loss:
    """The loss named `bce` or `mse`, from logits."""
    return {"bce": binary_crossentropy, "mse": squared_error}[name]


def binary_crossentropy(images: Any, logits: Any) -> Any:
    """Mean over pixels of max(z, 0) - z x + log(1 + exp(-|z|)), in nats. (B, H, W) twice → (B,).

    This is -x log σ(z) - (1 - x) log(1 - σ(z)) with the logistic function σ, without rounding if σ(z) is near 0 or 1.

    Args:
        images: x, float32 in [0, 1].
        logits: z, float32.
    """
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(images, logits), axis=(1, 2))


def squared_error(images: Any, logits: Any) -> Any:
    """Mean over pixels of (x - σ(z))² with the logistic function σ, in squared gray levels. (B, H, W) twice → (B,).

    Args:
        images: x, float32 in [0, 1].
        logits: z, float32.
    """
    return tf.reduce_mean(tf.square(images - tf.sigmoid(logits)), axis=(1, 2))


def squared_error_of_sums(images: Any, sums: Any) -> Any:
    """Mean over pixels of (x - s)², in squared gray levels. (B, H, W) twice → (B,).

    Args:
        images: x, float32 in [0, 1].
        sums: s, float32, a sum of atoms before it is clipped to [0, 1].
    """
    return tf.reduce_mean(tf.square(images - sums), axis=(1, 2))


def softmax_crossentropy(label_smoothing: float, n_classes: int) -> Loss:
    """-Σ_c t_c log softmax(z)_c with t = (1 - s) one_hot(label) + s / C, in nats.

    Szegedy et al. 2016, "Rethinking the inception architecture for computer vision".

    Args:
        label_smoothing: s, in [0, 1).
        n_classes: C.

    Returns:
        The loss: labels (B,) whole numbers from 0 to C - 1, logits z (B, C) float32 → (B,) float32.
    """

    def loss(labels: Any, logits: Any) -> Any:
        targets = (1 - label_smoothing) * tf.one_hot(labels, n_classes) + label_smoothing / n_classes
        return tf.nn.softmax_cross_entropy_with_logits(targets, logits)

    return loss
