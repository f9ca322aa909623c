"""Few labels: which are drawn, what learns from them, and that no other is read."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import LEAN, QUICK, SECOND, Mnistae, assert_two_lines, shapes
from tests.pipeline.conftest import bytes_of, graft, manifest, permute_others

HEADS = ("mlp", "linear", "prototypes")


@pytest.mark.parametrize("head", HEADS)
def test_every_head_learns_is_scored_and_predicts(head: str, finished: Path, tmp_path: Path, mnistae: Mnistae) -> None:
    fitted = mnistae("classify", "-a", finished, "--head", head, "--per-class", "20", "--no-stratify", "-q")
    assert_two_lines(fitted, 2, "--per-class and --no-stratify")
    assert mnistae("classify", "-a", finished, "--head", head, "--per-class", "20", "-q").code == 0
    labels = np.load(finished / "encode" / "labels_train.npy")
    drawn = np.load(finished / "classify" / "labelled_indices.npy")
    assert np.bincount(labels[drawn]).tolist() == [20, 20, 20]
    scores = json.loads(mnistae("evaluate", "-a", finished, "--no-figures", "--json").out)["classifier"]
    assert scores["labels_used"] == 60
    assert scores["train"]["accuracy"] > 0.4
    probabilities, test_labels = (
        np.load(finished / name) for name in ("classify/probabilities_test.npy", "encode/labels_test.npy")
    )
    confidence, right = probabilities.max(1).astype(float), probabilities.argmax(1) == test_labels
    bins = [np.floor(confidence * 15) == number for number in range(15)]
    gaps = [abs(right[each].mean() - confidence[each].mean()) * each.mean() for each in bins if each.any()]
    assert scores["test"]["expected_calibration_error"] == pytest.approx(sum(gaps), abs=1e-6)
    surest = np.argsort(-confidence, kind="stable")[:54]
    assert scores["test"]["error_at_coverage_90"] == pytest.approx(1 - right[surest].mean())
    images = shapes(60, 2)[0]
    np.save(tmp_path / "images.npy", images)
    told = json.loads(mnistae("predict", tmp_path / "images.npy", "--no-frame", "-a", finished, "--json").out)
    assert [each["probability"] for each in told["predictions"]] == pytest.approx(probabilities.max(1), abs=1e-5)


def test_prototypes_on_one_label_a_class_are_its_features(finished: Path, mnistae: Mnistae) -> None:
    result = mnistae("classify", "-a", finished, "--head", "prototypes", "--per-class", "1")
    assert "too few labels: none can be held out" in result.err
    drawn = np.load(finished / "classify" / "labelled_indices.npy")
    labels = np.load(finished / "encode" / "labels_train.npy")[drawn]
    means = np.load(finished / "encode" / "features_train.npy")[drawn]
    features = np.load(finished / "encode" / "features_test.npy")
    nearest = np.square(features[:, None] - means).sum(2).argmin(1)
    found = np.load(finished / "classify" / "probabilities_test.npy").argmax(1)
    assert found.tolist() == labels[nearest].tolist()


def test_calibration_scales_the_logits_and_no_more(finished: Path, mnistae: Mnistae) -> None:
    told = []
    for calibrate in ("--calibrate", "--no-calibrate"):
        assert (
            mnistae(
                "classify", "-a", finished, "--labels", "60", "--epochs", "10", "--head", "linear", calibrate, "-q"
            ).code
            == 0
        )
        told.append(np.log(np.load(finished / "classify" / "probabilities_test.npy").astype(float)))
    temperature = manifest(finished, "classify")["metrics"]["temperature"]
    assert temperature == 1
    with_it, without = (each[:, 1:] - each[:, :1] for each in told)  # differences of logits
    ratios = without[np.abs(without) > 0.1] / with_it[np.abs(without) > 0.1]
    assert np.ptp(ratios) < 0.01
    assert abs(ratios.mean() - 1) > 0.01


@pytest.mark.parametrize("head", HEADS)
def test_labels_outside_the_draw_are_never_read(
    head: str, finished: Path, shapes_npz: Path, tmp_path: Path, mnistae: Mnistae
) -> None:
    few = ("classify", "-a", finished, "--head", head, "-q")
    assert mnistae(*few, "--labels", "7").code == 0
    stratified = bytes_of(finished / "classify")
    assert manifest(finished, "classify")["metrics"]["temperature"] != 1  # it read the drawn labels by halves
    np.save(tmp_path / "few.npy", drawn := np.load(finished / "classify" / "labelled_indices.npy"))
    others = permute_others(shapes_npz, drawn, tmp_path / "permuted.npz")
    assert mnistae("encode", "--dataset", others, "-a", finished, "-q").code == 0
    assert mnistae(*few, "--indices", tmp_path / "few.npy").code == 0
    assert bytes_of(finished / "classify") == stratified
    assert len(stratified) == 4


def test_a_list_of_other_indices_is_another_plan(finished: Path, tmp_path: Path, mnistae: Mnistae) -> None:
    few = ("classify", "-a", finished, "--head", "prototypes", "--indices", tmp_path / "few.npy")
    np.save(tmp_path / "few.npy", np.arange(12))
    assert mnistae(*few).code == 0
    assert "up to date" in mnistae(*few).err
    np.save(tmp_path / "few.npy", np.arange(13))
    assert "up to date" not in mnistae(*few).err
    assert manifest(finished, "classify")["metrics"]["labels_used"] == 13
    np.save(tmp_path / "few.npy", np.array([999]))
    assert_two_lines(mnistae(*few), 2, "999 is not the number of a training image", "0 to 239")
    (tmp_path / "few.npy").unlink()
    assert_two_lines(mnistae(*few), 3, "few.npy does not exist")


def test_a_draw_that_cannot_be_is_told_before_the_training(shapes_npz: Path, tmp_path: Path, mnistae: Mnistae) -> None:
    for few, words in (
        (("--labels", "999"), "--labels is 999"),
        (("--indices", tmp_path / "few.npy"), "does not exist"),
    ):
        refused = mnistae("run", "--dataset", shapes_npz, "-a", tmp_path / "a", *QUICK, *few)
        assert refused.code in (2, 3)
        assert words in refused.err
        assert not (tmp_path / "a").exists()


def test_the_command_line_says_which_labels_whatever_a_file_says(
    finished: Path, shapes_npz: Path, tmp_path: Path, mnistae: Mnistae, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = finished
    assert mnistae("run", "--dataset", shapes_npz, "-a", root, *QUICK, *LEAN, "-q").code == 0
    config = ("--config", root / "config.toml", "-a", root)
    assert mnistae("classify", *config, "--per-class", "5").code == 0
    assert manifest(root, "classify")["metrics"]["labels_used"] == 15
    np.save(tmp_path / "few.npy", np.arange(20))
    monkeypatch.chdir(tmp_path)
    assert mnistae("run", *config, "--indices", "few.npy", "-q").code == 0
    monkeypatch.chdir(root)
    assert "classify: up to date" in mnistae("run", "--config", "config.toml", "-a", root).err
    refused = mnistae("classify", "-a", root, "--per-class", "5", "--labels", "30")
    assert_two_lines(refused, 2, "--labels and --per-class contradict")


def test_without_labels_run_leaves_nothing_that_names_classes(
    dense_finetuned: Path, plain_npz: Path, tmp_path: Path, mnistae: Mnistae
) -> None:
    finished = dense_finetuned
    assert mnistae("run", "--dataset", plain_npz, "-a", finished, *QUICK, "--clusters", "3", "--no-figures").code == 0
    np.save(tmp_path / "image.npy", shapes(1, 0)[0])
    (told,) = json.loads(mnistae("predict", tmp_path / "image.npy", "-a", finished, "--json").out)["predictions"]
    assert told["label"] is None
    assert told["cluster"] is not None


def test_a_stale_finetune_leaves_the_naming_to_the_classifier(
    dense_finetuned: Path, second_once: Path, shapes_npz: Path, tmp_path: Path, mnistae: Mnistae
) -> None:
    finished = dense_finetuned
    graft(second_once, finished)
    again = mnistae("run", "--dataset", shapes_npz, "-a", finished, *SECOND, "--seed", "2")
    assert again.code == 0, again.err
    np.save(tmp_path / "images.npy", shapes(60, 2)[0])
    told = mnistae("predict", tmp_path / "images.npy", "--no-frame", "-a", finished, "--json")
    assert "finetune is stale and is left out" in told.err
    expected = np.load(finished / "classify" / "probabilities_test.npy").max(1)
    predictions = json.loads(told.out)["predictions"]
    assert [each["probability"] for each in predictions] == pytest.approx(expected, abs=1e-5)


def test_one_class_with_two_labels_is_too_few_to_calibrate_by(finished: Path, tmp_path: Path, mnistae: Mnistae) -> None:
    labels = np.load(finished / "encode" / "labels_train.npy")
    indices = np.concatenate([np.flatnonzero(labels == number)[: 2 if number == 0 else 1] for number in range(3)])
    np.save(tmp_path / "few.npy", indices)
    result = mnistae("classify", "--indices", tmp_path / "few.npy", "--epochs", "2", "-a", finished)
    assert result.code == 0, result.err
    assert manifest(finished, "classify")["metrics"]["temperature"] == 1
