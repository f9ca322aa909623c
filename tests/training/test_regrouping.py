"""How a network goes on with the clusters that were found half-way."""

from pathlib import Path

import numpy as np
import pytest

from mnistae_cli.settings import Invariant, Layers, Training
from mnistae_cli.training.invariance import Communities, assignment_loss, build_for_communities
from mnistae_cli.training.regrouping import Groups, adapt, carry_over, encoded, rebuild
from mnistae_cli.training.runtime import start_session
from tests.builders import build, train_config
from tests.conftest import shapes

IMAGES = shapes(120, 0)[0]
CODE = {"model": "invariant", "latent_dim": 9, "channels": (4, 5), "hidden": (12,), "n_heads": 3}


def test_the_layers_stay_and_the_heads_begin_with_the_clusters() -> None:
    start_session(0)
    old, new = (build((10, 12), train_config(**CODE, n_clusters=n)) for n in (5, 2))
    old.trained(np.stack([IMAGES, IMAGES], axis=1) / 255, training=True)  # moves the running means
    before = encoded(old, IMAGES)
    axis = before[:, -9:].argmax(axis=1)
    clusters = (axis == np.bincount(axis).argmax()).astype(np.int32)
    carry_over(old, new, IMAGES, clusters, seed=1)
    after = encoded(new, IMAGES)
    assert before.shape == (120, 24)
    assert after.shape == (120, 15)
    assert after[:, -9:] == pytest.approx(before[:, -9:], abs=1e-6)
    by_head = after[:, :6].reshape(120, 3, 2).argmax(axis=2)
    assert (by_head == clusters[:, None]).mean() > 0.8
    assert len(np.unique(after[:, :6].reshape(120, 3, 2)[0], axis=0)) == 3, "each head differs a little"
    (kernel, bias), (theirs, their_bias) = (each.decoder.layers[1].get_weights() for each in (new, old))
    assert np.array_equal(kernel[-9:], theirs[-9:])
    assert not kernel[:-9].any()
    assert np.array_equal(bias, their_bias)
    assert np.array_equal(new.decoder.layers[2].get_weights()[0], old.decoder.layers[2].get_weights()[0])


def test_images_of_no_group_are_left_out() -> None:
    start_session(0)
    old, new = (build((10, 12), train_config(**CODE, n_clusters=n)) for n in (5, 2))
    clusters = np.arange(120, dtype=np.int32) % 3 - 1
    carry_over(old, new, IMAGES, clusters, seed=1)
    assert encoded(new, IMAGES).shape == (120, 15)


def test_the_loss_with_shares_is_numpys_and_least_for_these_sizes() -> None:
    shares = (0.5, 0.3, 0.2)

    def one_hot(counts: tuple[int, ...]) -> np.ndarray:
        return np.asarray(np.eye(3, dtype=np.float32)[np.repeat(range(3), counts)][:, None])

    wanted, entropy = np.array(shares), -(np.array(shares) * np.log(shares)).sum()
    uneven = one_hot((50, 30, 20))
    least = (1 - 2 * 2.5) * entropy
    assert float(assignment_loss(uneven, uneven, 2.5, shares)[0]) == pytest.approx(least, abs=1e-4)
    other, m = one_hot((40, 40, 20)), np.array([0.4, 0.4, 0.2])
    by_hand = -(m * np.log(m)).sum() + 2 * 2.5 * ((m * np.log(m / wanted)).sum() - entropy)
    assert float(assignment_loss(other, other, 2.5, shares)[0]) == pytest.approx(by_hand, abs=1e-4)
    assert by_hand > least


def test_equal_shares_are_the_loss_without_shares() -> None:
    p, q = np.random.default_rng(0).dirichlet(np.ones(4), (2, 50, 3)).astype(np.float32)
    equal = np.asarray(assignment_loss(p, q, 2.5, (0.25,) * 4))
    assert equal == pytest.approx(np.asarray(assignment_loss(p, q, 2.5)), abs=1e-4)


INVARIANT = Invariant(latent_dim=9, layers=Layers(channels=(4, 5), hidden=(12,)), n_heads=3)
NO_NEIGHBORS = np.empty((120, 0), np.int32)
THREE = np.arange(120, dtype=np.int32) % 4 - 1


