"""A head: dense layers with ReLU between them, from features to logits; and its ONNX file."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

Layer = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Kernel (D, U) and bias (U,)."""
OPSET, IR_VERSION = 15, 8  # the same as of the networks that `training` exports


@dataclass(frozen=True)
class Head:
    """Features (B, D) → logits (B, C).

    Args:
        layers: one or two; each has a kernel (D, U) and a bias (U,), float32.
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

    def with_scaled_inputs(self, scale: NDArray[np.float32], offset: NDArray[np.float32]) -> Self:
        """The head that gives for x what this one gives for x · `scale` + `offset`: they go into the first layer.

        Args:
            scale: (D,).
            offset: (D,).
        """
        (kernel, bias), *later = self.layers
        return type(self)([(kernel * scale[:, None], bias + offset @ kernel), *later])


def signals_of(layers: Sequence[Layer], features: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """The features (B, D), the values of the hidden layers after their ReLU, and the logits (B, C)."""
    signals = [features]
    for number, (kernel, bias) in enumerate(layers, start=1):
        signal = signals[-1] @ kernel + bias
        signals.append(np.maximum(signal, 0) if number < len(layers) else signal)
    return signals


def write_onnx(head: Head, path: Path) -> None:
    """Write a head as ONNX: see `onnx_of`. Equal heads have equal bytes.

    Args:
        head: the head.
        path: the `.onnx` file.
    """
    path.write_bytes(onnx_of(head))


def onnx_of(head: Head) -> bytes:
    """A head with a softmax as an ONNX network: `features` (N, D) float32 → `probabilities` (N, C) float32, for any N.

    Its weights have the order of Keras' `set_weights`: kernel and bias of `hidden`, if it exists, then of `logits`.
    """
    from onnx import TensorProto, helper, numpy_helper

    nodes, weights, signal = [], [], "features"
    for name, (kernel, bias) in zip(["hidden", "logits"][-len(head.layers) :], head.layers, strict=True):
        weights += [numpy_helper.from_array(kernel, f"{name}_kernel"), numpy_helper.from_array(bias, f"{name}_bias")]
        nodes.append(helper.make_node("Gemm", [signal, f"{name}_kernel", f"{name}_bias"], [name], name=name))
        signal = name
        if name == "hidden":
            nodes.append(helper.make_node("Relu", [name], ["active"], name="active"))
            signal = "active"
    nodes.append(helper.make_node("Softmax", [signal], ["probabilities"], name="softmax", axis=-1))
    ends = zip(("features", "probabilities"), (head.layers[0][0].shape[0], head.layers[-1][0].shape[1]), strict=True)
    inputs, outputs = (helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", width]) for name, width in ends)
    graph = helper.make_graph(nodes, "classifier", [inputs], [outputs], weights)
    opset = helper.make_opsetid("", OPSET)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION, producer_name="mnistae")
    return bytes(model.SerializeToString())
