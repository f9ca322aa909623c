from functools import cache
from pathlib import Path

import keras
import numpy as np
import pytest

from mnistae_cli.common.progress import silent
from mnistae_cli.data import hold_out
from mnistae_cli.networks.inference import open_network
from mnistae_cli.settings import L1
from mnistae_cli.settings.train import TrainConfig
from mnistae_cli.training.autoencoder import Autoencoder
from mnistae_cli.training.batches import Examples
from mnistae_cli.training.builders import can_use_xla
from mnistae_cli.training.export import export_onnx
from mnistae_cli.training.runtime import start_session
from mnistae_cli.training.sparsity import (
    SILENT,
    ActivityPenalty,
    BatchTopK,
    DeadUnitLoss,
    KLPenalty,
    L1Penalty,
    PreBias,
    TopK,
)
from mnistae_cli.training.steps import Fitted, train_network
from tests.builders import build, optimization, train_config
from tests.conftest import shapes

RNG = np.random.default_rng(0)
IMAGES = shapes(200, 0)[0]
MEAN = IMAGES.mean(axis=0) / 255
VARIANTS = ("l1", "kl", "topk", "batchtopk")


def values(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape).astype(np.float32)


def test_l1_is_one_numpy_line() -> None:
    z = values(6, 5)
    assert float(L1Penalty(0.3)(z)) == pytest.approx(0.3 * np.abs(z).sum(1).mean(), rel=1e-5)


def test_kl_is_one_numpy_line() -> None:
    z, p = RNG.random((6, 5)).astype(np.float32), 0.1
    q = z.mean(0)
    expected = 0.3 * (p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q))).sum()
    assert float(KLPenalty(0.3, p)(z)) == pytest.approx(expected, rel=1e-4)


def test_kl_is_least_at_its_target() -> None:
    assert float(KLPenalty(1.0, 0.25)(np.full((3, 4), 0.25, np.float32))) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_kl_is_finite_where_no_unit_or_every_unit_is_on(level: float) -> None:
    assert 0 < float(KLPenalty(1.0, 0.05)(np.full((3, 4), level, np.float32))) < 100


@pytest.mark.parametrize("penalty", [L1Penalty(0.3), KLPenalty(0.3, 0.1)], ids=["l1", "kl"])
def test_the_same_batch_twice_has_the_same_penalty(penalty: keras.regularizers.Regularizer) -> None:
    z = RNG.random((6, 5)).astype(np.float32)
    assert float(penalty(np.concatenate([z, z]))) == pytest.approx(float(penalty(z)), rel=1e-6)


def test_top_k_is_one_numpy_line() -> None:
    h = values(7, 9)
    h[0] = -1
    expected = np.where(h > np.sort(np.maximum(h, 0))[:, -4:-3], np.maximum(h, 0), 0)
    assert np.array_equal(TopK(3)(h), expected)


def test_top_k_keeps_at_most_k_even_of_equal_ones() -> None:
    h = np.array([[1, 1, 1, 1], [2, 1, 1, 0], [3, 2, 1, 0]], np.float32)
    assert (TopK(2)(h).numpy() > 0).sum(1).tolist() == [0, 1, 2]


def test_batch_top_k_is_one_numpy_line_while_training() -> None:
    h = values(7, 9)
    expected = np.where(h > np.sort(np.maximum(h, 0).ravel())[-7 * 3 - 1], h, 0)
    assert np.array_equal(BatchTopK(3)(h, training=True), expected)


def test_batch_top_k_has_a_fixed_threshold_afterwards() -> None:
    layer, batches = BatchTopK(3), [values(7, 9) for _ in range(5)]
    for h in batches:
        layer(h, training=True)
    learned = np.mean([np.sort(np.maximum(h, 0).ravel())[-7 * 3 - 1] for h in batches])
    assert float(layer.threshold) == pytest.approx(learned, rel=1e-5)
    h = values(4, 9)
    assert np.array_equal(layer(h), np.where(h > float(layer.threshold), h, 0))
    assert np.array_equal(layer(h)[:1], layer(h[:1]))
    assert float(layer.threshold) == pytest.approx(learned, rel=1e-5)


def test_the_penalty_is_warmed_up_while_training_and_whole_otherwise() -> None:
    layer, z = ActivityPenalty(L1Penalty(1.0), warmup_steps=4), np.ones((2, 3), np.float32)
    weights = []
    for _ in range(6):
        layer(z, training=True)
        weights.append(float(layer.losses[0]) / 3)
    assert weights == pytest.approx([0.25, 0.5, 0.75, 1, 1, 1])
    early = ActivityPenalty(L1Penalty(1.0), warmup_steps=4)
    assert np.array_equal(early(z), z)
    assert float(early.losses[0]) == 3


