import gc
from functools import cache

import keras
import numpy as np
import pytest
import tensorflow as tf

from mnistae_cli.common.progress import Advance, silent
from mnistae_cli.data import epoch_order, hold_out
from mnistae_cli.networks.inference import open_network
from mnistae_cli.settings.train import TrainConfig
from mnistae_cli.training import losses
from mnistae_cli.training.autoencoder import Autoencoder
from mnistae_cli.training.batches import Examples, Steps, plan_steps
from mnistae_cli.training.export import export_onnx
from mnistae_cli.training.runtime import start_session
from mnistae_cli.training.steps import Fitted, IndexedTrainer, train_network
from tests.builders import build, optimization, train_config
from tests.conftest import shapes

IMAGES = shapes(200, 0)[0]
RNG = np.random.default_rng(0)


def test_binary_crossentropy_on_logits_is_one_numpy_line() -> None:
    x, z = RNG.random((2, 3, 4, 5)).astype(np.float32)
    y = 1 / (1 + np.exp(-z))
    expected = -(x * np.log(y) + (1 - x) * np.log(1 - y)).mean((1, 2))
    assert losses.binary_crossentropy(x, z).numpy() == pytest.approx(expected, rel=1e-5)


def test_squared_error_on_logits_is_one_numpy_line() -> None:
    x, z = RNG.random((2, 3, 4, 5)).astype(np.float32)
    assert losses.squared_error(x, z).numpy() == pytest.approx(((x - 1 / (1 + np.exp(-z))) ** 2).mean((1, 2)), rel=1e-5)


def test_softmax_crossentropy_is_one_numpy_line() -> None:
    z, labels = RNG.normal(size=(6, 4)).astype(np.float32), np.array([0, 1, 2, 3, 0, 1])
    targets = 0.9 * np.eye(4)[labels] + 0.1 / 4
    expected = -(targets * (z - np.log(np.exp(z).sum(1, keepdims=True)))).sum(1)
    assert losses.softmax_crossentropy(0.1, 4)(labels, z).numpy() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("n", [1, 7, 100, 1001, 1498, 60000])
@pytest.mark.parametrize("batch_size", [1, 32, 128])
def test_an_epoch_has_whole_executions_and_little_more_than_every_image(n: int, batch_size: int) -> None:
    steps = plan_steps(n, batch_size)
    assert steps.per_epoch % steps.per_execution == 0
    assert n <= steps.per_epoch * batch_size < n + (8 + 1) * batch_size


def test_an_epochs_order_is_a_permutation_wrapped_around() -> None:
    order = epoch_order(10, 3, 4, seed=1, epoch=2)
    assert sorted(order.ravel()[:10]) == list(range(10))
    assert order.ravel()[10:].tolist() == order.ravel()[:2].tolist()
    assert np.array_equal(order, epoch_order(10, 3, 4, seed=1, epoch=2))
    assert not np.array_equal(order, epoch_order(10, 3, 4, seed=1, epoch=3))


def test_what_is_held_out_is_not_learned_from() -> None:
    learned, held_out = hold_out(50, 0.1, seed=0)
    assert len(held_out) == 5
    assert sorted([*learned, *held_out]) == list(range(50))


@pytest.mark.parametrize("hidden", [(), (20, 9)])
def test_an_autoencoder_and_its_mirror(hidden: tuple[int, ...]) -> None:
    model = build((10, 12), train_config(hidden=hidden, latent_dim=5))
    assert model.encoder.output_shape == (None, 5)
    assert model.whole.output_shape == (None, 10, 12)
    widths = [layer.units for layer in [*model.encoder.layers, *model.decoder.layers] if hasattr(layer, "units")]
    assert widths == [*hidden, 5, *reversed(hidden), 120]
    x = RNG.random((2, 10, 12)).astype(np.float32)
    assert tf.sigmoid(model.trained(x)).numpy() == pytest.approx(model.whole(x).numpy(), abs=1e-6)
    assert model.encoder(x).numpy().min() >= 0


def trained(config: TrainConfig, report: object = silent) -> tuple[Autoencoder, Fitted]:
    start_session(config.seed)
    model = build((10, 12), config)
    fitted = train_network(
        model.trained,
        losses.binary_crossentropy,
        Examples(IMAGES),
        optimization(config),
        report,  # type: ignore[arg-type]
        task="train",
        xla=True,
        shown={"test": Examples(IMAGES[:30])},
    )
    return model, fitted


SETTINGS = {"latent_dim": 8, "epochs": 4, "batch_size": 16, "sparsity_weight": 0.0}
QUICK = train_config(**SETTINGS)


@cache
def quick_once() -> tuple[Autoencoder, Fitted, list[Advance]]:
    """`QUICK`, trained for every test that only reads it, and what it told."""
    events: list[Advance] = []
    return *trained(QUICK, events.append), events


def quick(**settings: object) -> TrainConfig:
    return train_config(**{**SETTINGS, **settings})


def test_training_learns_and_tells() -> None:
    model, fitted, events = quick_once()
    assert fitted.history["loss"][-1] < 0.8 * fitted.history["loss"][0]
    x = (IMAGES[:30] / 255).astype(np.float32)
    expected = losses.binary_crossentropy(x, model.trained(x)).numpy().mean()
    assert fitted.history["test_loss"][-1] == pytest.approx(expected, rel=1e-5)
    assert events[-1].done == events[-1].total == 4
    assert {"loss", "test_loss", "images_per_second"} == set(events[-1].values)


