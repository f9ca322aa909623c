import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from mnistae_cli.data.parallel import MOST_THREADS, in_parallel


def test_results_come_in_order_however_long_each_takes() -> None:
    delays = np.random.default_rng(0).random(40) / 100

    def work(number: int) -> int:
        time.sleep(delays[number])
        return number

    assert list(in_parallel(work, range(40))) == list(range(40))
    assert list(in_parallel(work, [])) == []


def test_few_batches_are_read_ahead() -> None:
    read = 0

    def batches() -> Iterator[int]:
        nonlocal read
        for number in range(200):
            read += 1
            yield number

    for done, _ in enumerate(in_parallel(str, batches()), start=1):
        assert read - done <= 2 * MOST_THREADS


@pytest.mark.parametrize("at_fault", ["work", "batches"])
def test_an_error_ends_every_thread(at_fault: str) -> None:
    def batches() -> Iterator[int]:
        yield from range(10)
        if at_fault == "batches":
            raise ValueError("damaged")
        yield from range(10)

    def work(number: int) -> int:
        if at_fault == "work" and number == 7:
            raise ValueError("damaged")
        return number

    before = threading.active_count()
    with pytest.raises(ValueError, match="damaged"):
        list(in_parallel(work, batches()))
    assert threading.active_count() == before
