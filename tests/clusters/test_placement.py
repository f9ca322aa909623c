import numpy as np

from mnistae_cli.clusters import Placement

PLACED = Placement(
    np.array([1, 0, 1, 1], np.int32),
    np.array([3.0, 0.0, 1.0, 2.0], np.float32),
    np.array([0.5, 1.0, 0.2, 0.5], np.float32),
)


def test_the_typical_images_of_a_cluster_are_its_nearest_or_its_surest_ones() -> None:
    assert PLACED.typical_first(1, by_distance=True).tolist() == [2, 3, 0]
    assert PLACED.typical_first(1, by_distance=False).tolist() == [3, 0, 2]  # of two as sure, the nearer comes first
    assert PLACED.typical_first(7, by_distance=False).tolist() == []


def test_two_placements_become_one() -> None:
    both = Placement.joined([PLACED, PLACED])
    assert both.clusters.tolist() == [1, 0, 1, 1, 1, 0, 1, 1]
    assert both.distance.dtype == both.confidence.dtype == np.float32
