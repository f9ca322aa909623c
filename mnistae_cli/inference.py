"""Forward passes through exported networks by ONNX Runtime: no TensorFlow, no training."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

Network = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""(B, …) float32 → (B, …) float32."""

BATCH_SIZE = 250  # images; the arrays of a batch fit into a core's cache
MOST_THREADS = 8  # each thread keeps a few batches in memory

Batch = TypeVar("Batch")
Result = TypeVar("Result")


def open_network(path: Path) -> Network:
    """Load an exported network as a function of one batch. Check the file's hash first (`store.open_stage`)."""
    import onnxruntime

    onnxruntime.set_default_logger_severity(3)
    options = onnxruntime.SessionOptions()
    options.use_deterministic_compute = True
    # `in_parallel` uses one core per batch. More threads per batch would only keep other cores busy with waiting.
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    (name,) = (each.name for each in session.get_inputs())

    def run(batch: NDArray[np.float32]) -> NDArray[np.float32]:
        (result,) = cast(list[Any], session.run(None, {name: batch}))
        return cast(NDArray[np.float32], result)

    return run


def _n_cores() -> int:
    """The number of cores that this process may use. macOS does not report the affinity."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_parallel(work: Callable[[Batch], Result], batches: Iterable[Batch]) -> Iterator[Result]:
    """Call `work` on each batch, one batch per core. Results come in order; only a few batches are read ahead."""
    n_threads = min(_n_cores(), MOST_THREADS)
    with ThreadPoolExecutor(n_threads) as pool:
        underway: deque[Future[Result]] = deque()
        for batch in batches:
            underway.append(pool.submit(work, batch))
            if len(underway) > 2 * n_threads:
                yield underway.popleft().result()
        while underway:
            yield underway.popleft().result()
