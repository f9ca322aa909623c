from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from scipy.special import log_softmax, softmax

from mnistae_cli.common.errors import UsageError
from mnistae_cli.common.progress import Advance
from mnistae_cli.data import hold_out
from mnistae_cli.networks import Head, Trained, fit_head, head_training, prototype_weights, prototypes, write_onnx
from mnistae_cli.networks.inference import open_network
from mnistae_cli.settings import HeadTraining

RNG = np.random.default_rng(0)
CENTRES = np.array([[0, 0, 0], [4, 0, 0], [0, 4, 4]], np.float32)
LABELS = RNG.integers(0, 3, 60).astype(np.uint8)
FEATURES = (CENTRES[LABELS] + RNG.normal(0, 0.5, (60, 3))).astype(np.float32)
HIDDEN = {"mlp": 5, "linear": None}


def fitted(features: np.ndarray = FEATURES, labels: np.ndarray = LABELS, seed: int = 0, **how: object) -> Trained:
    hidden = how.pop("hidden", 5)
    standardize = bool(how.pop("standardize", True))
    training = HeadTraining(**how)  # type: ignore[arg-type]
    return fit_head(features, labels, 3, training, hidden=hidden, standardize=standardize, seed=seed)  # type: ignore[arg-type]


def head_of(kind: str) -> Head:
    return prototypes(FEATURES, LABELS, 3) if kind == "prototypes" else fitted(hidden=HIDDEN[kind], epochs=3).head


@pytest.mark.parametrize("hidden", [None, 5])
def test_a_head_learns_its_labels(hidden: int | None) -> None:
    trained = fitted(hidden=hidden)
    assert (trained.head.logits(FEATURES).argmax(1) == LABELS).all()
    assert len(trained.head.layers) == (2 if hidden else 1)
    assert trained.best_epoch == len(trained.history["loss"]) == 900


@pytest.mark.parametrize(("n", "epochs"), [(1, 900), (50, 900), (300, 300), (6000, 20), (60000, 20)])
def test_few_labels_are_seen_more_often(n: int, epochs: int) -> None:
    assert HeadTraining().epochs_for(n) == epochs
    assert HeadTraining(epochs=7).epochs_for(n) == 7


def weights_of(head: Head) -> list[np.ndarray]:
    return [weights for layer in head.layers for weights in layer]


def test_training_is_keras_with_adamw() -> None:
    """The same weights, after the same steps with the same batches, up to rounding."""

    def after(rate: float) -> list[np.ndarray]:
        return weights_of(
            fitted(
                standardize=False, epochs=4, batch_size=60, learning_rate=rate, schedule="constant", weight_decay=0.5
            ).head
        )

    inputs = keras.Input((3,))
    twin = keras.Model(inputs, keras.layers.Dense(3)(keras.layers.Dense(5, "relu")(inputs)))
    twin.set_weights(after(1e-30))
    twin.compile(
        keras.optimizers.AdamW(0.01, weight_decay=0.5, beta_2=0.99),
        keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1),
    )
    twin.fit(FEATURES, np.eye(3)[LABELS], batch_size=60, epochs=4, verbose=0)
    for ours, theirs in zip(after(0.01), twin.get_weights(), strict=True):
        assert ours == pytest.approx(theirs, abs=1e-4)


def test_the_loss_is_one_numpy_line() -> None:
    trained = fitted(epochs=1, learning_rate=1e-30, batch_size=60)
    targets = 0.9 * np.eye(3)[LABELS] + 0.1 / 3
    expected = -(targets * log_softmax(trained.head.logits(FEATURES), axis=1)).sum(1).mean()
    assert trained.history["loss"][0] == pytest.approx(expected, rel=1e-5)


def test_the_rate_rises_and_falls() -> None:
    from mnistae_cli.networks.head_training import _course

    rates = _course(100, "one-cycle")
    assert rates[[0, 10, 55]] == pytest.approx([0, 1, 0.5])
    assert rates[99] < 0.001
    assert _course(3, "constant").tolist() == [1, 1, 1]


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    first, again, other = (fitted(seed=seed, epochs=3).head.layers[0][0].tobytes() for seed in (0, 0, 1))
    assert first == again != other


def test_patience_stops_and_keeps_the_best_weights() -> None:
    events: list[Advance] = []
    features, labels = RNG.normal(size=(40, 6)).astype(np.float32), np.arange(40, dtype=np.uint8) % 3
    how = HeadTraining(epochs=30, patience=2, learning_rate=0.5, schedule="constant")
    trained = fit_head(features, labels, 3, how, hidden=5, report=events.append)  # type: ignore[arg-type]
    losses = trained.history["val_loss"]
    assert len(losses) == len(events) < 30
    assert trained.best_epoch == int(np.argmin(losses)) + 1 == len(losses) - 2
    shorter = HeadTraining(epochs=trained.best_epoch, patience=2, learning_rate=0.5, schedule="constant")
    again = fit_head(features, labels, 3, shorter, hidden=5).head
    assert [each.tobytes() for each in weights_of(again)] == [each.tobytes() for each in weights_of(trained.head)]
    with pytest.raises(UsageError, match="patience needs two"):
        fit_head(features[:1], labels[:1], 3, how)


def test_a_training_that_diverges_is_refused_in_one_line() -> None:
    with pytest.raises(UsageError, match=r"classify diverged in epoch \d+: its loss is (nan|inf)"):
        fitted(learning_rate=1e30, schedule="constant", weight_decay=0.0, epochs=50)


