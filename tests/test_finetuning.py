"""Encoder and head together: what is learned from, what is left, and which labels it reads."""

import json
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest

from mnistae_cli.nets.batches import Examples
from mnistae_cli.nets.finetuning import SelfTraining, labelled_loss
from tests.conftest import QUICK, Mnistae, assert_two_lines, exit_code, shapes, write_shapes
from tests.test_few_labels import bytes_of, manifest, permute_others
from tests.test_invariant_pipeline import INVARIANT

RNG = np.random.default_rng(0)
FEW = ("--labels", "31", "--epochs", "2", "--batch-size", "32")


def test_self_training_is_one_numpy_line() -> None:
    layer = SelfTraining(threshold=0.6, weight=0.3)
    logits = RNG.normal(0, 2, (12, 3)).astype(np.float32)
    labelled, weak, strong = np.split(logits, 3)
    assert np.array_equal(layer(logits), labelled)
    p, q = (np.exp(each) / np.exp(each).sum(1, keepdims=True) for each in (weak, strong))
    sure = p.max(1) >= 0.6
    assert 0 < sure.sum() < 4
    expected = 0.3 * (sure * -np.log(q[np.arange(4), p.argmax(1)])).sum() / 4
    assert float(layer.losses[0]) == pytest.approx(expected, rel=1e-5)


def test_the_weak_view_is_not_learned_from() -> None:
    import tensorflow as tf

    logits = tf.Variable(RNG.normal(0, 3, (6, 3)).astype(np.float32))
    layer = SelfTraining(threshold=0.0, weight=1.0)
    with tf.GradientTape() as tape:
        layer(logits)
        loss = tf.add_n(layer.losses)
    gradient = tape.gradient(loss, logits).numpy()
    assert np.abs(gradient[4:]).max() > 0
    assert not gradient[:4].any()


@pytest.mark.parametrize(("n_labelled", "weight"), [(1, 0.06), (10, 0.6), (100, 1.0)])
def test_a_label_weighs_at_most_as_much_as_sixty_images(n_labelled: int, weight: float) -> None:
    logits, labels = RNG.normal(0, 1, (5, 4)).astype(np.float32), np.array([0, 1, 2, 3, 0])
    crossentropy = -np.log(np.exp(logits) / np.exp(logits).sum(1, keepdims=True))[np.arange(5), labels]
    found = np.asarray(labelled_loss(n_labelled, 1000, 4)(labels, logits))
    assert found == pytest.approx(weight * crossentropy, rel=1e-5)


def test_a_labelled_example_is_put_before_each_other() -> None:
    drawn = np.array([3, 7, 8])
    examples = Examples(np.arange(10, dtype=np.float32)[:, None], np.arange(10), labelled=drawn)
    pairs = examples.beside(np.arange(10), seed=1, epoch=0)
    assert pairs[:, 1].tolist() == list(range(10))
    assert set(pairs[:, 0]) <= set(drawn)
    inputs, targets = examples.take(pairs)
    assert inputs.shape == (10, 2, 1)
    assert targets.numpy().tolist() == pairs[:, 0].tolist()
    assert not np.array_equal(pairs, examples.beside(np.arange(10), seed=1, epoch=1))


