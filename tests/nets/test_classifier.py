import keras
import numpy as np
import pytest
from scipy.special import softmax

from mnistae_cli.nets.classifier import build_prototypes, prototype_weights
from tests.builders import head_of

RNG = np.random.default_rng(0)
CENTRES = np.array([[0, 0, 0], [4, 0, 0], [0, 4, 4]], np.float32)
LABELS = RNG.integers(0, 3, 60).astype(np.uint8)
FEATURES = (CENTRES[LABELS] + RNG.normal(0, 0.5, (60, 3))).astype(np.float32)


def layers_of(head: str) -> list[str]:
    built = head_of(FEATURES, 3, head=head, **({"hidden": 5} if head == "mlp" else {}))
    return [type(each).__name__ for each in built.probabilities.layers[1:]]


def test_the_heads_are_what_their_names_say() -> None:
    assert layers_of("mlp") == ["Rescaling", "Dense", "Dense", "Softmax"]
    assert layers_of("linear") == ["Rescaling", "Dense", "Softmax"]


def test_prototypes_name_the_nearest_class_mean() -> None:
    head = build_prototypes(FEATURES, LABELS, 3)
    means = np.stack([FEATURES[each == LABELS].mean(0) for each in range(3)])
    asked = RNG.normal(2, 2, (200, 3)).astype(np.float32)
    nearest = np.square(asked[:, None] - means).sum(2).argmin(1)
    assert head.probabilities(asked).numpy().argmax(1).tolist() == nearest.tolist()


def test_prototypes_are_a_softmax_of_squared_distances() -> None:
    means = np.stack([FEATURES[each == LABELS].mean(0) for each in range(3)]).astype(float)
    apart = np.square(means[:, None] - means).sum(2)
    spread = np.mean([np.delete(row, i).min() for i, row in enumerate(apart)]) / 8
    expected = softmax(-np.square(FEATURES[:, None] - means).sum(2) / (2 * spread), axis=1)
    found = build_prototypes(FEATURES, LABELS, 3).probabilities(FEATURES).numpy()
    assert found == pytest.approx(expected, abs=1e-4)


def test_one_label_a_class_is_enough_and_an_absent_class_is_never_named() -> None:
    labels = np.array([0, 2], np.uint8)
    told = build_prototypes(CENTRES[labels], labels, 4).probabilities(FEATURES).numpy()
    assert set(told.argmax(1)) == {0, 2}
    assert told[:, [1, 3]].max() == 0


def test_prototypes_in_one_place_or_of_one_class_are_numbers() -> None:
    same = np.zeros((4, 3), np.float32)
    for labels in (np.array([0, 0, 1, 1], np.uint8), np.zeros(4, np.uint8)):
        kernel, bias = prototype_weights(same, labels, 2)
        assert np.isfinite(kernel).all()
        assert np.isfinite(bias).all()


@pytest.mark.parametrize("kind", ["mlp", "linear", "prototypes"])
def test_a_tempered_head_divides_its_logits(kind: str) -> None:
    keras.utils.set_random_seed(0)
    head = build_prototypes(FEATURES, LABELS, 3) if kind == "prototypes" else head_of(FEATURES, 3, head=kind)
    before = head.logits(FEATURES).numpy()
    head.temper(2.5)
    assert head.logits(FEATURES).numpy() == pytest.approx(before / 2.5, rel=1e-4, abs=1e-4)
    assert head.probabilities(FEATURES).numpy() == pytest.approx(softmax(before / 2.5, axis=1), abs=1e-4)


def test_what_is_constant_on_the_drawn_images_is_left_out() -> None:
    silent = np.concatenate([FEATURES, np.zeros((60, 2), np.float32)], axis=1)
    head = head_of(silent, 3, hidden=5)
    loud = silent + np.array([0, 0, 0, 100, -100], np.float32)
    assert np.array_equal(head.logits(loud).numpy(), head.logits(silent).numpy())
