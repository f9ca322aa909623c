"""How a network goes on with the clusters that were found half-way."""

import numpy as np
import pytest

from mnistae_cli.training.invariance import assignment_loss
from mnistae_cli.training.regrouping import carry_over, encoded
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
