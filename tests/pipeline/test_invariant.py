"""The invariant code through the command line."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnistae_cli.settings import record
from tests.conftest import INVARIANT, LEAN, Mnistae, assert_two_lines, printed_by, shapes
from tests.pipeline.conftest import SHALLOW, manifest


def test_an_invariant_code_goes_all_the_way(invariant_once: Path, tmp_path: Path, mnistae: Mnistae) -> None:
    root = invariant_once
    scores = json.loads(printed_by(root).read_text())
    assert scores["clusters"]["n_clusters"] == 3
    assert min(scores["clusters"]["train"]["sizes"]) > 20
    history = (root / "train" / "history.csv").read_text().splitlines()
    assert history[0] == "epoch,loss,penalty,test_loss"
    first, last = (float(history[row].split(",")[2]) for row in (1, -1))
    assert last < first - 0.1
    assert manifest(root, "train")["config"]["n_clusters"] == 3
    assert np.load(root / "encode" / "features_train.npy").shape == (240, 5 * 3 + 16)
    np.save(tmp_path / "images.npy", shapes(3, 5)[0])
    predicted = json.loads(mnistae("predict", tmp_path / "images.npy", "-a", root, "--json").out)
    assert {each["cluster"] for each in predicted["predictions"]} <= {0, 1, 2}


@pytest.mark.parametrize(
    "options",
    [
        ("--patience", "1", "--n-neighbors", "0", "--channels", "", "--hidden", "12", "--loss", "mse"),
        ("--patience", "2", "--occlusion", "0", "--augment", "0", "--n-heads", "1", "--latent-dim", "2"),
    ],
)
def test_its_settings_can_be_changed(
    options: tuple[str, ...], shapes_npz: Path, tmp_path: Path, mnistae: Mnistae
) -> None:
    quick = (*INVARIANT, "--epochs", "3", *options, *LEAN, "-q")
    result = mnistae("run", "--dataset", shapes_npz, "-a", tmp_path, *quick)
    assert result.code == 0, result.err
    assert "nan" not in (tmp_path / "train" / "history.csv").read_text()


@pytest.mark.slow
def test_two_images_are_enough_for_two_clusters(tmp_path: Path, mnistae: Mnistae) -> None:
    np.save(tmp_path / "images.npy", shapes(3, 0)[0])
    data = ("--dataset", tmp_path / "images.npy", "-a", tmp_path / "a", *INVARIANT, "--epochs", "2", "-q")
    result = mnistae("run", *data, "--clusters", "2")
    assert result.code == 0, result.err
    assert not (tmp_path / "a" / "evaluate" / "mistakes.png").exists()
    assert_two_lines(mnistae("run", *data, "--clusters", "3"), 2, "--clusters is 3", "there are 2 training images")
    np.save(tmp_path / "two.npy", shapes(2, 0)[0])
    alone = mnistae("train", "--dataset", tmp_path / "two.npy", "-a", tmp_path / "b", *INVARIANT, "--clusters", "2")
    assert_two_lines(alone, 2, "2 clusters need more training images than 1", "more images")


def test_the_number_of_clusters_reaches_the_stages_that_use_it(
    plain_npz: Path, asked: dict[str, Any], tmp_path: Path, mnistae: Mnistae, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = mnistae("train", "--dataset", plain_npz, "-a", tmp_path, "--clusters", "3")
    assert_two_lines(refused, 2, "--clusters is 3", "--model dense", "--model invariant")
    run = ("run", "--dataset", plain_npz, "-a", tmp_path, "--model", "invariant", "-q")

    def used(*options: str | Path) -> list[int]:
        assert mnistae(*run, *options).code == 0
        return [record(asked[stage])["n_clusters"] for stage in ("train", "cluster")]

    monkeypatch.setenv("MNISTAE_CLUSTER_CLUSTERS", "4")
    assert used() == [4, 4]
    monkeypatch.setenv("MNISTAE_CLUSTER_CLUSTERS", "1")
    assert_two_lines(mnistae(*run), 2, "MNISTAE_CLUSTER_CLUSTERS is 1: ")
    monkeypatch.delenv("MNISTAE_CLUSTER_CLUSTERS")
    monkeypatch.setenv("MNISTAE_TRAIN_CLUSTERS", "x")
    assert_two_lines(mnistae(*run), 2, "MNISTAE_TRAIN_CLUSTERS is 'x'")
    monkeypatch.delenv("MNISTAE_TRAIN_CLUSTERS")
    (tmp_path / "five.toml").write_text("[cluster]\nn_clusters = 5\n")
    config = ("--config", tmp_path / "five.toml")
    assert used(*config) == [5, 5]
    assert used(*config, "--clusters", "6") == [6, 6]


def test_a_run_without_labels_makes_as_many_clusters_as_its_config_says(
    plain_npz: Path, tmp_path: Path, mnistae: Mnistae
) -> None:
    (tmp_path / "five.toml").write_text("[cluster]\nn_clusters = 5\n")
    quick = (*SHALLOW, "--epochs", "1", "--no-figures", "-q", "--config", tmp_path / "five.toml")
    assert mnistae("run", "--dataset", plain_npz, "-a", tmp_path / "a", *quick).code == 0
    for stage in ("train", "cluster"):
        assert manifest(tmp_path / "a", stage)["config"]["n_clusters"] == 5
    assert np.load(tmp_path / "a" / "cluster" / "centroids.npy").shape == (5, 5 * 5 + 16)
