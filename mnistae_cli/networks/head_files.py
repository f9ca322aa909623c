"""A head as a file: ONNX, and the format of Keras, written without it. Equal heads have equal bytes."""

import io
import json
import zipfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from mnistae_cli.networks.head import Head

OPSET, IR_VERSION = 15, 8  # as of the networks that `nets` exports
DATE = "1980-01-01@00:00:00"  # Keras notes when a model was saved; the manifest does that here


def names_of(head: Head) -> list[str]:
    """The names of the layers: `hidden`, if there is one, and `logits`."""
    return ["hidden", "logits"][-len(head.layers) :]


def write_onnx(head: Head, path: Path) -> None:
    """Write the file of `onnx_of`.

    Args:
        head: whose logits go through a softmax.
        path: the `.onnx` file.
    """
    path.write_bytes(onnx_of(head))


def onnx_of(head: Head) -> bytes:
    """A head as a network in ONNX: `features` (N, D) float32 → `probabilities` (N, C) float32, the batch axis free."""
    from onnx import TensorProto, helper, numpy_helper

    nodes, weights, signal = [], [], "features"
    for name, (kernel, bias) in zip(names_of(head), head.layers, strict=True):
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


def write_keras(head: Head, path: Path) -> None:
    """Write what `keras.models.load_model` reads: features (B, D) → probabilities (B, C).

    A `.keras` file is a zip archive of the layers as JSON and their weights as HDF5.

    Args:
        head: whose logits go through a softmax.
        path: the `.keras` file.
    """
    widths = [head.layers[0][0].shape[0], *(kernel.shape[1] for kernel, _ in head.layers)]
    layers = [_layer("InputLayer", "features", None, {"batch_shape": [None, widths[0]], "dtype": "float32"})]
    for name, before, units in zip(names_of(head), widths[:-1], widths[1:], strict=True):
        activation = "relu" if name == "hidden" else "linear"
        layers.append(_layer("Dense", name, (layers[-1]["name"], before), {"units": units, "activation": activation}))
    layers.append(_layer("Softmax", "softmax", ("logits", widths[-1]), {"axis": -1}))
    model = {
        "name": "classifier",
        "layers": layers,
        "input_layers": ["features", 0, 0],
        "output_layers": ["softmax", 0, 0],
    }
    config = {"module": "keras.src.models.functional", "class_name": "Functional", "config": model}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in (
            ("metadata.json", json.dumps({"keras_version": version("keras"), "date_saved": DATE})),
            ("config.json", json.dumps({**config, "registered_name": "Functional"})),
            ("model.weights.h5", _weights(head)),
        ):
            archive.writestr(zipfile.ZipInfo(name), content)


def _layer(kind: str, name: str, before: tuple[str, int] | None, config: dict[str, Any]) -> dict[str, Any]:
    """A layer after the one of a name and width, as Keras' `get_config` describes it."""
    inbound: Sequence[Any] = []
    build = {}
    if before:
        history = {"shape": [None, before[1]], "dtype": "float32", "keras_history": [before[0], 0, 0]}
        inbound = [{"args": [{"class_name": "__keras_tensor__", "config": history}], "kwargs": {}}]
        build = {"build_config": {"input_shape": [None, before[1]]}}
    described = {"module": "keras.layers", "class_name": kind, "config": {**config, "name": name}}
    return {**described, "registered_name": None, **build, "name": name, "inbound_nodes": inbound}


def _weights(head: Head) -> bytes:
    """Keras names a group after the kind of the layer and its number among them: dense, dense_1."""
    import h5py

    stored = io.BytesIO()
    with h5py.File(stored, "w") as file:
        for number, (name, layer) in enumerate(zip(names_of(head), head.layers, strict=True)):
            group = file.create_group(f"layers/dense_{number}" if number else "layers/dense").create_group("vars")
            group.attrs["name"] = name
            for index, weights in enumerate(layer):
                group.create_dataset(str(index), data=weights)
    return stored.getvalue()