def test_the_pre_bias_comes_back() -> None:
    layer, x = PreBias(), values(4, 6)
    layer.build(x.shape)
    layer.bias.assign(values(6))
    assert layer(x).numpy() == pytest.approx(x - layer.bias.numpy())
    assert layer(layer(x), back=True).numpy() == pytest.approx(x, abs=1e-6)


def dead_unit_loss() -> DeadUnitLoss:
    atoms = keras.layers.Dense(3, use_bias=False)
    atoms.build((None, 4))
    layer = DeadUnitLoss(2, atoms)
    layer.build([(None, 3), (None, 3), (None, 4), (None, 4)])
    return layer


def test_a_unit_is_dead_when_it_was_silent_for_long() -> None:
    layer, (x, y, h) = dead_unit_loss(), (values(1, 3), values(1, 3), values(1, 4))
    z = np.array([[3, 0, 0, 0]], np.float32)
    layer([x, y, h, z], training=True)
    assert layer.silent.numpy().tolist() == [0, 1, 1, 1]
    assert float(layer.losses[0]) == 0
    layer.silent.assign([0, SILENT + 1, 0, 0])
    layer([x, y, h, z], training=True)
    assert float(layer.losses[0]) > 0
    layer([x, y, h, z])
    assert layer.losses == []
    assert layer.silent.numpy().tolist() == [0, SILENT + 2, 1, 1]


def test_the_loss_of_dead_units_is_one_numpy_line() -> None:
    layer, (x, y, z) = dead_unit_loss(), (values(5, 3), values(5, 3), np.zeros((5, 4), np.float32))
    h = np.tile(np.array([3, -2, -1, -3], np.float32), (5, 1))
    layer.silent.assign([0, SILENT + 1, SILENT + 1, SILENT + 1])
    assert np.array_equal(layer([x, y, h, z], training=True), y)
    predicted = h[:, 1:3] @ layer.atoms.kernel.numpy()[1:3]
    assert float(layer.losses[0]) == pytest.approx(((x - y - predicted) ** 2).mean() / 32, rel=1e-5)


PIECES = [
    ActivityPenalty(KLPenalty(0.2, 0.1), 7),
    TopK(3),
    BatchTopK(3),
    DeadUnitLoss(2, keras.layers.Dense(3, use_bias=False)),
    PreBias(),
]


@pytest.mark.parametrize("piece", PIECES, ids=lambda piece: type(piece).__name__)
def test_pieces_survive_keras_serialisation(piece: keras.layers.Layer) -> None:
    twin = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(piece))
    assert type(twin) is type(piece)
    assert keras.saving.serialize_keras_object(twin) == keras.saving.serialize_keras_object(piece)


def config_of(variant: str, **settings: object) -> TrainConfig:
    values = {"latent_dim": 30, "epochs": 12, "batch_size": 16, "learning_rate": 1e-2} | settings
    if variant in ("topk", "batchtopk"):
        values |= {"k": 4}
    return train_config(model="sparse", sparsity=variant, **values)


@cache
def trained(config: TrainConfig) -> tuple[Autoencoder, Fitted]:
    start_session(config.seed)
    model = build(IMAGES, config, steps=150)
    fitted = train_network(
        model.trained,
        model.loss,
        Examples(IMAGES),
        optimization(config),
        silent,
        task="train",
        xla=can_use_xla(config.code),
        shown={"test": Examples(IMAGES[:30])},
    )
    return model, fitted


X = (IMAGES / 255).astype(np.float32)


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_sparse_autoencoder_learns_and_its_exports_give_the_same_numbers(variant: str, tmp_path: Path) -> None:
    model, fitted = trained(config_of(variant))
    assert fitted.history["loss"][-1] < 0.7 * fitted.history["loss"][0]
    assert min(fitted.history["penalty"]) >= 0
    codes = model.encoder(X).numpy()
    whole = model.whole(X).numpy()
    assert ((X[:30] - model.trained(X[:30]).numpy()) ** 2).mean() == pytest.approx(
        fitted.history["test_loss"][-1], rel=1e-4
    )
    for network, batch, expected in ((model.encoder, X, codes), (model.decoder, codes, whole)):
        export_onnx(network, tmp_path / "network.onnx")
        assert open_network(tmp_path / "network.onnx")(batch) == pytest.approx(expected, abs=1e-5)
    model.whole.save(tmp_path / "whole.keras")
    assert keras.saving.load_model(tmp_path / "whole.keras")(X).numpy() == pytest.approx(whole, abs=1e-6)


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_picture_is_the_sum_of_atoms_of_length_one(variant: str) -> None:
    model, _ = trained(config_of(variant))
    atoms = model.atoms.numpy()
    assert np.linalg.norm(atoms, axis=1) == pytest.approx(np.ones(30), abs=1e-4)
    bias = model.encoder.get_layer("pre_bias").bias.numpy()
    summed = (bias + model.encoder(X).numpy() @ atoms).reshape(X.shape)
    assert model.trained(X).numpy() == pytest.approx(summed, abs=1e-4)
    assert model.whole(X).numpy() == pytest.approx(summed.clip(0, 1), abs=1e-4)


