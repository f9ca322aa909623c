"""Clusters by the graph, through the command line."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnistae_cli.settings import record
from tests.conftest import Mnistae, assert_two_lines, shapes
from tests.pipeline.conftest import SHALLOW, manifest

GRAPH = ("cluster", "--method", "graph")


def test_its_files_say_what_was_found_and_how(invariant: Path, mnistae: Mnistae) -> None:
    result = mnistae(*GRAPH, "-a", invariant)
    assert result.code == 0, result.err
    assert "by their features and by pixels, 5 runs" in result.err
    found = manifest(invariant, "cluster")
    assert sorted(found["files"]) == [
        *(f"{name}_{split}.npy" for name in ("assignments", "confidence", "distance") for split in ("test", "train")),
        "resolutions.csv",
    ]
    metrics = found["metrics"]
    sizes = np.bincount(np.load(invariant / "cluster" / "assignments_train.npy")).tolist()
    assert metrics["cluster_sizes"] == sizes
    assert metrics["n_clusters"] + metrics["n_small_communities"] == len(sizes)
    with (invariant / "cluster" / "resolutions.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len([row for row in rows if row["chosen"] == "1"]) == 1
    assert all(int(row["fewest"]) <= int(row["n_clusters"]) <= int(row["most"]) for row in rows)


def test_the_plateau_is_around_the_chosen_threshold(tmp_path: Path, mnistae: Mnistae) -> None:
    np.save(tmp_path / "images.npy", shapes(39, 0)[0])  # so few that no kinds can touch
    root = tmp_path / "a"
    for command in (("train", "--dataset", tmp_path / "images.npy", *SHALLOW), ("encode",), GRAPH):
        assert mnistae(*command, "-a", root, "-q").code == 0
    with (root / "cluster" / "resolutions.csv").open() as file:
        (chosen,) = [row for row in csv.DictReader(file) if row["chosen"] == "1"]
    lowest, highest = manifest(root, "cluster")["metrics"]["plateau"]
    assert 0.99999 * lowest <= float(chosen["conductance"]) <= 1.00001 * highest


def test_every_later_command_knows_its_clusters(invariant: Path, tmp_path: Path, mnistae: Mnistae) -> None:
    assert mnistae(*GRAPH, "--clusters", "4", "-a", invariant, "-q").code == 0
    assert manifest(invariant, "cluster")["metrics"]["n_clusters"] == 4
    scores = json.loads(mnistae("evaluate", "-a", invariant, "--json").out)["clusters"]
    assert scores["n_clusters"] == 4
    assert 0 <= scores["test"]["unsure"] <= 1
    assert (invariant / "evaluate" / "resolutions.png").stat().st_size > 1000
    n = len(scores["test"]["sizes"])
    labelled = mnistae("label", "-a", invariant, "--names", ",".join("abcdefghi"[:n]), "-q")
    assert labelled.code == 0, labelled.err
    assert "surest" in (invariant / "label" / "contact_sheet.html").read_text()
    np.save(tmp_path / "images.npy", shapes(60, 2)[0])  # the test images
    predicted = json.loads(mnistae("predict", tmp_path / "images.npy", "-a", invariant, "--no-frame", "--json").out)
    clusters = [each["cluster"] for each in predicted["predictions"]]
    assert clusters == np.load(invariant / "cluster" / "assignments_test.npy").tolist()
    assert predicted["predictions"][0]["name"] == "abcdefghi"[clusters[0]]


def test_a_number_that_cannot_be_found_is_refused(invariant: Path, mnistae: Mnistae) -> None:
    before = (invariant / "cluster" / "manifest.json").read_bytes()
    many = mnistae(*GRAPH, "--clusters", "200", "--min-cluster-size", "5", "-a", invariant, "-q")
    assert_two_lines(many, 2, "--clusters is 200", "were found", "--min-cluster-size")
    assert (invariant / "cluster" / "manifest.json").read_bytes() == before
    assert_two_lines(mnistae("cluster", "--clusters", "auto", "-a", invariant, "-q"), 2, "auto", "--method graph")
    assert_two_lines(mnistae(*GRAPH, "--tol", "1", "-a", invariant, "-q"), 2, "--tol", "--method kmeans")


def test_neighbors_by_pixels_are_those_of_the_same_images(invariant: Path, tmp_path: Path, mnistae: Mnistae) -> None:
    np.save(tmp_path / "other.npy", shapes(90, 7)[0])
    assert mnistae("encode", "--dataset", tmp_path / "other.npy", "-a", invariant, "-q").code == 0
    result = mnistae(*GRAPH, "-a", invariant)
    assert result.code == 0, result.err
    assert "by pixels" not in result.err


def test_features_of_any_code_will_do(finished: Path, mnistae: Mnistae) -> None:
    result = mnistae(*GRAPH, "-a", finished)
    assert result.code == 0, result.err
    assert "by pixels" not in result.err


def test_images_without_clusters_are_said_to_have_none(tmp_path: Path, mnistae: Mnistae) -> None:
    np.save(tmp_path / "noise.npy", np.random.default_rng(0).integers(0, 256, (500, 8, 8)).astype(np.uint8))
    train = mnistae("train", "--dataset", tmp_path / "noise.npy", "-a", tmp_path / "a", *SHALLOW)
    assert train.code == 0, train.err
    assert "no clusters so far" in train.err
    assert mnistae("encode", "-a", tmp_path / "a", "-q").code == 0
    result = mnistae(*GRAPH, "-a", tmp_path / "a")
    assert "no clusters were found in these features" in result.err
    assert manifest(tmp_path / "a", "cluster")["metrics"]["n_clusters"] == 1


@pytest.mark.parametrize(("method", "told"), [("graph", "auto"), ("kmeans", 3)])
def test_the_encoder_is_told_a_number_for_kmeans_alone(
    method: str, told: int | str, asked: dict[str, Any], tmp_path: Path, mnistae: Mnistae
) -> None:
    assert mnistae("run", "-a", tmp_path, "--model", "invariant", "--clusters", "3", "--method", method).code == 0
    assert (record(asked["train"])["n_clusters"], record(asked["cluster"])["n_clusters"]) == (told, 3)
