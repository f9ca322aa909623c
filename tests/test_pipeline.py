"""The whole pipeline on small synthetic images, through the real command line."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.conftest import QUICK, SMALL, Mnistae, assert_two_lines, shapes, write_shapes

SCORES = (
    "hungarian_accuracy",
    "majority_accuracy",
    "raw_id_accuracy",
    "normalized_mutual_info",
    "adjusted_rand_index",
    "purity",
)


def the_object(text: str) -> dict[str, Any]:
    """stdout of a --json command: exactly one object with a schema_version."""
    found = json.loads(text)
    assert found["schema_version"] == 1
    return dict(found)


def test_run_leaves_what_the_contract_names(finished_once: Path) -> None:
    folders = {
        "train": {"autoencoder.keras", "encoder.onnx", "decoder.onnx", "history.csv", "atoms.npy"},
        "encode": {
            f"{name}_{split}.npy"
            for split in ("train", "test")
            for name in ("features", "labels", "reconstruction_mse", "reconstruction_bce")
        },
        "classify": {
            "classifier.keras",
            "classifier.onnx",
            "probabilities_test.npy",
            "labelled_indices.npy",
            "history.csv",
        },
        "cluster": {"kmeans.joblib", "centroids.npy", "assignments_train.npy", "assignments_test.npy"},
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
        assert set(SCORES) | {"sizes"} == set(scores["clusters"][split])
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


def test_gates(finished: Path, mnistae: Mnistae) -> None:
    passed = mnistae("evaluate", "-a", finished, "--fail-under", "clusters.test.purity=0.01")
    assert passed.code == 0
    failed = mnistae(
        "evaluate", "-a", finished, "--json", "--fail-under", "clusters.test.purity=1.1",
        "--fail-under", "classifier.test.accuracy=2",
    )  # fmt: skip
    assert failed.code == 5
    assert the_object(failed.out)["clusters"]
    assert "clusters.test.purity is" in failed.err
    assert "classifier.test.accuracy is" in failed.err


@pytest.mark.parametrize(
    "gate", ["clusters.test.puritty=0.5", "clusters.test=1", "dataset.name=1", "clusters.test.purity", "a=b",
             "autoencoder.test.mse=0.1", "classifier.test.expected_calibration_error=0.1", "clusters.test.purity=nan",
             "clusters.test.purity=high"]
)  # fmt: skip
def test_gates_that_are_none_are_refused_before_the_work(gate: str, tmp_path: Path, mnistae: Mnistae) -> None:
    assert_two_lines(mnistae("run", "-a", tmp_path / "none", "--fail-under", gate), 2, gate)
    assert not (tmp_path / "none").exists()


def test_a_gate_on_what_was_not_run_fails(finished: Path, mnistae: Mnistae) -> None:
    shutil.rmtree(finished / "cluster")
    failed = mnistae("evaluate", "-a", finished, "--fail-under", "clusters.test.purity=0")
    assert failed.code == 5
    assert "clusters.test.purity is not there" in failed.err


def test_the_strictest_gate_of_a_figure_counts(finished: Path, mnistae: Mnistae) -> None:
    gates = ("--fail-under", "clusters.test.purity=1.1", "--fail-under", "clusters.test.purity=0")
    assert mnistae("evaluate", "-a", finished, *gates).code == 5


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


def test_labels_reach_nothing_that_is_called_unsupervised(
    finished_once: Path, tmp_path: Path, mnistae: Mnistae
) -> None:
    """Permuted labels, or none at all, give the same autoencoder, features, errors and clusters."""
    for name, options in (("permuted", {"permuted": True}), ("unlabelled", {"labelled": False})):
        data = write_shapes(tmp_path / f"{name}.npz", **options)
        root = tmp_path / name
        result = mnistae("run", "--dataset", data, "-a", root, *QUICK, *SMALL, "--no-figures")
        assert result.code == 0, result.err
        for stage in ("train", "encode", "cluster"):
            for path in (finished_once / stage).glob("*.*"):
                if path.suffix in (".npy", ".onnx", ".csv") and not path.name.startswith("labels"):
                    assert path.read_bytes() == (root / stage / path.name).read_bytes(), (name, path)


def test_permuted_labels_leave_train_up_to_date(finished: Path, tmp_path: Path, mnistae: Mnistae) -> None:
    data = write_shapes(tmp_path / "shapes.npz", permuted=True)
    assert "up to date" in mnistae("train", "--dataset", data, "-a", finished, *QUICK).err
    assert "up to date" not in mnistae("encode", "--dataset", data, "-a", finished).err


def test_without_labels_run_leaves_the_classifier_out(tmp_path: Path, mnistae: Mnistae) -> None:
    data = write_shapes(tmp_path / "plain.npz", labelled=False)
    root = tmp_path / "plain"
    result = mnistae("run", "--dataset", data, "-a", root, *QUICK, *SMALL, "--json")
    assert result.code == 0, result.err
    scores = the_object(result.out)
    assert "classifier" not in scores
    assert set(scores["clusters"]["test"]) == {"sizes"}
    assert (root / "evaluate" / "clusters.png").exists()
    refused = mnistae("classify", "-a", root)
    assert refused.code == 3
    assert "no labels of two classes" in refused.err


def test_only_what_was_run_is_scored(finished: Path, mnistae: Mnistae) -> None:
    shutil.rmtree(finished / "classify")
    shutil.rmtree(finished / "cluster")
    scores = the_object(mnistae("evaluate", "-a", finished, "--json").out)
    assert "classifier" not in scores
    assert "clusters" not in scores


def test_a_stale_stage_is_never_scored(finished: Path, shapes_npz: Path, mnistae: Mnistae) -> None:
    assert mnistae("status", "-a", finished).code == 0
    assert mnistae("train", "--dataset", shapes_npz, "-a", finished, *QUICK, "--seed", "1").code == 0
    status = mnistae("status", "-a", finished, "--json")
    assert status.code == 3
    states = {stage: each["state"] for stage, each in the_object(status.out)["stages"].items()}
    assert states == {
        "train": "up to date",
        **dict.fromkeys(("encode", "classify", "cluster", "evaluate"), "stale"),
        **dict.fromkeys(("finetune", "label"), "missing"),
    }
    refused = mnistae("evaluate", "-a", finished)
    assert refused.code == 3
    assert refused.out == ""
    assert "train was run again since" in refused.err


def test_images_of_no_data_set_are_encoded_by_the_same_network(
    finished: Path, tmp_path: Path, mnistae: Mnistae
) -> None:
    images = shapes(60, 2)[0]
    np.save(tmp_path / "images.npy", images)
    (tmp_path / "scans").mkdir()
    for number, image in enumerate(images):
        Image.fromarray(image).save(tmp_path / "scans" / f"{number:02}.png")
    expected = np.load(finished / "encode" / "features_test.npy")
    for source in ("images.npy", "scans"):
        result = mnistae(
            "encode", "--images", tmp_path / source, "--output", tmp_path / "out.npy", "-a", finished, "--json"
        )
        assert the_object(result.out)["images"] == 60
        assert np.array_equal(np.load(tmp_path / "out.npy"), expected)


def test_predict_names_class_probability_and_cluster(finished: Path, tmp_path: Path, mnistae: Mnistae) -> None:
    np.save(tmp_path / "images.npy", shapes(60, 2)[0])
    paths = tmp_path / "images.npy"
    found = the_object(mnistae("predict", paths, "--no-frame", "-a", finished, "--json").out)["predictions"]
    probabilities = np.load(finished / "classify" / "probabilities_test.npy")
    clusters = np.load(finished / "cluster" / "assignments_test.npy")
    assert [int(each["label"]) for each in found] == probabilities.argmax(1).tolist()
    assert [each["probability"] for each in found] == pytest.approx(probabilities.max(1).tolist(), abs=1e-6)
    assert [each["cluster"] for each in found] == clusters.tolist()
    assert found[3]["image"] == f"{paths}[3]"


def test_a_blank_picture_does_not_hide_the_others(finished: Path, tmp_path: Path, mnistae: Mnistae) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    assert_two_lines(mnistae("predict", folder, "-a", finished), 3, str(folder))
    Image.new("L", (40, 40), "white").save(folder / "blank.png")
    Image.fromarray(shapes(1, 0)[0][0]).save(folder / "drawn.png")
    (folder / "empty.png").write_bytes(b"")
    result = mnistae("predict", folder, "-a", finished, "--json")
    assert result.code == 4
    assert "blank.png: nothing is drawn" in result.err
    found = the_object(result.out)["predictions"]
    assert [each["label"] is None for each in found] == [True, False, True]


def test_predict_takes_a_photo_of_any_size(finished: Path, tmp_path: Path, mnistae: Mnistae) -> None:
    photo = Image.new("RGB", (300, 200), "white")
    photo.paste((20, 20, 60), (100, 40, 130, 160))
    for name in ("photo.png", "photo.jpg", "photo.bmp"):
        photo.save(tmp_path / name)
    result = mnistae("predict", *(tmp_path / f"photo.{kind}" for kind in ("png", "jpg", "bmp")), "-a", finished)
    assert result.code == 0
    assert len([line for line in result.out.splitlines() if "photo" in line]) == 3


def test_seed_means_the_same_everywhere(shapes_npz: Path, tmp_path: Path, mnistae: Mnistae) -> None:
    for stage in ("train", "encode", "classify", "cluster", "evaluate"):
        extra = {"train": ("--dataset", shapes_npz, *QUICK), "cluster": ("--clusters", "3")}
        result = mnistae(stage, *extra.get(stage, ()), "--seed", "5", "-a", tmp_path, "--json", "-q")
        assert result.code == 0, result.err
        manifest = json.loads((tmp_path / stage / "manifest.json").read_text())
        assert manifest["seed"] == 5


def test_mistakes_are_shown_where_there_are_any(tmp_path: Path) -> None:
    from mnistae_cli import figures

    images, labels = shapes(30, 0)
    names = ["across", "down", "$block$"]
    for number, named in enumerate((labels, np.full(30, -1))):  # all right; in clusters that no class has
        figures.mistakes(images, np.asarray(named, np.int64), labels, names, tmp_path / f"{number}.png")
        assert not (tmp_path / f"{number}.png").exists()
    wrong = np.where(labels == 2, 0, labels).astype(np.int64)
    figures.mistakes(images, wrong, labels, names, tmp_path / "some.png")
    with Image.open(tmp_path / "some.png") as picture:
        assert picture.size[0] > picture.size[1] > 100
