"""Write networks as ONNX, and read those that Keras saved."""

import logging
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnx
import onnx.numpy_helper

from mnistae_cli.common import legible


def export_onnx(model: keras.Model, path: Path) -> None:
    """Write `model` as ONNX, for batches of any size."""
    logging.getLogger("tf2onnx").setLevel(logging.ERROR)
    model(np.zeros((1, *model.input_shape[1:]), np.float32))  # Keras only exports models that were called
    with warnings.catch_warnings(), _temporary_files_in(path.parent):
        warnings.simplefilter("ignore", FutureWarning)  # Keras' patch of tf2onnx looks for np.object
        model.export(path, format="onnx", verbose=False)
    onnx.save(_canonical(onnx.load(path)), path)


@contextmanager
def _temporary_files_in(folder: Path) -> Iterator[None]:
    """Let libraries put their temporary files into a hidden folder in this one, and remove it.

    Keras lets TensorFlow's AutoGraph translate a function. AutoGraph writes Python code into a temporary file, and
    removes it at the usual end of the process, which a command, a signal or a killed worker does not reach.
    """
    place = str(folder.resolve())
    is_text = legible(place) == place  # AutoGraph refuses a path with other bytes
    with tempfile.TemporaryDirectory(prefix=".", dir=place if is_text else None) as hidden:
        before, tempfile.tempdir = tempfile.tempdir, hidden
        try:
            yield
        finally:
            tempfile.tempdir = before


def load_keras(path: Path) -> keras.Model:
    """A model that `train` saved. Check the file's hash first (`store.open_stage`)."""
    from mnistae_cli.training import autoencoder, invariance, sparse  # noqa: F401 the import registers their layers

    return keras.models.load_model(path, safe_mode=True)


def _canonical(model: onnx.ModelProto) -> onnx.ModelProto:
    """Make the bytes of a network the same in every process.

    The exporter numbers names by a counter of the process, so they are renumbered. It takes constants from sets, so
    they are sorted. It merges some equal constants, not always the same ones, so all of them are merged.
    """
    graph = model.graph
    _merge_reshapes(graph)
    values, stands_for = dict[tuple[Any, ...], str](), dict[str, str]()
    for weights in graph.initializer:
        value = (weights.data_type, *weights.dims, onnx.numpy_helper.to_array(weights).tobytes())
        stands_for[weights.name] = values.setdefault(value, weights.name)
    kept: dict[str, str] = {"": "", **{value.name: value.name for value in [*graph.input, *graph.output]}}

    def renamed(name: str) -> str:
        return kept.setdefault(stands_for.get(name, name), f"tensor_{len(kept)}")

    for number, node in enumerate(graph.node):
        node.name = f"{node.op_type}_{number}"
        node.input[:], node.output[:] = map(renamed, node.input), map(renamed, node.output)
    unique = [weights for weights in graph.initializer if stands_for[weights.name] == weights.name]
    for weights in unique:
        weights.name = renamed(weights.name)
    in_order = sorted(unique, key=lambda weights: int(weights.name.removeprefix("tensor_")))
    del graph.initializer[:]
    graph.initializer.extend(in_order)
    for value in [*graph.input, *graph.output]:
        value.type.tensor_type.shape.dim[0].dim_param = "N"
    del graph.value_info[:]
    graph.name, graph.doc_string, model.doc_string = "mnistae", "", ""
    return model


def _merge_reshapes(graph: onnx.GraphProto) -> None:
    """Replace reshapes that follow each other by one.

    The exporter merges some of them, depending on addresses in memory. A 0 in a shape copies an axis of the input, so
    such a reshape stays as it is.
    """
    constants = {each.name: onnx.numpy_helper.to_array(each) for each in graph.initializer}
    made_by = {output: node for node in graph.node for output in node.output}

    def whole(node: onnx.NodeProto | None) -> bool:
        return node is not None and node.op_type == "Reshape" and 0 not in constants.get(node.input[1], (0,))

    for node in graph.node:
        while whole(node) and whole(made_by.get(node.input[0])):
            node.input[0] = made_by[node.input[0]].input[0]
    used = {name for node in graph.node for name in node.input} | {each.name for each in graph.output}
    kept = [node for node in graph.node if node.op_type != "Reshape" or node.output[0] in used]
    del graph.node[:]
    graph.node.extend(kept)
    used = {name for node in graph.node for name in node.input}
    weights = [each for each in graph.initializer if each.name in used]
    del graph.initializer[:]
    graph.initializer.extend(weights)
