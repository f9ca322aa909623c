"""Work on batches, one batch per core."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

MOST_THREADS = 8  # each thread keeps a few batches in memory

Batch = TypeVar("Batch")
Result = TypeVar("Result")


def _n_cores() -> int:
    """The number of cores that this process may use; on macOS, of all cores."""
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
