"""A head: dense layers with ReLU between them, from features to logits."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Layer = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Kernel (D, U) and bias (U,)."""


@dataclass(frozen=True)
class Head:
    """Features (B, D) → logits (B, C).

    Args:
        layers: kernel (D, U) and bias (U,) float32 of each, from the first to the last; at most two.
    """

    layers: Sequence[Layer]

    def logits(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Z = max(0, x W_1 + b_1) W_2 + b_2, or z = x W + b without a hidden layer. (B, D) → (B, C)."""
        return signals_of(self.layers, features)[-1]

    def tempered(self, temperature: float) -> Self:
        """The head whose logits are divided by `temperature`, above 0: softmax(z / T)."""
        *hidden, (kernel, bias) = self.layers
        scale = np.float32(temperature)
        return type(self)([*hidden, (kernel / scale, bias / scale)])

    def after(self, scale: NDArray[np.float32], offset: NDArray[np.float32]) -> Self:
        """The head that takes x for x · `scale` + `offset`, (D,) each: they go into its first layer."""
        (kernel, bias), *later = self.layers
        return type(self)([(kernel * scale[:, None], bias + offset @ kernel), *later])


def signals_of(layers: Sequence[Layer], features: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """The features (B, D), the values of the hidden layers after their ReLU, and the logits (B, C)."""
    signals = [features]
    for number, (kernel, bias) in enumerate(layers, start=1):
        signal = signals[-1] @ kernel + bias
        signals.append(np.maximum(signal, 0) if number < len(layers) else signal)
    return signals