@pytest.mark.parametrize(("batch_size", "patience"), [(7, 0), (25, 0), (59, 0), (60, 0), (1000, 0), (7, 3), (25, 3)])
def test_every_image_is_learned_from_in_every_epoch(
    batch_size: int, patience: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def noted(self: object, inputs: object, targets: object, order: np.ndarray, *more: object) -> float:
        orders.append(order)
        return learn(self, inputs, targets, order, *more)  # type: ignore[arg-type]

    orders, learn = list[np.ndarray](), head_training._Network.learn
    monkeypatch.setattr(head_training._Network, "learn", noted)
    fitted(epochs=3, batch_size=batch_size, patience=patience)
    learned = hold_out(60, HeadTraining().validation_fraction, 0)[0] if patience else np.arange(60)
    size = min(batch_size, len(learned))
    assert len(orders) == 3
    for order in orders:
        assert order.shape == (np.ceil(len(learned) / size), size)
        assert set(order.ravel()) == set(learned)


def test_what_is_constant_on_the_drawn_images_is_left_out() -> None:
    silent = np.concatenate([FEATURES, np.zeros((60, 2), np.float32)], axis=1)
    head = fitted(silent, epochs=3).head
    loud = silent + np.array([0, 0, 0, 100, -100], np.float32)
    assert np.array_equal(head.logits(loud), head.logits(silent))


def test_scaled_features_give_the_same_head() -> None:
    moved = FEATURES * np.array([1, 10, 100], np.float32) + 5
    assert fitted(moved, epochs=3).head.logits(moved) == pytest.approx(fitted(epochs=3).head.logits(FEATURES), abs=1e-3)


def test_prototypes_name_the_nearest_class_mean() -> None:
    means = np.stack([FEATURES[each == LABELS].mean(0) for each in range(3)])
    asked = RNG.normal(2, 2, (200, 3)).astype(np.float32)
    nearest = np.square(asked[:, None] - means).sum(2).argmin(1)
    assert prototypes(FEATURES, LABELS, 3).logits(asked).argmax(1).tolist() == nearest.tolist()


def test_prototypes_are_a_softmax_of_squared_distances() -> None:
    means = np.stack([FEATURES[each == LABELS].mean(0) for each in range(3)]).astype(float)
    apart = np.square(means[:, None] - means).sum(2)
    spread = np.mean([np.delete(row, i).min() for i, row in enumerate(apart)]) / 8
    expected = softmax(-np.square(FEATURES[:, None] - means).sum(2) / (2 * spread), axis=1)
    assert softmax(prototypes(FEATURES, LABELS, 3).logits(FEATURES), axis=1) == pytest.approx(expected, abs=1e-4)


def test_one_label_a_class_is_enough_and_an_absent_class_is_never_named() -> None:
    labels = np.array([0, 2], np.uint8)
    told = softmax(prototypes(CENTRES[labels], labels, 4).logits(FEATURES), axis=1)
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
    head = head_of(kind)
    assert head.tempered(2.5).logits(FEATURES) == pytest.approx(head.logits(FEATURES) / 2.5, rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("kind", ["mlp", "linear", "prototypes"])
def test_the_file_gives_the_same_probabilities(kind: str, tmp_path: Path) -> None:
    head = head_of(kind)
    write_onnx(head, tmp_path / "classifier.onnx")
    network = open_network(tmp_path / "classifier.onnx")
    assert network(FEATURES) == pytest.approx(softmax(head.logits(FEATURES), axis=1), abs=1e-5)
    assert network(FEATURES[:1]).shape == (1, 3)


@pytest.mark.parametrize("kind", ["mlp", "linear", "prototypes"])
def test_the_lines_of_the_docs_make_a_keras_head(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (Path(__file__).parents[2] / "docs" / "python.md").read_text(encoding="utf-8")
    lines = page.partition("## The head in Keras")[2].split("```")[1].removeprefix("python")
    file = tmp_path / "artifacts" / "classify" / "classifier.onnx"
    file.parent.mkdir(parents=True)
    write_onnx(head_of(kind), file)
    monkeypatch.chdir(tmp_path)
    made: dict[str, Any] = {}
    exec(lines, made)
    expected = softmax(head_of(kind).logits(FEATURES), axis=1)
    assert made["head"].predict(FEATURES, verbose=0) == pytest.approx(expected, abs=1e-5)


def test_equal_heads_have_equal_files(tmp_path: Path) -> None:
    for name in ("first", "second"):
        write_onnx(head_of("mlp"), tmp_path / name)
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()


def test_the_unit_of_the_features_does_not_matter() -> None:
    constant = np.full((60, 1), 1e-7, np.float32)
    head = fitted(np.hstack([FEATURES, constant * RNG.random((60, 1), np.float32)]) * np.float32(1e-4)).head
    assert (head.logits(np.hstack([FEATURES, constant]) * np.float32(1e-4)).argmax(1) == LABELS).all()
    constant_alone = fitted(np.zeros((60, 3), np.float32), epochs=3).head
    assert np.isfinite(constant_alone.logits(FEATURES)).all()


def test_the_loss_of_large_logits_is_finite() -> None:
    targets = np.eye(3, dtype=np.float32)[:2]
    logits = np.array([[1000, 0, -1000], [1000, 0, -1000]], np.float32)
    assert head_training._loss(logits, targets) == 500
