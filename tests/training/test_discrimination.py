"""Instance discrimination: its loss, and its layer."""

import numpy as np
import pytest

from mnistae_cli.training.discrimination import Discrimination, instance_loss

RNG = np.random.default_rng(0)
A, B = RNG.normal(size=(2, 7, 5)).astype(np.float32)


def test_the_loss_is_numpys() -> None:
    views = np.concatenate([A, B])
    views /= np.linalg.norm(views, axis=1, keepdims=True)
    similar = np.exp(views @ views.T / 0.3)
    expected = -np.log(similar[np.arange(14), np.roll(np.arange(14), 7)] / (similar.sum(1) - similar.diagonal()))
    assert np.asarray(instance_loss(A, B, 0.3)) == pytest.approx(expected, rel=1e-4)


def test_equal_views_that_differ_from_all_others_have_the_least_loss() -> None:
    apart = np.eye(6, dtype=np.float32)
    least = np.log(1 + 10 * np.exp(-1 / 0.1))
    assert np.asarray(instance_loss(apart, 3 * apart, 0.1)) == pytest.approx(least, rel=1e-3)
    assert np.asarray(instance_loss(apart, np.roll(apart, 1, 0), 0.1)).min() > 5


def test_the_layer_adds_the_loss_of_a_projection_in_training_and_passes_on_the_codes() -> None:
    layer = Discrimination(2.0, 0.3, (6, 4))
    embedding, codes = np.concatenate([A, B]), RNG.random((14, 3)).astype(np.float32)
    assert np.array_equal(layer([embedding, codes]), codes)
    assert layer.losses == []
    assert np.array_equal(layer([embedding, codes], training=True), codes)
    projected = np.asarray(layer.projection(embedding, training=True))
    assert projected.shape == (14, 4)
    expected = 2 * np.asarray(instance_loss(projected[:7], projected[7:], 0.3)).mean()
    assert float(layer.losses[0]) == pytest.approx(expected, rel=1e-4)
    assert Discrimination.from_config(layer.get_config()).get_config() == layer.get_config()
