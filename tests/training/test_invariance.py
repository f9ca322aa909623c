"""The invariant code: its loss, its views, its network."""

from pathlib import Path

import keras
import numpy as np
import pytest

from mnistae_cli.networks.inference import open_network
from mnistae_cli.training.autoencoder import FusedNormalization
from mnistae_cli.training.batches import Batches, Examples, Steps
from mnistae_cli.training.export import export_onnx
from mnistae_cli.training.invariance import Agreement, Views, assignment_loss, shift
from mnistae_cli.training.runtime import start_session
from tests.builders import build, train_config

RNG = np.random.default_rng(0)
IMAGES = RNG.random((6, 10, 12)).astype(np.float32)
SMALL = train_config(model="invariant", latent_dim=9, channels=(4, 5), n_heads=3, n_clusters=4)


def softmax(z: np.ndarray) -> np.ndarray:
    e = np.exp(z)
    return np.asarray(e / e.sum(-1, keepdims=True), np.float32)


P, Q = softmax(RNG.normal(size=(2, 50, 2, 3)))


def test_the_assignment_loss_is_numpys() -> None:
    expected = []
    for head in range(2):
        joint = (P[:, head].T @ Q[:, head] + Q[:, head].T @ P[:, head]) / (2 * len(P))
        m = joint.sum(0)
        expected.append(-(joint * np.log(joint)).sum() + 2 * 1.7 * (m * np.log(m)).sum())
    assert np.asarray(assignment_loss(P, Q, 1.7)) == pytest.approx(np.array(expected), rel=1e-5)
    assert np.asarray(assignment_loss(Q, P, 1.7)) == pytest.approx(np.array(expected), rel=1e-5)


def test_sure_balanced_equal_assignments_have_the_least_loss() -> None:
    one_hot = np.eye(5, dtype=np.float32)[np.arange(100) % 5][:, None]
    least = (1 - 2 * 2.5) * np.log(5)
    assert float(assignment_loss(one_hot, one_hot, 2.5)[0]) == pytest.approx(least, abs=1e-4)
    uneven = np.eye(5, dtype=np.float32)[np.arange(100) % 4][:, None]
    unsure = np.full_like(one_hot, 0.2)
    for other in (uneven, unsure):
        assert float(assignment_loss(other, other, 2.5)[0]) > least + 0.1
    assert float(assignment_loss(one_hot, RNG.permutation(one_hot), 2.5)[0]) > least + 0.1


def test_agreement_adds_the_loss_and_keeps_the_first_view() -> None:
    codes = RNG.random((100, 7)).astype(np.float32)
    layer = Agreement(1.7)
    kept = layer([np.concatenate([P, Q]), codes], training=True)
    assert np.array_equal(kept, codes[:50])
    assert float(layer.losses[0]) == pytest.approx(float(np.mean(assignment_loss(P, Q, 1.7))), rel=1e-6)
    assert Agreement.from_config(layer.get_config()).entropy_weight == 1.7


def test_outside_of_training_one_view_stands_for_two_equal_ones() -> None:
    pairs = np.stack([IMAGES, IMAGES], axis=1)
    assert np.array_equal(Views()(pairs, training=True), np.concatenate([IMAGES, IMAGES]))
    assert np.array_equal(Views()(pairs), IMAGES)
    layer, codes = Agreement(1.7), RNG.random((50, 7)).astype(np.float32)
    assert np.array_equal(layer([P, codes]), codes)
    assert float(layer.losses[0]) == pytest.approx(float(np.mean(assignment_loss(P, P, 1.7))), rel=1e-6)


def test_an_image_is_looked_at_in_five_places() -> None:
    same, down, up, right, left = np.asarray(shift(IMAGES, 2)).transpose(1, 0, 2, 3)
    assert np.array_equal(same, IMAGES)
    assert np.array_equal(down[:, 2:], IMAGES[:, :-2])
    assert not down[:, :2].any()
    assert np.array_equal(up[:, :-2], IMAGES[:, 2:])
    assert np.array_equal(right[:, :, 2:], IMAGES[:, :, :-2])
    assert np.array_equal(left[:, :, :-2], IMAGES[:, :, 2:])


def test_the_code_is_every_heads_probabilities_and_a_direction() -> None:
    model = build((10, 12), SMALL)
    codes = model.encoder(IMAGES).numpy()
    assert codes.shape == (6, 3 * 4 + 9)
    assert codes[:, :12].reshape(6, 3, 4).sum(-1) == pytest.approx(1, abs=1e-5)
    assert 0 < np.linalg.norm(codes[:, 12:], axis=1).max() <= 0.3 + 1e-5
    assert codes.min() >= 0


