"""Clusters by the graph: their number, their sizes, and what is too small or is no cluster."""

import numpy as np
import pytest

from mnistae_cli.clusters import Directions, GraphClusters, find_clusters, place_by_neighbors
from mnistae_cli.clusters.neighbors import Neighbors
from mnistae_cli.clusters.placement import place_by_centroids
from mnistae_cli.common.errors import UsageError

RNG = np.random.default_rng(0)
SIZES = (400, 200, 100, 40)


def groups(sizes: tuple[int, ...], spread: float = 0.15) -> np.ndarray:
    """Directions around an axis per group: not round in the least, but apart."""
    centres = np.repeat(np.eye(len(sizes), 12), sizes, axis=0)
    return (centres + RNG.normal(0, spread, centres.shape)).astype(np.float32)


def found(points: np.ndarray, **settings: object) -> GraphClusters:
    return find_clusters(Directions(points), None, seed=0, **settings)  # type: ignore[arg-type]


def test_the_number_is_found_whatever_the_sizes_and_the_largest_is_first() -> None:
    result = found(groups(SIZES))
    assert result.n_clusters == 4
    assert result.n_small == 0
    assert result.sizes.tolist() == list(SIZES)
    assert np.array_equal(result.placement.clusters, np.repeat(range(4), SIZES))
    assert result.stability == 1


def test_a_number_that_is_given_comes_out() -> None:
    points = groups(SIZES)
    for n_clusters in (2, 3, 4, 5, 9):
        result = found(points, n_clusters=n_clusters)
        assert result.n_clusters == n_clusters
        assert len(np.unique(result.placement.clusters)) == n_clusters + result.n_small


@pytest.mark.slow
def test_more_than_can_be_found_is_refused() -> None:
    with pytest.raises(UsageError, match=r"n_clusters is 60: only \d+ clusters of at least 20 images were found"):
        found(groups(SIZES), n_clusters=60, min_cluster_size=20)
    for smallest, remedy in (
        (1, "Give a smaller number."),
        (2, "Give a smaller number, or a smaller min_cluster_size."),
    ):
        with pytest.raises(UsageError) as refused:
            found(groups(SIZES), n_clusters=739, min_cluster_size=smallest)
        assert refused.value.remedy == remedy


def test_sizes_that_cannot_be_are_refused() -> None:
    for settings, words in (
        ({"min_cluster_size": 500}, "the largest cluster has 400 images"),
        ({"min_cluster_size": 741}, "there are 740 images"),
        ({"n_clusters": 741}, "there are 740 training images"),
    ):
        with pytest.raises(UsageError, match=words):
            found(groups(SIZES), **settings)


def test_one_run_or_one_cluster_is_compared_with_nothing() -> None:
    assert found(groups(SIZES), n_init=1).stability is None
    assert found(groups(SIZES), n_clusters=1).stability is None


def test_a_small_community_is_told_apart() -> None:
    points = groups((300, 200, 15))
    result = found(points, min_cluster_size=30)
    assert (result.n_clusters, result.n_small) == (2, 1)
    assert result.sizes.tolist() == [300, 200, 15]
    assert found(points).n_clusters == 3


@pytest.mark.parametrize("width", [5, 30])
def test_points_without_groups_are_one_cluster(width: int) -> None:
    assert found(RNG.normal(size=(1500, width)).astype(np.float32)).n_clusters == 1


def test_the_pixels_decide_where_a_group_that_lies_in_two_places_belongs() -> None:
    """Group 3 of the embedding lies apart; by its pixels it is of group 0."""
    points = groups((300, 300, 300, 60))
    assert found(points).n_clusters == 4
    alike = np.stack([RNG.integers(0, 300, 960) for _ in range(4)], axis=1)
    alike[300:600] += 300
    alike[600:900] += 600
    joined = find_clusters(Directions(points), alike.astype(np.int32), seed=0)
    assert joined.n_clusters == 3
    assert set(joined.placement.clusters[900:]) == set(joined.placement.clusters[:300])


def test_the_same_seed_gives_the_same_clusters() -> None:
    points = groups(SIZES, spread=0.3)
    first, second = (found(points).placement.clusters for _ in range(2))
    assert first.tobytes() == second.tobytes()


def test_few_images_and_equal_ones_have_clusters_too() -> None:
    assert found(groups((2,))).sizes.tolist() == [2]
    assert found(groups((1,))).sizes.tolist() == [1]
    assert found(np.ones((200, 4), np.float32)).placement.clusters.shape == (200,)
    assert found(np.zeros((30, 4), np.float32)).placement.clusters.shape == (30,)


def test_ten_neighbors_vote() -> None:
    clusters = np.array([0, 0, 0, 1, 1, 2], np.int32)
    votes = Neighbors(
        np.array([[0, 1, 2, 3], [3, 4, 5, 0]], np.int32), np.array([[1, 1, 1, 3], [1, 2, 3, 4]], np.float32)
    )
    placed = place_by_neighbors(votes, clusters)
    assert placed.clusters.tolist() == [0, 1]
    assert placed.confidence == pytest.approx([3 / 4 - 1 / 4, 2 / 4 - 1 / 4])
    assert placed.distance == pytest.approx([1.5, 2.5])
    own = place_by_neighbors(votes, clusters, own=np.array([1, 1], np.int32))
    assert own.clusters.tolist() == [1, 1]
    assert own.confidence == pytest.approx([0, 2 / 4 - 1 / 4])


def test_the_confidence_by_centroids_by_hand() -> None:
    placed = place_by_centroids(
        np.array([[0], [1], [2], [9]], np.float32), np.array([[0], [4], [10]], np.float32), "euclidean"
    )
    assert placed.clusters.tolist() == [0, 0, 0, 2]
    assert placed.distance.tolist() == [0, 1, 2, 1]
    assert placed.confidence == pytest.approx([1, 1 - 1 / 3, 0, 1 - 1 / 5])
    alone = place_by_centroids(np.ones((2, 3), np.float32), np.zeros((1, 3), np.float32), "euclidean")
    assert alone.confidence.tolist() == [1, 1]
    same = place_by_centroids(np.zeros((2, 3), np.float32), np.zeros((2, 3), np.float32), "euclidean")
    assert same.confidence.tolist() == [0, 0]
