"""The same network is the same file: what the exporter does by chance is undone."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
import onnx.helper
import onnx.numpy_helper
import pytest

from mnistae_cli.networks.inference import open_network
from mnistae_cli.training.export import _merge_reshapes

X = np.arange(24, dtype=np.float32).reshape(2, 12)


def reshapes(*shapes: tuple[int, ...]) -> onnx.ModelProto:
    """A network of reshapes in a row, and one of the shapes that no node uses."""
    names = ["x", *(f"y{number}" for number in range(len(shapes)))]
    nodes = [onnx.helper.make_node("Reshape", [a, f"to_{b}"], [b]) for a, b in pairwise(names)]
    constants = [
        onnx.numpy_helper.from_array(np.array(shape, np.int64), f"to_{name}")
        for name, shape in zip(names[1:], shapes, strict=True)
    ]
    given = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ["N", 12])
    result = onnx.helper.make_tensor_value_info(names[-1], onnx.TensorProto.FLOAT, None)
    graph = onnx.helper.make_graph(nodes, "g", [given], [result], constants)
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 15)], ir_version=8)


@pytest.mark.parametrize(
    ("shapes", "left"),
    [
        (((-1, 3, 4), (-1, 4, 3)), 1),
        (((-1, 3, 4), (-1, 12), (-1, 2, 6)), 1),
        (((-1, 4, 3),), 1),
        (((-1, 3, 4), (0, 6, 2)), 2),
    ],
)
def test_a_reshape_of_a_reshape_is_one(shapes: tuple[tuple[int, ...], ...], left: int, tmp_path: Path) -> None:
    model = reshapes(*shapes)
    onnx.save(model, tmp_path / "before.onnx")
    _merge_reshapes(model.graph)
    onnx.save(model, tmp_path / "after.onnx")
    assert len(model.graph.node) == len(model.graph.initializer) == left
    before, after = (open_network(tmp_path / f"{name}.onnx")(X) for name in ("before", "after"))
    assert np.array_equal(before, after)
