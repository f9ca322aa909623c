"""Losses per example. They take logits, or sums before clipping, so that nothing is rounded or cut off."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

Loss = Callable[[Any, Any], Any]
"""(targets, logits) → (B,) losses."""


def reconstruction_loss(name: str) -> Loss:
    """The loss of this name, on logits: `bce` or `mse`."""
    return {"bce": binary_crossentropy, "mse": squared_error}[name]


def binary_crossentropy(images: Any, logits: Any) -> Any:
    """Mean over pixels of max(z, 0) - z x + log(1 + exp(-|z|)), in nats. (B, H, W) twice → (B,)."""
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(images, logits), axis=(1, 2))


def squared_error(images: Any, logits: Any) -> Any:
    """Mean over pixels of (x - sigmoid(z))². (B, H, W) twice → (B,)."""
    return tf.reduce_mean(tf.square(images - tf.sigmoid(logits)), axis=(1, 2))


def squared_error_of_sums(images: Any, sums: Any) -> Any:
    """Mean over pixels of (x - s)², s a sum of atoms before it is clipped to [0, 1]. (B, H, W) twice → (B,)."""
    return tf.reduce_mean(tf.square(images - sums), axis=(1, 2))


def softmax_crossentropy(label_smoothing: float, n_classes: int) -> Loss:
    """-Σ_c t_c log softmax(z)_c with t = (1 - s) one_hot(label) + s / C. (B,) labels, (B, C) → (B,)."""

    def loss(labels: Any, logits: Any) -> Any:
        targets = (1 - label_smoothing) * tf.one_hot(labels, n_classes) + label_smoothing / n_classes
        return tf.nn.softmax_cross_entropy_with_logits(targets, logits)

    return loss
