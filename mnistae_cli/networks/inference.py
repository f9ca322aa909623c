"""Run exported networks with ONNX Runtime: no TensorFlow, no training."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.data import in_parallel

Network = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""(B, …) float32 → (B, …) float32."""

BATCH_SIZE = 250  # images; the arrays of a batch fit into a core's cache


def open_network(model: Path | bytes) -> Network:
    """Load an exported network as a function of one batch. Check a file's hash first (`store.open_stage`).

    Args:
        model: the `.onnx` file, or its bytes. An `encoder.onnx` maps images (B, H, W) in [0, 1] to features (B, D), a
            `decoder.onnx` features to images, and a `classifier.onnx` features to probabilities (B, C).

    Returns:
        A function, (B, …) float32 → (B, …) float32.
    """
    # From version 1.32 on, ONNX Runtime by itself reports its use over the internet, and leaves files for that in the
    # temporary directory and in the user's cache.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    onnxruntime.set_default_logger_severity(3)
    options = onnxruntime.SessionOptions()
    options.use_deterministic_compute = True
    # `in_parallel` uses one core per batch. With more threads per batch, cores would wait for each other.
    options.intra_op_num_threads = 1
    content = model if isinstance(model, bytes) or _is_text(model) else model.read_bytes()
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    (name,) = (each.name for each in session.get_inputs())

    def run(batch: NDArray[np.float32]) -> NDArray[np.float32]:
        (result,) = cast(list[Any], session.run(None, {name: batch}))
        return cast(NDArray[np.float32], result)

    return run


def _is_text(path: Path) -> bool:
    """Whether the names in a path are text; ONNX Runtime takes no other one, and in the C locale many are not."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def in_batches(network: Callable[[NDArray[Any]], NDArray[np.float32]], rows: NDArray[Any]) -> NDArray[np.float32]:
    """The output of a network for rows (N, …), in the batches of `encode`, so that it has the same bytes."""
    batches = (rows[first : first + BATCH_SIZE] for first in range(0, len(rows), BATCH_SIZE))
    return np.concatenate(list(in_parallel(network, batches)))