@pytest.fixture(scope="module")
def invariant_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data of shapes, and an invariant autoencoder of them with its features. Do not touch."""
    folder = tmp_path_factory.mktemp("invariant")
    data = write_shapes(folder / "shapes.npz")
    for command in (("train", "--dataset", str(data), *INVARIANT, "--clusters", "3"), ("encode",)):
        assert exit_code(["mnistae", *command, "-a", str(folder / "artifacts"), "-q"]) == 0
    return folder


@pytest.fixture
def invariant(invariant_once: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(invariant_once, tmp_path / "copy"))


def test_what_is_left_is_whole_scored_and_used(invariant: Path, mnistae: Mnistae) -> None:
    root = invariant / "artifacts"
    assert mnistae("classify", "-a", root, "--head", "prototypes", "-q").code == 0
    result = mnistae("finetune", "-a", root, *FEW)
    assert result.code == 0, result.err
    assert {path.name for path in (root / "finetune").iterdir()} == {
        "finetuned.keras", "encoder.onnx", "classifier.onnx", "probabilities_test.npy", "labelled_indices.npy",
        "history.csv", "manifest.json",
    }  # fmt: skip
    assert (root / "finetune" / "history.csv").read_text().startswith("epoch,loss,penalty\n")
    probabilities = np.load(root / "finetune" / "probabilities_test.npy")
    assert probabilities.shape == (60, 3)
    images = shapes(60, 2)[0]
    whole = keras.models.load_model(root / "finetune" / "finetuned.keras", safe_mode=True)
    assert whole(images / np.float32(255)).numpy() == pytest.approx(probabilities, abs=1e-4)
    scores = json.loads(mnistae("evaluate", "-a", root, "--no-figures", "--json").out)["finetuned"]
    labels = np.load(root / "encode" / "labels_test.npy")
    assert scores["labels_used"] == 31
    assert scores["test"]["accuracy"] == pytest.approx((probabilities.argmax(1) == labels).mean())
    assert "fine-tuned accuracy" in mnistae("evaluate", "-a", root, "--no-figures").out
    gate = ("--fail-under", "finetuned.test.accuracy=1.1")
    assert mnistae("evaluate", "-a", root, "--no-figures", *gate).code == 5
    np.save(invariant / "images.npy", images)
    told = json.loads(mnistae("predict", invariant / "images.npy", "--no-frame", "-a", root, "--json").out)
    assert [each["probability"] for each in told["predictions"]] == pytest.approx(probabilities.max(1), abs=1e-5)
    assert "up to date" in mnistae("finetune", "-a", root, *FEW).err


def test_it_learns(invariant: Path, mnistae: Mnistae) -> None:
    root = invariant / "artifacts"
    quick = ("--labels", "60", "--batch-size", "32", "--epochs")
    accuracies = []
    for epochs in ("1", "12"):
        assert mnistae("finetune", "-a", root, *quick, epochs, "-q").code == 0
        scores = json.loads(mnistae("evaluate", "-a", root, "--no-figures", "--json").out)
        accuracies.append(scores["finetuned"]["test"]["accuracy"])
    assert accuracies[1] > max(accuracies[0], 0.8)


def test_labels_outside_the_draw_are_never_read(invariant: Path, mnistae: Mnistae) -> None:
    root = invariant / "artifacts"
    assert mnistae("finetune", "-a", root, *FEW, "-q").code == 0
    stratified = bytes_of(root / "finetune")
    np.save(invariant / "few.npy", drawn := np.load(root / "finetune" / "labelled_indices.npy"))
    others = permute_others(invariant / "shapes.npz", drawn)
    assert mnistae("encode", "--dataset", others, "-a", root, "-q").code == 0
    assert mnistae("finetune", "-a", root, *FEW[2:], "--indices", invariant / "few.npy", "-q").code == 0
    assert bytes_of(root / "finetune") == stratified
    assert len(stratified) == 5


@pytest.mark.parametrize(
    "options",
    [
        ("--per-class", "1", "--augment", "0", "--ema", "0"),
        ("--per-class", "5", "--unlabelled-weight", "0", "--schedule", "constant", "--threshold", "0"),
    ],
)
def test_its_settings_can_be_changed(options: tuple[str, ...], finished: Path, mnistae: Mnistae) -> None:
    result = mnistae("finetune", "-a", finished, *options, "--epochs", "1", "--batch-size", "64")
    assert result.code == 0, result.err
    assert np.isfinite(np.load(finished / "finetune" / "probabilities_test.npy")).all()
    assert manifest(finished, "finetune")["config"]["per_class"] in (1, 5)


@pytest.mark.parametrize(
    "code",
    [
        ("--model", "sparse", "--sparsity", "kl"),
        ("--model", "sparse", "--sparsity", "batchtopk", "--k", "3"),
        ("--channels", "4", "--noise", "0.1"),
    ],
)
def test_every_kind_of_code_can_be_finetuned(
    code: tuple[str, ...], shapes_npz: Path, tmp_path: Path, mnistae: Mnistae
) -> None:
    for command in (("train", "--dataset", shapes_npz, *QUICK, *code), ("encode",), ("finetune", *FEW)):
        result = mnistae(*command, "-a", tmp_path, "-q")
        assert result.code == 0, result.err
    told = np.load(tmp_path / "finetune" / "probabilities_test.npy")
    assert told.sum(1) == pytest.approx(np.ones(60), abs=1e-5)


def test_the_mean_of_the_weights_is_kept(finished: Path, mnistae: Mnistae) -> None:
    told = []
    for ema in ("0", "0.99"):
        assert mnistae("finetune", "-a", finished, *FEW, "--ema", ema, "-q").code == 0
        told.append(np.load(finished / "finetune" / "probabilities_test.npy"))
    assert np.abs(told[0] - told[1]).max() > 1e-3


def test_without_labels_there_is_nothing_to_finetune_by(tmp_path: Path, mnistae: Mnistae) -> None:
    data = write_shapes(tmp_path / "plain.npz", labelled=False)
    for command in (("train", "--dataset", data, *QUICK), ("encode",)):
        assert mnistae(*command, "-a", tmp_path / "a", "-q").code == 0
    assert_two_lines(mnistae("finetune", "-a", tmp_path / "a"), 3, "no labels of two classes", "mnistae label")