def test_the_encoder_starts_as_the_decoders_transpose_and_the_bias_at_the_mean() -> None:
    model = build(IMAGES, config_of("topk"), steps=0)
    assert np.array_equal(model.encoder.get_layer("units").kernel, model.atoms.numpy().T)
    assert model.encoder.get_layer("pre_bias").bias.numpy() == pytest.approx(MEAN.ravel(), abs=1e-6)
    deep = build(IMAGES, config_of("topk", hidden=(20,)), steps=0)
    assert deep.encoder.get_layer("units").kernel.shape == (20, 30)


def test_top_k_codes_have_at_most_k_active_units_and_batch_top_k_about_k() -> None:
    top, batch = (trained(config_of(variant))[0].encoder(X).numpy() for variant in ("topk", "batchtopk"))
    assert (top > 0).sum(1).max() <= 4
    assert (batch > 0).sum(1).mean() == pytest.approx(4, rel=0.1)
    assert (batch > 0).sum(1).std() > 0


def test_kl_codes_have_the_mean_activation_they_are_to_have() -> None:
    model, _ = trained(config_of("kl", sparsity_target=0.1, sparsity_weight=0.1, epochs=40))
    assert model.encoder(X).numpy().mean() == pytest.approx(0.1, rel=0.2)


def test_a_heavier_l1_penalty_leaves_fewer_active() -> None:
    light, heavy = (
        (trained(config_of("l1", sparsity_weight=weight))[0].encoder(X).numpy() > 0).mean() for weight in (1e-4, 1e-2)
    )
    assert heavy < light


def test_dead_units_come_back() -> None:
    alive = {}
    for aux_k in (0, 16):
        config = config_of("topk", aux_k=aux_k, epochs=100)
        start_session(0)
        model = build(IMAGES, config, steps=0)
        model.encoder.get_layer("units").bias.assign(np.where(np.arange(30) < 15, 0, -3))  # half of them never fire
        examples, loss = Examples(IMAGES), model.loss
        train_network(model.trained, loss, examples, optimization(config), silent, task="train", xla=False)
        alive[aux_k] = (model.encoder(X).numpy() > 0).any(axis=0).sum()
    assert alive[0] <= 15 < alive[16]


def test_the_same_seed_gives_the_same_weights() -> None:
    config = config_of("batchtopk")
    first, second = (make(config)[0].whole.get_weights() for make in (trained, trained.__wrapped__))
    assert all(a.tobytes() == b.tobytes() for a, b in zip(first, second, strict=True))


def test_what_stops_the_training_counts_the_penalty_and_what_is_shown_does_not() -> None:
    config = config_of("l1", patience=50, sparsity_warmup=1.0)
    model, fitted = trained(config)
    _, held_out = hold_out(len(X), config.code.training.validation_fraction, config.seed)
    codes, sums = model.encoder(X[held_out]).numpy(), model.trained(X[held_out]).numpy()
    assert isinstance(config.code, L1)
    penalty = config.code.sparsity_weight * codes.sum(axis=1).mean()
    expected = ((X[held_out] - sums) ** 2).mean() + penalty
    assert min(fitted.history["val_loss"]) == pytest.approx(expected, rel=1e-4)
    shown = ((X[:30] - model.trained(X[:30]).numpy()) ** 2).mean()
    assert fitted.history["test_loss"][fitted.best_epoch - 1] == pytest.approx(shown, rel=1e-4)


def test_patience_keeps_the_threshold_of_the_best_epoch() -> None:
    model, fitted = trained(config_of("batchtopk", patience=2, epochs=30))
    assert fitted.best_epoch <= len(fitted.history["val_loss"])
    assert float(model.encoder.get_layer("code").threshold) > 0
