"""Flipped labels are found by features alone."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from mnistae_cli.curation import find_label_errors


def clouds(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Features (n, 6) of three classes that are apart, and labels."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, n).astype(np.uint8)
    return (rng.normal(0, 1, (n, 6)) + 4 * np.eye(6)[labels]).astype(np.float32), labels


def test_flipped_labels_come_first_and_are_corrected() -> None:
    features, labels = clouds(600, 0)
    flipped = np.random.default_rng(1).choice(600, 30, replace=False)
    given = labels.copy()
    given[flipped] = (given[flipped] + 1) % 3
    found = find_label_errors(features, given, seed=0)
    wrong = np.isin(np.arange(600), flipped)
    assert average_precision_score(wrong, -found.quality) > 0.95
    assert (found.suggested[wrong] == labels[wrong]).mean() > 0.95
    assert found.suspected[wrong].mean() > 0.8
    assert found.suspected[~wrong].mean() < 0.02
    assert np.mean(list(found.wrong_share.values())) == pytest.approx(0.05, abs=0.03)
    assert found.confidence == pytest.approx(np.maximum(found.confidence, found.quality))


def test_classes_with_few_images_are_left_out() -> None:
    features, labels = clouds(100, 2)
    labels[:3] = 9
    found = find_label_errors(features, labels, seed=0)
    assert found.left_out == (9,)
    assert (found.quality[:3] == 1).all()
    assert not found.suspected[:3].any()
    assert set(found.wrong_share) == {0, 1, 2}


def test_one_class_is_not_judged() -> None:
    features, labels = clouds(40, 3)
    found = find_label_errors(features, np.where(labels > 0, 1, 2) * 0 + labels * 0, seed=0)
    assert not found.suspected.any()
    assert found.wrong_share == {}


def test_the_same_seed_gives_the_same_bytes() -> None:
    features, labels = clouds(200, 4)
    once, again = (find_label_errors(features, labels, seed=5) for _ in range(2))
    assert once.quality.tobytes() == again.quality.tobytes()
