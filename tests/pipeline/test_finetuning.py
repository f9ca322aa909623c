"""Encoder and head together: what is learned from, what is left, and which labels it reads."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from mnistae_cli.training.batches import Examples
from mnistae_cli.training.finetuning import SelfTraining, labeled_loss
from tests.conftest import QUICK, Mnistae, assert_two_lines, shapes
from tests.pipeline.conftest import FEW, bytes_of, manifest, permute_others

RNG = np.random.default_rng(0)


def test_self_training_is_one_numpy_line() -> None:
    layer = SelfTraining(threshold=0.6, weight=0.3)
    logits = RNG.normal(0, 2, (12, 3)).astype(np.float32)
    labelled, strong, weak = np.split(logits, 3)
    assert np.array_equal(layer([logits[:8], weak]), labelled)
    p, q = (np.exp(each) / np.exp(each).sum(1, keepdims=True) for each in (weak, strong))
    sure = p.max(1) >= 0.6
    assert 0 < sure.sum() < 4
    expected = 0.3 * (sure * -np.log(q[np.arange(4), p.argmax(1)])).sum() / 4
    assert float(layer.losses[0]) == pytest.approx(expected, rel=1e-5)


def test_the_weak_view_is_not_learned_from() -> None:
    import tensorflow as tf

    learned, weak = (tf.Variable(RNG.normal(0, 3, (n, 3)).astype(np.float32)) for n in (4, 2))
    layer = SelfTraining(threshold=0.0, weight=1.0)
    with tf.GradientTape() as tape:
        layer([learned, weak])
        loss = tf.add_n(layer.losses)
    gradient, of_weak = tape.gradient(loss, [learned, weak])
    assert np.abs(gradient[2:]).max() > 0
    assert not gradient.numpy()[:2].any()
    assert of_weak is None


@pytest.mark.parametrize(("n_labelled", "weight"), [(1, 0.06), (10, 0.6), (100, 1.0)])
def test_a_label_weighs_at_most_as_much_as_sixty_images(n_labelled: int, weight: float) -> None:
    logits, labels = RNG.normal(0, 1, (5, 4)).astype(np.float32), np.array([0, 1, 2, 3, 0])
    crossentropy = -np.log(np.exp(logits) / np.exp(logits).sum(1, keepdims=True))[np.arange(5), labels]
    found = np.asarray(labeled_loss(n_labelled, 1000, 4)(labels, logits))
    assert found == pytest.approx(weight * crossentropy, rel=1e-5)


def test_a_labelled_example_is_put_before_each_other() -> None:
    drawn = np.array([3, 7, 8])
    examples = Examples(np.arange(10, dtype=np.float32)[:, None], np.arange(10), labelled=drawn)
    pairs = examples.pair(np.arange(10), seed=1, epoch=0)
    assert pairs[:, 1].tolist() == list(range(10))
    assert set(pairs[:, 0]) <= set(drawn)
    inputs, targets = examples.take(pairs)
    assert inputs.shape == (10, 2, 1)
    assert targets.numpy().tolist() == pairs[:, 0].tolist()
    assert not np.array_equal(pairs, examples.pair(np.arange(10), seed=1, epoch=1))


def test_what_is_left_is_whole_scored_and_used(finetuned: Path, tmp_path: Path, mnistae: Mnistae) -> None:
    root = finetuned
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
    np.save(tmp_path / "images.npy", images)
    told = json.loads(mnistae("predict", tmp_path / "images.npy", "--no-frame", "-a", root, "--json").out)
    assert [each["probability"] for each in told["predictions"]] == pytest.approx(probabilities.max(1), abs=1e-5)
    assert "up to date" in mnistae("finetune", "-a", root, *FEW).err


def test_it_learns(invariant: Path, mnistae: Mnistae) -> None:
    quick = ("--labels", "60", "--batch-size", "32", "--epochs")
    accuracies = []
    for epochs in ("1", "16"):
        assert mnistae("finetune", "-a", invariant, *quick, epochs, "-q").code == 0
        scores = json.loads(mnistae("evaluate", "-a", invariant, "--no-figures", "--json").out)
        accuracies.append(scores["finetuned"]["test"]["accuracy"])
    assert accuracies[1] > max(accuracies[0], 0.8)


def test_labels_outside_the_draw_are_never_read(
    finetuned: Path, shapes_npz: Path, tmp_path: Path, mnistae: Mnistae
) -> None:
    invariant, stratified = finetuned, bytes_of(finetuned / "finetune")
    np.save(tmp_path / "few.npy", drawn := np.load(invariant / "finetune" / "labelled_indices.npy"))
    others = permute_others(shapes_npz, drawn, tmp_path / "permuted.npz")
    assert mnistae("encode", "--dataset", others, "-a", invariant, "-q").code == 0
    assert mnistae("finetune", "-a", invariant, *FEW[2:], "--indices", tmp_path / "few.npy", "-q").code == 0
    assert bytes_of(invariant / "finetune") == stratified
    assert len(stratified) == 5


@pytest.mark.parametrize(
    ("settings", "learns_from_others"),
    [
        ({"per_class": 1, "augment": 0, "ema": 0, "threshold": 0.0}, True),
        ({"per_class": 5, "unlabeled_weight": 0, "schedule": "constant", "threshold": 0.0}, False),
    ],
)
def test_its_settings_can_be_changed(
    settings: dict[str, Any], learns_from_others: bool, finished: Path, mnistae: Mnistae
) -> None:
    options = [word for name, value in settings.items() for word in (f"--{name.replace('_', '-')}", str(value))]
    result = mnistae("finetune", "-a", finished, *options, "--epochs", "1", "--batch-size", "64")
    assert result.code == 0, result.err
    assert np.isfinite(np.load(finished / "finetune" / "probabilities_test.npy")).all()
    assert manifest(finished, "finetune")["config"].items() >= settings.items()
    drawn = np.load(finished / "finetune" / "labelled_indices.npy")
    labels = np.load(finished / "encode" / "labels_train.npy")[drawn]
    assert np.bincount(labels).tolist() == [settings["per_class"]] * 3
    (epoch,) = np.genfromtxt(finished / "finetune" / "history.csv", delimiter=",", names=True, ndmin=1)
    assert (epoch["penalty"] > 0) == learns_from_others, epoch  # of the other images, if one is sure enough


@pytest.mark.slow
@pytest.mark.parametrize("code", ["kl", "batchtopk"])
def test_every_sparse_code_can_be_finetuned(
    code: str, sparse_once: Callable[[str], Path], tmp_path: Path, mnistae: Mnistae
) -> None:
    root = Path(shutil.copytree(sparse_once(code), tmp_path / "artifacts"))
    result = mnistae("finetune", *FEW, "-a", root, "-q")
    assert result.code == 0, result.err
    told = np.load(root / "finetune" / "probabilities_test.npy")
    assert told.sum(1) == pytest.approx(np.ones(60), abs=1e-5)


@pytest.mark.slow
def test_a_dense_code_of_convolutions_can_be_finetuned(shapes_npz: Path, tmp_path: Path, mnistae: Mnistae) -> None:
    code = ("--channels", "4", "--noise", "0.1")
    for command in (("train", "--dataset", shapes_npz, *QUICK, *code), ("encode",), ("finetune", *FEW)):
        result = mnistae(*command, "-a", tmp_path, "-q")
        assert result.code == 0, result.err
    told = np.load(tmp_path / "finetune" / "probabilities_test.npy")
    assert told.sum(1) == pytest.approx(np.ones(60), abs=1e-5)


def test_the_mean_of_the_weights_is_kept(finetuned: Path, mnistae: Mnistae) -> None:
    assert manifest(finetuned, "finetune")["config"]["ema"] == 0.99
    averaged = np.load(finetuned / "finetune" / "probabilities_test.npy")
    assert mnistae("finetune", "-a", finetuned, *FEW, "--ema", "0", "-q").code == 0
    last = np.load(finetuned / "finetune" / "probabilities_test.npy")
    assert np.abs(last - averaged).max() > 1e-3


def test_without_labels_there_is_nothing_to_finetune_by(plain: Path, mnistae: Mnistae) -> None:
    assert_two_lines(mnistae("finetune", "-a", plain), 3, "no labels of two classes", "mnistae label")