def test_a_dense_code_is_lighter_for_its_trace_of_l1() -> None:
    means = list[float]()
    for model, fitted in (quick_once()[:2], trained(quick(sparsity_weight=1e-2))):
        assert ("penalty" in fitted.history) == bool(means)
        means.append(model.encoder(IMAGES / np.float32(255)).numpy().mean())
    assert means[1] < 0.9 * means[0]


@pytest.mark.usefixtures("compiled")
def test_the_same_seed_gives_the_same_weights() -> None:
    first, second = (trained(quick(epochs=2))[0].whole.get_weights() for _ in range(2))
    assert all(a.tobytes() == b.tobytes() for a, b in zip(first, second, strict=True))


def test_another_seed_gives_other_weights() -> None:
    first, other = (network.whole.get_weights() for network in (quick_once()[0], trained(quick(seed=1))[0]))
    assert all(a.tobytes() != b.tobytes() for a, b in zip(first, other, strict=True))


def test_the_test_images_choose_nothing() -> None:
    with_test = quick_once()[0].whole.get_weights()
    start_session(0)
    model = build((10, 12), QUICK)
    examples = Examples(IMAGES)
    train_network(
        model.trained, losses.binary_crossentropy, examples, optimization(QUICK), silent, task="train", xla=True
    )
    assert all(a.tobytes() == b.tobytes() for a, b in zip(with_test, model.whole.get_weights(), strict=True))


def test_patience_stops_and_keeps_the_best_weights() -> None:
    config = quick(epochs=40, patience=2, learning_rate=0.5, schedule="constant")
    model, fitted = trained(config)
    assert len(fitted.history["val_loss"]) < 40
    assert fitted.best_epoch == int(np.argmin(fitted.history["val_loss"])) + 1
    held_out = hold_out(len(IMAGES), config.code.training.validation_fraction, config.seed)[1]
    x = (IMAGES[held_out] / 255).astype(np.float32)
    kept = losses.binary_crossentropy(x, model.trained(x)).numpy().mean()
    assert kept == pytest.approx(min(fitted.history["val_loss"]), rel=1e-5)


def test_one_step_of_the_trainer_is_one_step_of_keras() -> None:
    start_session(0)
    model = build((10, 12), QUICK)
    twin = keras.models.clone_model(model.whole)
    twin.set_weights(model.whole.get_weights())
    trainer = IndexedTrainer(model.trained, losses.binary_crossentropy, Examples(IMAGES))
    trainer.compile(optimizer=keras.optimizers.Adam(1e-3))
    trainer.train_step(tf.range(16)[None])
    twin.compile(optimizer=keras.optimizers.Adam(1e-3), loss="binary_crossentropy")
    x = (IMAGES[:16] / 255).astype(np.float32)
    twin.train_on_batch(x, x)
    for ours, theirs in zip(model.whole.get_weights(), twin.get_weights(), strict=True):
        assert ours == pytest.approx(theirs, abs=2e-5)


def test_training_holds_a_byte_a_pixel_even_with_patience() -> None:
    def weigh(event: object) -> None:
        tensors = [each for each in gc.get_objects() if isinstance(each, type(examples.inputs))]
        ours = [each for each in tensors if each.shape[1:] == (11, 13) and each.shape[0] > 500]  # of no other test
        held.append(sum(each.numpy().nbytes for each in ours))

    start_session(0)
    model, held = build((11, 13), QUICK), list[int]()
    examples = Examples(RNG.integers(0, 256, (601, 11, 13)).astype(np.uint8))
    schedule = optimization(quick(patience=3, epochs=2))
    train_network(model.trained, losses.binary_crossentropy, examples, schedule, weigh, task="train", xla=True)
    assert set(held) == {601 * 11 * 13}


@pytest.mark.usefixtures("compiled")
def test_a_training_run_traces_two_graphs_however_long_it_is() -> None:
    """The step, in the loop of an execution, and the loss on the test images."""

    def counted(x: object, z: object) -> object:
        traces.append(x)
        return losses.binary_crossentropy(x, z)

    for epochs in (2, 9):
        traces: list[object] = []
        start_session(0)
        model, schedule = build((10, 12), QUICK), optimization(quick(epochs=epochs))
        shown = {"test": Examples(IMAGES[:30])}
        train_network(model.trained, counted, Examples(IMAGES), schedule, silent, task="train", xla=True, shown=shown)
        assert len(traces) == 2


def test_exports_give_the_same_numbers(tmp_path: object) -> None:
    from pathlib import Path

    folder = Path(str(tmp_path))
    model = build((10, 12), train_config(hidden=(20,), latent_dim=5))
    x = RNG.random((7, 10, 12)).astype(np.float32)
    codes = model.encoder(x).numpy()
    networks = [(model.encoder, x), (model.decoder, codes)]
    for number, (network, batch) in enumerate(networks):
        export_onnx(network, folder / f"{number}.onnx")
        exported = open_network(folder / f"{number}.onnx")
        assert exported(batch) == pytest.approx(network(batch).numpy(), abs=1e-5)
        assert exported(batch[:1]).shape[0] == 1


def test_steps_of_a_tiny_set() -> None:
    assert plan_steps(5, 5) == Steps(1, 1)


def test_a_gain_makes_the_first_code_larger_and_leaves_the_network_as_it_is() -> None:
    x, outputs = RNG.random((2, 10, 12)).astype(np.float32), []
    for gain in (1.0, 4.0):
        start_session(0)
        model = build((10, 12), train_config(latent_dim=5, code_gain=gain))
        outputs.append((model.encoder(x).numpy(), model.whole(x).numpy()))
    (plain, first), (larger, second) = outputs
    assert larger == pytest.approx(4 * plain, rel=1e-5)
    assert second == pytest.approx(first, abs=1e-6)