def test_the_code_is_the_mean_of_the_five_places_and_its_file_is_always_the_same(tmp_path: Path) -> None:
    files = set()
    for number in range(4):
        start_session(0)
        model = build((10, 12), SMALL)
        export_onnx(model.encoder, tmp_path / f"{number}.onnx")
        files.add((tmp_path / f"{number}.onnx").read_bytes())
    assert len(files) == 1
    places = np.asarray(shift(IMAGES, 1)).reshape(-1, 10, 12)
    codes = model.trained.get_layer("of_view")(places)[2].numpy().reshape(6, 5, -1)
    assert model.encoder(IMAGES).numpy() == pytest.approx(codes.mean(axis=1), abs=1e-6)


def test_encoder_decoder_and_onnx_agree_and_the_file_loads(tmp_path: Path) -> None:
    model = build((10, 12), SMALL)
    pairs = np.stack([IMAGES, IMAGES[::-1]], axis=1)
    model.trained(pairs, training=True)  # moves the running means of the normalisation
    export_onnx(model.encoder, tmp_path / "encoder.onnx")
    codes = model.encoder(IMAGES).numpy()
    assert open_network(tmp_path / "encoder.onnx")(IMAGES) == pytest.approx(codes, abs=1e-5)
    assert model.whole(IMAGES).numpy() == pytest.approx(model.decoder(codes).numpy(), abs=1e-6)
    model.whole.save(tmp_path / "autoencoder.keras")
    loaded = keras.models.load_model(tmp_path / "autoencoder.keras", safe_mode=True)
    assert loaded(IMAGES).numpy() == pytest.approx(model.whole(IMAGES).numpy(), abs=1e-6)


@pytest.mark.parametrize(("height", "width"), [(8, 8), (28, 28), (9, 31), (3, 3)])
def test_images_of_any_size_have_a_code(height: int, width: int) -> None:
    model = build((height, width), SMALL)
    assert model.encoder(np.zeros((2, height, width), np.float32)).shape == (2, 21)
    planes = [
        layer.output.shape[1:3] for layer in model.trained.get_layer("of_view").layers if "volution" in layer.name
    ]
    assert all(min(plane) >= min(4, height, width) for plane in planes)


def test_the_fused_normalisation_is_keras_own() -> None:
    planes = RNG.normal(2, 3, (20, 5, 6, 4)).astype(np.float32)
    ours, keras_own = FusedNormalization(momentum=0.9), keras.layers.BatchNormalization(momentum=0.9)
    for _ in range(3):
        assert ours(planes, training=True).numpy() == pytest.approx(keras_own(planes, training=True).numpy(), abs=1e-4)
    # of the running variance TensorFlow's operation takes the unbiased one, n / (n - 1) of Keras'
    for mine, theirs in zip(ours.get_weights(), keras_own.get_weights(), strict=True):
        assert mine == pytest.approx(theirs, rel=3e-3)
    assert ours(planes).numpy() == pytest.approx(keras_own(planes).numpy(), abs=2e-2)


def test_pairs_are_of_an_image_and_itself_or_a_neighbor_that_is_learned_from() -> None:
    neighbors = np.array([[1, 2], [0, 2], [0, 1], [0, 1]], np.int32)
    examples = Examples(np.arange(4, dtype=np.float32), neighbors=neighbors)
    learned = np.array([0, 1, 3])
    epochs = np.concatenate(list(Batches(examples, learned, Steps(100, 10), 30, epochs=2, seed=0).after(0)))
    assert epochs.shape == (200, 30, 2)
    first, second = epochs.reshape(-1, 2).T
    assert set(first) == {0, 1, 3}
    assert set(second) == {0, 1, 3}
    assert all(b == a or b in neighbors[a] for a, b in zip(first, second, strict=True))
    assert 0.2 < (first != second).mean() < 0.45  # a half, less the neighbors that are held out
    assert not np.array_equal(epochs[:100], epochs[100:])
    inputs, targets = examples.take(epochs[0])
    assert np.array_equal(inputs, epochs[0])
    assert np.array_equal(targets, epochs[0][:, 0])


def test_without_neighbors_an_image_is_beside_itself() -> None:
    examples = Examples(np.arange(4, dtype=np.float32), neighbors=np.empty((4, 0), np.int32))
    assert examples.pair(np.array([2, 0]), 0, 0).tolist() == [[2, 2], [0, 0]]
    plain = Examples(np.arange(4, dtype=np.float32))
    assert plain.pair(np.array([2, 0]), 0, 0).tolist() == [2, 0]
