"""The graph of similar images, its communities, and their merging."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from mnistae_cli.clusters import graph as graphs
from mnistae_cli.clusters.communities import leiden, merge_communities, weigh_pixels
from mnistae_cli.clusters.graph import links_between, shared_neighbors, similarity_graph
from mnistae_cli.clusters.neighbors import Search

RNG = np.random.default_rng(0)


def blobs(sizes: tuple[int, ...], apart: float = 6.0, width: int = 8) -> np.ndarray:
    """Gaussian groups of some sizes, each on an axis of its own."""
    centres = np.repeat(np.eye(len(sizes), width) * apart, sizes, axis=0)
    return (centres + RNG.normal(0, 1, centres.shape)).astype(np.float32)


def by_pixels(sizes: tuple[int, ...]) -> np.ndarray:
    """Three others of the same group for each."""
    starts = np.repeat(np.cumsum([0, *sizes[:-1]]), sizes)[:, None]
    return (starts + RNG.integers(0, np.repeat(sizes, sizes)[:, None], (sum(sizes), 3))).astype(np.int32)


def test_a_link_weighs_the_jaccard_index_of_the_neighbors() -> None:
    nearest = np.array([[1, 2], [0, 2], [0, 1], [2, 0]], np.int32)
    sets = [set(each) for each in nearest.tolist()]
    expected = np.zeros((4, 4))
    for i in range(4):
        for j in range(4):
            if i != j and (j in sets[i] or i in sets[j]):
                expected[i, j] = len(sets[i] & sets[j]) / len(sets[i] | sets[j])
    found = similarity_graph(nearest)
    assert found.links.toarray() == pytest.approx(expected)
    by_pixels = np.array([[3], [3], [1], [2]], np.int32)
    alike = np.zeros((4, 4))
    alike[np.arange(4), by_pixels[:, 0]] = 1
    assert similarity_graph(nearest, by_pixels).links.toarray() == pytest.approx(expected + alike + alike.T)


def test_the_graph_is_the_same_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    def counted(blocks: list[sparse.csr_matrix]) -> sparse.csr_matrix:
        rows.append([each.shape[0] for each in blocks])
        return stack(blocks)

    rows, stack = list[list[int]](), sparse.vstack
    monkeypatch.setattr(sparse, "vstack", counted)
    nearest = Search(blobs((40, 30))).nearest_others(7).indices
    whole = similarity_graph(nearest).links.toarray()
    monkeypatch.setattr(graphs, "ROWS", 9)
    assert np.array_equal(similarity_graph(nearest).links.toarray(), whole)
    assert rows == [[70], [9] * 7 + [7]]
    sets = [set(each) for each in nearest.tolist()]
    for i, j in np.ndindex(70, 70):
        linked = i != j and (j in sets[i] or i in sets[j])
        assert whole[i, j] == pytest.approx(linked * len(sets[i] & sets[j]) / len(sets[i] | sets[j])), (i, j)


def test_neighbors_share_less_if_there_are_more_of_them_than_images_of_a_kind() -> None:
    search = Search(blobs((12,) * 8))
    few, many = (shared_neighbors(search.nearest_others(k).indices) for k in (8, 40))
    assert few > many
    ring = np.array([[1, 3], [0, 2], [1, 3], [2, 0]], np.int32)  # neighbors have none in common
    assert shared_neighbors(ring) == 0
    assert shared_neighbors(np.array([[1, 2], [0, 2], [0, 1]], np.int32)) == 0.5


def test_links_between_groups_are_summed() -> None:
    dense = RNG.random((6, 6))
    dense = dense + dense.T
    groups = np.array([0, 1, 1, 2, 0, 2], np.int32)
    member = np.eye(3)[groups]
    assert links_between(sparse.csr_matrix(dense), groups) == pytest.approx(member.T @ dense @ member)


def test_leiden_finds_groups_and_leaves_nobody_out() -> None:
    graph = similarity_graph(Search(blobs((60, 30, 20))).nearest_others(8).indices).links
    found = leiden(graph, 0.2, seed=0)
    assert len(set(zip(np.repeat(range(3), (60, 30, 20)), found, strict=True))) == 3
    lone = sparse.block_diag([graph, sparse.csr_matrix((2, 2))]).tocsr()
    with_lone = leiden(lone, 0.2, seed=0)
    assert len(with_lone) == 112
    assert len(np.unique(with_lone)) == 5


def test_pixels_count_less_where_many_of_their_links_leave_a_community() -> None:
    alike = np.array([[1], [0], [3], [2]], np.int32)
    graph = similarity_graph(alike, np.array([[1], [0], [3], [0]], np.int32))
    groups = np.array([0, 0, 1, 1], np.int32)
    assert weigh_pixels(graph, groups).pixel_factor == pytest.approx(6 * 0.25 / 0.068)
    assert weigh_pixels(similarity_graph(alike, alike), groups).pixel_factor == 6
    assert weigh_pixels(similarity_graph(alike), groups).pixel_factor == 1


def test_equal_points_are_few_communities_and_what_is_not_linked_is_merged_last() -> None:
    equal = similarity_graph(Search(np.ones((500, 8), np.float32)).nearest_others(10).indices)
    assert leiden(equal.links, 10.0, seed=0).max() > 100
    merging = merge_communities(equal, 10.0, seed=0, most=100)
    assert len(merging.pairs) < 100
    triples = similarity_graph(np.array([[1, 2], [0, 2], [0, 1], [4, 5], [3, 5], [3, 4]], np.int32))
    merging = merge_communities(triples, 0.5, seed=0, most=100)
    assert merging.conductances.tolist() == [0.0]
    assert merging.clusters(1).tolist() == [0] * 6


def test_the_two_least_apart_merge_first() -> None:
    plain = similarity_graph(Search(blobs((60, 40, 30), apart=4.0)).nearest_others(8).indices, by_pixels((60, 40, 30)))
    graph = replace(plain, pixel_factor=6.0)
    merging = merge_communities(graph, 10.0, seed=0, most=100)
    n = len(merging.pairs) + 1
    both = []
    for part in (graph.by_embedding, graph.by_pixels):
        links = links_between(part, merging.communities)
        degrees = links.sum(axis=1)
        both.append(links / np.minimum(degrees[:, None], degrees))
    apart = np.maximum(both[0], both[1] / 6)
    np.fill_diagonal(apart, -1)
    assert merging.conductances[0] == pytest.approx(apart.max())
    assert merging.conductances[0] == apart[tuple(merging.pairs[0])]
    for left in range(1, n + 1):
        assert len(np.unique(merging.clusters(left))) == left
    finer, coarser = merging.clusters(5), merging.clusters(4)
    assert len(set(zip(finer, coarser, strict=True))) == 5, "a merge takes whole clusters"
    assert merging.n_apart(1.1) == n
    assert merging.n_apart(-1.0) == 1
    three = merging.clusters(3)
    assert len(set(zip(np.repeat(range(3), (60, 40, 30)), three, strict=True))) == 3
