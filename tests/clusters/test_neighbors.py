import os
import subprocess
import sys

import numpy as np
import pytest

from mnistae_cli.clusters import neighbors
from mnistae_cli.clusters.neighbors import Search, nearest_images

RNG = np.random.default_rng(0)
POINTS = RNG.normal(size=(300, 6)).astype(np.float32)
DISTANCES = np.linalg.norm(POINTS[:, None] - POINTS, axis=2)


def test_the_nearest_others_are_those_of_a_search_by_hand() -> None:
    found = Search(POINTS).nearest_others(5)
    by_hand = DISTANCES + np.diag(np.full(300, np.inf))
    assert np.array_equal(found.indices, np.argsort(by_hand, axis=1)[:, :5])
    assert found.distances == pytest.approx(np.sort(by_hand, axis=1)[:, :5], abs=1e-4)
    assert found.indices.dtype == np.int32
    assert found.distances.dtype == np.float32


def test_a_query_may_be_no_point_and_points_may_be_few() -> None:
    found = Search(POINTS[:3]).nearest(POINTS[3:5], 9)
    assert np.array_equal(found.indices, np.argsort(DISTANCES[3:5, :3], axis=1))
    assert Search(POINTS[:3]).nearest_others(9).indices.shape == (3, 2)


def test_of_equal_points_none_is_its_own_neighbor() -> None:
    found = Search(np.zeros((50, 4), np.float32)).nearest_others(3)
    assert not (found.indices == np.arange(50)[:, None]).any()


def test_cells_find_nearly_all_and_the_same_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    points = RNG.normal(size=(4000, 8)).astype(np.float32)
    exact = Search(points).nearest_others(10).indices
    monkeypatch.setattr(neighbors, "COMPARISONS", 0)
    first, second = (Search(points).nearest_others(10) for _ in range(2))
    assert first.indices.tobytes() == second.indices.tobytes()
    common = [len(np.intersect1d(one, other)) for one, other in zip(exact, first.indices, strict=True)]
    assert 0.9 < np.mean(common) / 10 <= 1


def test_the_nearest_images_are_those_of_their_first_components() -> None:
    images = RNG.integers(0, 256, (40, 5, 6)).astype(np.uint8)
    flat = images.reshape(40, -1).astype(float)
    distances = np.linalg.norm(flat[:, None] - flat, axis=2) + np.diag(np.full(40, np.inf))
    assert np.array_equal(nearest_images(images, 3), np.argsort(distances, axis=1)[:, :3])
    assert nearest_images(images[:3], 9).shape == (3, 2)
    assert nearest_images(images, 0).shape == (40, 0)


PROGRAM = """
import hashlib
import numpy as np
from mnistae_cli.clusters import neighbors

neighbors.COMPARISONS = 0  # cells, which faiss finds by several threads
points = np.random.default_rng(0).random(size=(8000, 512)).astype(np.float32)
found = neighbors.Search(points).nearest(points[:300], 5)
print(hashlib.sha256(found.distances.tobytes() + found.indices.tobytes()).hexdigest())
"""


def test_the_bytes_do_not_depend_on_the_usual_number_of_threads() -> None:
    """faiss is loaded by the search itself. Dask leaves OMP_NUM_THREADS=1 in the process that starts workers."""
    hashes = set()
    for threads in ("1", "2"):
        environment = {**os.environ, "OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads}
        ended = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, check=True)
        hashes.add(ended.stdout)
    assert len(hashes) == 1


def test_where_the_cells_hold_too_few_points_all_are_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    points = np.concatenate([np.zeros((2000, 6), np.float32), POINTS[:100] + 5])
    exact = Search(points).nearest_others(30)
    monkeypatch.setattr(neighbors, "COMPARISONS", 0)
    found = Search(points).nearest_others(30)
    assert found.indices.min() >= 0
    assert found.distances == pytest.approx(exact.distances, abs=1e-2)
    assert not (found.indices == np.arange(2100)[:, None]).any()
