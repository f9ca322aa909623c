import numpy as np
import pytest
from scipy.special import softmax

from mnistae_cli.networks.calibration import fit_temperature, held_out_temperature
from mnistae_cli.scores.metrics import expected_calibration_error


def logits_and_labels(n: int, sharpness: float) -> tuple[np.ndarray, np.ndarray]:
    """Labels drawn from softmax(z), and z times a sharpness that makes a head too sure, or not sure enough."""
    rng = np.random.default_rng(0)
    honest = rng.normal(0, 2, (n, 4))
    labels = np.array([rng.choice(4, p=each) for each in softmax(honest, axis=1)], np.uint8)
    return (honest * sharpness).astype(np.float32), labels


def sure_of(labels: np.ndarray) -> np.ndarray:
    logits: np.ndarray = np.eye(3, dtype=np.float32)[labels]
    return logits


@pytest.mark.parametrize("sharpness", [0.4, 1.0, 3.0])
def test_the_temperature_is_what_the_logits_were_multiplied_by(sharpness: float) -> None:
    logits, labels = logits_and_labels(4000, sharpness)
    temperature = fit_temperature(logits, labels)
    assert temperature == pytest.approx(sharpness, rel=0.1)
    told = softmax(logits / temperature, axis=1).astype(np.float32)
    assert expected_calibration_error(told, labels) < 0.03


@pytest.mark.parametrize("n", [6, 50])
def test_the_temperature_makes_the_loss_least(n: int) -> None:
    logits, labels = logits_and_labels(n, 2.0)

    def loss(temperature: float) -> float:
        p = softmax(logits.astype(float) / temperature, axis=1)
        targets = np.zeros(p.shape)
        targets[:, np.unique(labels)] = 1 / (n + 2) / (len(np.unique(labels)) - 1)
        targets[np.arange(n), labels] = (n + 1) / (n + 2)
        return float(-(targets * np.log(p)).sum(1).mean())

    best = fit_temperature(logits, labels)
    assert loss(best) < min(loss(best * 1.05), loss(best / 1.05))


def test_a_class_without_a_label_has_no_say() -> None:
    logits, labels = logits_and_labels(300, 2.0)
    never = np.full((300, 1), -1e9, np.float32)
    with_another = fit_temperature(np.concatenate([never, logits], axis=1), labels + 1)
    assert with_another == pytest.approx(fit_temperature(logits, labels), rel=1e-3)


def test_a_head_that_is_always_right_is_not_made_infinitely_sure() -> None:
    labels = np.repeat(np.arange(3, dtype=np.uint8), 10)
    logits = (np.eye(3)[labels] * 0.1).astype(np.float32)
    told = softmax(logits / fit_temperature(logits, labels), axis=1)
    assert told.max() == pytest.approx(31 / 32, abs=0.005)


def test_every_image_is_told_of_once_by_what_was_learned_without_it() -> None:
    labels = np.array([0] * 11 + [1] * 6 + [2], np.uint8)
    asked = list[int]()

    def learn_and_tell(learned: np.ndarray, held_out: np.ndarray) -> np.ndarray:
        assert sorted([*learned, *held_out]) == list(range(18))
        assert set(labels[learned]) == {0, 1, 2}
        asked.extend(held_out)
        return sure_of(labels[held_out])

    assert held_out_temperature(labels, learn_and_tell)
    assert sorted(asked) == list(range(17))


def test_a_thousand_held_out_images_are_enough() -> None:
    labels = np.random.default_rng(0).integers(0, 3, 6000).astype(np.uint8)
    turns = list[int]()

    def learn_and_tell(learned: np.ndarray, held_out: np.ndarray) -> np.ndarray:
        turns.append(len(held_out))
        return sure_of(labels[held_out])

    held_out_temperature(labels, learn_and_tell)
    assert len(turns) == 1
    assert 1199 <= turns[0] <= 1203


def test_with_one_label_a_class_there_is_nothing_to_calibrate_by() -> None:
    def never(learned: np.ndarray, held_out: np.ndarray) -> np.ndarray:
        raise AssertionError

    assert held_out_temperature(np.arange(5, dtype=np.uint8), never) is None
    assert held_out_temperature(np.zeros(5, np.uint8), never) is None


@pytest.mark.parametrize("labels", [[0, 0, 0], [0, 1, 2], [0, 0, 1, 2]])
def test_there_is_no_temperature_where_only_one_class_can_be_held_out(labels: list[int]) -> None:
    def never(*_: object) -> np.ndarray:
        raise AssertionError

    assert held_out_temperature(np.array(labels, np.uint8), never) is None
