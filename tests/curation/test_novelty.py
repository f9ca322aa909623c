"""Novelty by the formula, and what is usual."""

from pathlib import Path

import numpy as np
import pytest

from mnistae_cli.curation import NoveltyBaseline, measure_baseline
from mnistae_cli.curation.novelty import HELD_OUT
from mnistae_cli.data import Rows


def test_novelty_is_the_share_of_less_unusual_images() -> None:
    rng = np.random.default_rng(0)
    distances, errors = rng.gamma(4, 1, (2, 500)).astype(np.float32)
    usual = NoveltyBaseline(distances, errors)
    new = rng.gamma(4, 1, (2, 40)).astype(np.float32)
    found = usual.compare(*new)

    def above(values: np.ndarray, known: np.ndarray) -> np.ndarray:
        logs = np.log(known.astype(float) + 1e-9)
        excess: np.ndarray = np.maximum(np.log(values.astype(float) + 1e-9) - np.median(logs), 0)
        excess /= np.ptp(np.quantile(logs, (0.5, 0.9)))
        return excess

    own = np.hypot(above(distances, distances), 0.4 * above(errors, errors))
    excess = np.hypot(above(new[0], distances), 0.4 * above(new[1], errors))
    inside = excess <= own.max()
    expected = 1 - (1 + (own[None] >= excess[:, None]).sum(axis=1)) / 501
    assert found.novelty[inside] == pytest.approx(expected[inside], abs=1e-6)
    assert found.by_error.tolist() == (0.4 * above(new[1], errors) > above(new[0], distances)).tolist()


def test_beyond_all_held_out_images_the_farther_is_the_more_novel() -> None:
    usual = NoveltyBaseline(np.linspace(1, 2, 400, dtype=np.float32), np.linspace(1, 2, 400, dtype=np.float32))
    found = usual.compare(np.array([3, 10, 100], np.float32), np.array([1, 1, 1], np.float32))
    assert (np.diff(found.novelty) > 0).all()
    assert found.novelty[-1] < 1
    assert found.strange.all()
    assert not found.by_error.any()


@pytest.mark.parametrize("n", [1, 2, 9, 5000])
def test_an_image_is_not_its_own_neighbor(n: int, tmp_path: Path) -> None:
    features = np.random.default_rng(1).normal(size=(n, 6)).astype(np.float32)
    np.save(tmp_path / "features.npy", features)
    errors = np.arange(n, dtype=np.float32)
    usual = measure_baseline(Rows.open(tmp_path / "features.npy"), errors, slice(1, 5))
    numbers = np.arange(0, n, -(-n // HELD_OUT))
    assert usual.errors.tolist() == errors[numbers].tolist()
    unit = features[:, 1:5] / np.linalg.norm(features[:, 1:5], axis=1, keepdims=True)
    away = np.sort(np.linalg.norm(unit[numbers[:50], None] - unit[None], axis=2), axis=1)
    assert usual.distances[:50] == pytest.approx(away[:, min(5, n - 1)], abs=1e-3)
