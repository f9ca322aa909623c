"""The whole pipeline on small synthetic images, through the real command line."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.conftest import QUICK, SMALL, Mnistae, shapes, the_object

SCORES = (
    "hungarian_accuracy",
    "majority_accuracy",
    "raw_id_accuracy",
    "normalized_mutual_info",
    "adjusted_rand_index",
    "purity",
)


def test_run_leaves_what_the_contract_names(finished_once: Path) -> None:
    folders = {
        "train": {"autoencoder.keras", "encoder.onnx", "decoder.onnx", "history.csv", "atoms.npy"},
        "encode": {
            f"{name}_{split}.npy"
            for split in ("train", "test")
            for name in ("features", "labels", "reconstruction_mse", "reconstruction_bce", "reconstruction_fvu")
        }
        | {"novelty.npy"},
        "classify": {
            "classifier.onnx",
            "probabilities_test.npy",
            "labelled_indices.npy",
            "history.csv",
        },
        "cluster": {"kmeans.joblib", "centroids.npy"}
        | {f"{name}_{split}.npy" for split in ("train", "test") for name in ("assignments", "confidence", "distance")},
        "evaluate": {
            "metrics.json",
            "reconstructions.png",
            "loss.png",
            "density.npy",
            "density.png",
            "atoms.png",
            "compositions.png",
            "feature_map.png",
            "confusion.png",
            "clusters.png",
            "mistakes.png",
        },
    }
    for stage, files in folders.items():
        assert {path.name for path in (finished_once / stage).iterdir()} == files | {"manifest.json"}
    for name, shape, dtype in (
        ("encode/features_train.npy", (240, 8), np.float32),
        ("encode/labels_test.npy", (60,), np.uint8),
        ("encode/reconstruction_mse_test.npy", (60,), np.float32),
        ("classify/probabilities_test.npy", (60, 3), np.float32),
        ("classify/labelled_indices.npy", (30,), np.int64),
        ("cluster/centroids.npy", (3, 8), np.float32),
        ("cluster/assignments_train.npy", (240,), np.int32),
    ):
        array = np.load(finished_once / name)
        assert (array.shape, array.dtype) == (shape, dtype), name
    assert "latent_dim = 8" in (finished_once / "config.toml").read_text()


def test_a_second_run_does_nothing_and_prints_the_stored_result(
    finished: Path, shapes_npz: Path, mnistae: Mnistae
) -> None:
    before = {path: path.stat().st_mtime_ns for path in finished.rglob("*.*") if path.parent != finished}
    again = mnistae("run", "--dataset", shapes_npz, "-a", finished, *QUICK, *SMALL, "--json")
    assert again.code == 0
    assert again.err.count("up to date") == 5
    assert the_object(again.out) == json.loads((finished / "evaluate" / "metrics.json").read_text())
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_a_failed_run_keeps_the_config_of_the_results(finished: Path, mnistae: Mnistae) -> None:
    before = (finished / "config.toml").read_text()
    assert mnistae("run", "--dataset", finished / "none.npz", "--epochs", "77", "-a", finished).code == 3
    assert (finished / "config.toml").read_text() == before


def test_the_kept_config_gives_the_same_run(finished: Path, mnistae: Mnistae) -> None:
    again = mnistae("run", "--config", finished / "config.toml", "-a", finished)
    assert again.err.count("up to date") == 5


def test_the_result_has_the_promised_form(finished: Path, mnistae: Mnistae) -> None:
    scores = the_object(mnistae("evaluate", "-a", finished, "--json", "--quiet").out)
    assert scores["dataset"]["n_train"] == 240
    assert set(scores["autoencoder"]["test"]) == {"mse", "bce", "fraction_of_variance_unexplained"}
    assert scores["features"]["dimension"] == 8
    assert scores["classifier"]["labels_used"] == 30
    assert set(scores["classifier"]["train"]) == {"loss", "accuracy"}
    assert len(scores["classifier"]["test"]["per_class_accuracy"]) == 3
    assert scores["clusters"]["n_clusters"] == 3
    for split, n in (("train", 240), ("test", 60)):
        assert set(SCORES) | {"sizes", "unsure"} == set(scores["clusters"][split])
        assert sum(scores["clusters"][split]["sizes"]) == n


def test_scores_are_those_of_the_files(finished: Path, mnistae: Mnistae) -> None:
    scores = the_object(mnistae("evaluate", "-a", finished, "--json", "-q").out)
    labels = np.load(finished / "encode" / "labels_test.npy")
    probabilities = np.load(finished / "classify" / "probabilities_test.npy")
    assert scores["classifier"]["test"]["accuracy"] == pytest.approx((probabilities.argmax(1) == labels).mean())
    mse = np.load(finished / "encode" / "reconstruction_mse_test.npy").mean()
    assert scores["autoencoder"]["test"]["mse"] == pytest.approx(mse)
    images = shapes(60, 2)[0] / 255
    unexplained = mse / ((images - images.mean(0)) ** 2).mean()
    assert scores["autoencoder"]["test"]["fraction_of_variance_unexplained"] == pytest.approx(unexplained, rel=1e-5)
    features = np.load(finished / "encode" / "features_train.npy")
    assert scores["features"]["dead_units"] == (features == 0).all(axis=0).sum()
    assert scores["features"]["train"]["l0_mean"] == pytest.approx((features != 0).sum(axis=1).mean())
    assert scores["features"]["train"]["l0_quantiles"][2] == np.median((features != 0).sum(axis=1))
    assignments = np.load(finished / "cluster" / "assignments_test.npy")
    mapping = np.array(scores["clusters"]["hungarian_mapping"])
    assert scores["clusters"]["test"]["hungarian_accuracy"] == pytest.approx((mapping[assignments] == labels).mean())


def test_the_table_says_that_raw_ids_mean_nothing(finished: Path, mnistae: Mnistae) -> None:
    table = mnistae("evaluate", "-a", finished).out
    assert "Hungarian accuracy" in table
    assert "raw-id accuracy (meaningless" in table


def test_stages_one_by_one_give_the_same_bytes_as_run(
    finished_once: Path, shapes_npz: Path, tmp_path: Path, mnistae: Mnistae
) -> None:
    root = tmp_path / "steps"
    for command in (
        ("train", "--dataset", shapes_npz, *QUICK),
        ("encode",),
        ("classify", "--labels", "30", "--epochs", "10"),
        ("cluster", "--clusters", "3"),
        ("evaluate", "--no-figures"),
    ):
        result = mnistae(*command, "-a", root, "--json")
        assert result.code == 0, result.err
        the_object(result.out)
    for path in finished_once.rglob("*.npy"):
        assert path.read_bytes() == (root / path.relative_to(finished_once)).read_bytes(), path


def test_only_what_was_run_is_scored(finished: Path, mnistae: Mnistae) -> None:
    shutil.rmtree(finished / "classify")
    shutil.rmtree(finished / "cluster")
    scores = the_object(mnistae("evaluate", "-a", finished, "--no-figures", "--json").out)
    assert "classifier" not in scores
    assert "clusters" not in scores


def test_a_stale_stage_is_never_scored(finished: Path, reseeded: Path, mnistae: Mnistae) -> None:
    assert mnistae("status", "-a", finished).code == 0
    status = mnistae("status", "-a", reseeded, "--json")
    assert status.code == 3
    states = {stage: each["state"] for stage, each in the_object(status.out)["stages"].items()}
    assert states == {
        "train": "up to date",
        **dict.fromkeys(("encode", "classify", "cluster", "evaluate"), "stale"),
        **dict.fromkeys(("finetune", "label", "review", "report"), "missing"),
    }
    refused = mnistae("evaluate", "-a", reseeded)
    assert refused.code == 3
    assert refused.out == ""
    assert "encoder.onnx of train has changed" in refused.err


def test_seed_means_the_same_everywhere(reseeded: Path, mnistae: Mnistae) -> None:
    for stage in ("train", "encode", "classify", "cluster", "evaluate"):
        extra = {
            "classify": ("--labels", "30", "--head", "prototypes"),
            "cluster": ("--clusters", "3"),
            "evaluate": ("--no-figures",),
        }
        if stage != "train":  # it was given the seed 1, and the others have 0 so far
            assert json.loads((reseeded / stage / "manifest.json").read_text())["seed"] == 0
            result = mnistae(stage, *extra.get(stage, ()), "--seed", "1", "-a", reseeded, "--json", "-q")
            assert result.code == 0, result.err
        manifest = json.loads((reseeded / stage / "manifest.json").read_text())
        assert manifest["seed"] == 1


def test_mistakes_are_shown_where_there_are_any(tmp_path: Path) -> None:
    from mnistae_cli.pictures import figures

    images, labels = shapes(30, 0)
    names = ["across", "down", "$block$"]
    for named in (labels, np.full(30, -1)):  # all right; in clusters that no class has
        figure = figures.mistakes(images, np.asarray(named, np.int64), labels, names)
        assert figure.axes[0].get_title().startswith("0 of 30 test images")
        assert not figure.axes[0].images
    wrong = np.where(labels == 2, 0, labels).astype(np.int64)
    figures.save(figures.mistakes(images, wrong, labels, names), tmp_path / "some.png")
    with Image.open(tmp_path / "some.png") as picture:
        assert picture.size[0] > picture.size[1] > 100


def test_clusters_that_stay_empty_are_told(tmp_path: Path, mnistae: Mnistae) -> None:
    np.savez(tmp_path / "alike.npz", x_train=np.full((20, 6, 6), 200, np.uint8))
    assert mnistae("train", "--dataset", tmp_path / "alike.npz", "--epochs", "1", "-a", tmp_path / "a", "-q").code == 0
    assert mnistae("encode", "-a", tmp_path / "a", "-q").code == 0
    for metric, word in (("cosine", "directions"), ("euclidean", "values")):
        told = mnistae("cluster", "--clusters", "3", "--metric", metric, "-a", tmp_path / "a")
        assert told.code == 0
        assert f"2 of 3 clusters are empty: the features have fewer different {word}" in told.err