def test_groups_come_back_from_a_file(tmp_path: Path) -> None:
    groups = Groups(THREE, np.arange(240, dtype=np.int32).reshape(120, 2), True)
    groups.save(tmp_path / "groups.npz")
    again = Groups.load(tmp_path / "groups.npz")
    assert np.array_equal(again.of_images, groups.of_images)
    assert np.array_equal(again.neighbors, groups.neighbors)
    assert (again.touch, again.number) == (True, 3)
    assert Groups(np.full(4, -1, np.int32), NO_NEIGHBORS[:4], False).number == 0


def test_the_learning_rate_stays_where_kinds_touch() -> None:
    training = Training(learning_rate=3e-3)
    assert adapt(training, Groups(THREE, NO_NEIGHBORS, True)) == training
    assert adapt(training, Groups(THREE, NO_NEIGHBORS, False)).learning_rate == pytest.approx(1e-3)


@pytest.mark.parametrize(("touch", "width"), [(True, 3 + 9), (False, 3 * 3 + 9)])
def test_a_network_is_rebuilt_for_its_groups(touch: bool, width: int) -> None:
    start_session(0)
    old = build((10, 12), train_config(**CODE, n_clusters=5))
    old.trained(np.stack([IMAGES, IMAGES], axis=1) / 255, training=True)
    new = rebuild(INVARIANT, old, IMAGES, Groups(THREE, NO_NEIGHBORS, touch), 10, seed=1)
    before, after = encoded(old, IMAGES), encoded(new, IMAGES)
    assert after.shape == (120, width)
    assert after[:, -9:] == pytest.approx(before[:, -9:], abs=1e-6)
    assert rebuild(INVARIANT, old, IMAGES, Groups(np.full(120, -1, np.int32), NO_NEIGHBORS, touch), 10, seed=1) is old
    projections = [model.trained.get_layer("discrimination") for model in (old, new) if touch]
    for first, second in zip(*(each.get_weights() for each in projections), strict=True) if touch else ():
        assert np.array_equal(first, second)


def test_the_head_of_communities_starts_with_their_mean_directions() -> None:
    start_session(0)
    old = build((10, 12), train_config(**CODE, n_clusters=5))
    old.trained(np.stack([IMAGES, IMAGES], axis=1) / 255, training=True)
    axis = encoded(old, IMAGES)[:, -9:].argmax(axis=1)
    groups = (axis == np.bincount(axis).argmax()).astype(np.int32)
    new = rebuild(INVARIANT, old, IMAGES, Groups(groups, NO_NEIGHBORS, True), 10, seed=1)
    probabilities = encoded(new, IMAGES)[:, :2]
    assert (probabilities.argmax(axis=1) == groups).mean() > 0.8
    assert probabilities.sum(axis=1) == pytest.approx(1, abs=1e-5)


def test_the_loss_of_communities_is_the_mean_over_known_ones() -> None:
    p = np.random.default_rng(0).dirichlet(np.ones(3), (8, 1)).astype(np.float32)
    codes = np.arange(16, dtype=np.float32).reshape(8, 2)
    known = np.array([2, -1, 0, 1], np.int32)
    layer = Communities(0.5)
    assert np.array_equal(layer([p, known, codes], training=True), codes[:4])
    chosen = [p[view, 0, known[view % 4]] for view in range(8) if known[view % 4] >= 0]
    assert float(layer.losses[0]) == pytest.approx(-0.5 * np.log(chosen).mean(), rel=1e-5)
    layer([p, np.full(4, -1, np.int32), codes], training=True)
    assert float(layer.losses[0]) == 0
    assert np.array_equal(layer([p, np.full(8, -1, np.int32), codes]), codes)
    assert Communities.from_config(layer.get_config()).weight == 0.5


def test_a_network_for_communities_takes_pairs_and_groups() -> None:
    start_session(0)
    model = build_for_communities(INVARIANT, IMAGES, 0, 4)
    pairs = np.stack([IMAGES, IMAGES], axis=1).astype(np.float32) / 255
    assert model.trained([pairs, THREE], training=True).shape == (120, 10, 12)
    assert len(model.trained.losses) == 2
