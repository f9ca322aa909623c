"""Kinds that touch are told from images of one kind, without labels."""

import numpy as np
import pytest

from mnistae_cli.clusters import Directions, find_clusters, find_groups, touching
from mnistae_cli.clusters.halves import agreement_of_halves
from mnistae_cli.clusters.touching import find_communities, find_sure_communities, gains, has_kinds, show_kinds
from mnistae_cli.scores import adjusted_rand_index, contingency_table

RNG = np.random.default_rng(0)
KINDS = 12
LABELS = np.repeat(np.arange(KINDS), 100).astype(np.int32)
NONE = np.empty((1200, 0), np.int32)


def kinds(spread: float) -> np.ndarray:
    """Directions of 12 kinds of 100 images, each in its own direction; with a larger spread they touch."""
    centers = np.random.default_rng(1).normal(size=(KINDS, 16))
    centers /= np.linalg.norm(centers, axis=1, keepdims=True)
    return (centers[LABELS] + RNG.normal(0, spread, (len(LABELS), 16))).astype(np.float32)


TOUCHING = kinds(0.28)
ONE_KIND = RNG.normal(size=(1200, 16)).astype(np.float32) * np.linspace(1, 0.2, 16, dtype=np.float32)


def test_halves_of_kinds_agree_and_halves_of_one_kind_do_not() -> None:
    grains = [(10, 1.0), (10, 30.0)]
    coarse, fine = agreement_of_halves(TOUCHING, grains, n_draws=2, seed=0)
    assert coarse > 0.5
    assert fine < coarse - 0.2
    assert max(agreement_of_halves(ONE_KIND, grains, n_draws=2, seed=0)) < 0.3


def test_the_same_seed_gives_the_same_agreement() -> None:
    first, again, other = (agreement_of_halves(TOUCHING, [(10, 1.0)], n_draws=2, seed=seed) for seed in (3, 3, 4))
    assert first == again != other


def test_gains_are_near_0_for_points_of_one_kind() -> None:
    assert abs(gains(Directions(ONE_KIND), [(10, 1.0)], 0)[0]) < 0.25
    assert gains(Directions(TOUCHING), [(10, 1.0)], 0)[0] > 0.5


def test_gains_are_0_where_the_reference_agrees_fully(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(touching, "agreement_of_halves", lambda *_, **__: [1.0, 0.5])
    assert gains(Directions(TOUCHING), [(10, 1.0), (10, 2.0)], 0).tolist() == [0.0, 0.0]


def test_there_are_kinds_if_halves_agree() -> None:
    assert has_kinds(Directions(TOUCHING), 12, seed=0)
    assert not has_kinds(Directions(ONE_KIND), 12, seed=0)
    assert not has_kinds(Directions(TOUCHING[:30]), 5, seed=0)


def test_clusters_show_kinds_if_they_tell_what_communities_tell_whatever_the_threshold() -> None:
    second = np.tile([0, 1], 600) * (LABELS < 6)
    communities = (2 * LABELS + second).astype(np.int32)  # half of the kinds are in two of them
    assert show_kinds(LABELS, 0.5, communities)
    assert not show_kinds(LABELS, 0.1, communities)
    assert not show_kinds(LABELS // 6, 0.5, communities)


def test_kinds_that_touch_become_provisional_clusters() -> None:
    found = find_clusters(Directions(TOUCHING), NONE, seed=0)
    table = contingency_table(found.placement.clusters, LABELS, len(found.sizes), KINDS)
    assert adjusted_rand_index(table) > 0.75
    assert found.provisional.sum() > 6
    assert not found.by_threshold
    assert found.apart == pytest.approx(found.sizes[: found.n_clusters][~found.provisional].sum() / 1200)


def test_many_kinds_of_few_images_are_found_without_halves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(touching, "gains", None)
    draws = np.random.default_rng(2)
    alphabets = np.repeat(draws.normal(size=(5, 16)), 16, axis=0)  # kinds are more similar in groups of 16
    centers = alphabets + draws.normal(0, 0.6, (80, 16))
    labels = np.repeat(np.arange(80), 12).astype(np.int32)
    points = (centers[labels] + draws.normal(0, 0.25, (960, 16))).astype(np.float32)
    directions = Directions(points)
    (found,) = find_communities(directions, directions.nearest_others(30), n_init=1, seed=0)
    table = contingency_table(found, labels, int(found.max()) + 1, 80)
    assert 65 < len(table) < 110
    assert table.max(axis=1).sum() / table.sum() > 0.9


def test_kinds_that_are_apart_are_not_provisional_and_one_kind_is_one_cluster() -> None:
    apart = find_clusters(Directions(kinds(0.04)), NONE, seed=0)
    assert (apart.n_clusters, apart.apart, apart.provisional.tolist()) == (KINDS, 1.0, [False] * KINDS)
    assert apart.by_threshold
    assert not find_clusters(Directions(kinds(0.04)), NONE, n_clusters=KINDS, seed=0).by_threshold
    alone = find_clusters(Directions(ONE_KIND), NONE, seed=0)
    assert (alone.n_clusters, alone.apart, alone.provisional.tolist()) == (1, None, [False])


def test_sure_communities_hold_one_kind() -> None:
    groups = find_sure_communities(Directions(TOUCHING), 0)
    sure = groups >= 0
    assert 0.3 < sure.mean() < 1
    assert np.bincount(groups[sure]).min() >= 4
    table = contingency_table(groups[sure], LABELS[sure], int(groups.max()) + 1, KINDS)
    assert table.max(axis=1).sum() / table.sum() > 0.97
    assert len(table) > KINDS


def test_what_is_learned_are_clusters_that_are_apart_or_sure_communities() -> None:
    groups, touch = find_groups(Directions(kinds(0.04)), NONE, most=99, seed=0)
    assert (touch, len(np.unique(groups))) == (False, KINDS)
    groups, touch = find_groups(Directions(TOUCHING), NONE, most=99, seed=0)
    assert touch
    assert np.array_equal(groups, find_sure_communities(Directions(TOUCHING), 0))
    assert not find_groups(Directions(kinds(0.04)), NONE, seed=0, most=99, touched=True)[1], (
        "they do not touch any more"
    )
    assert find_groups(Directions(ONE_KIND), NONE, seed=0, most=99, touched=True)[1], "known, so it is not asked again"
    assert find_groups(Directions(kinds(0.04)), NONE, most=KINDS - 1, seed=0)[1], "too many for heads"
    groups, touch = find_groups(Directions(ONE_KIND), NONE, most=99, seed=0)
    assert (touch, groups.max()) == (False, 0)
