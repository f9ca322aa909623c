"""Figures that have no value are a dash and null, never the best there is; and classes that do not occur."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import Mnistae, shapes
from tests.pipeline.conftest import data_of

TINY = ("--epochs", "2", "--batch-size", "16", "--latent-dim", "8", "--clusters", "2", "--labels", "10")
LEAN = (*TINY, "--head", "prototypes", "--no-figures")


def strict(text: str) -> dict[str, Any]:
    """JSON as its standard has it: without NaN and Infinity."""

    def refuse(constant: str) -> None:
        raise ValueError(constant)

    return dict(json.loads(text, parse_constant=refuse))


def write_npz(path: Path, train: np.ndarray, test: np.ndarray, seed: int = 1) -> Path:
    """Shapes with these labels."""
    images = {
        f"x_{split}": shapes(len(of), seed + n)[0] for n, (split, of) in enumerate((("train", train), ("test", test)))
    }
    labels = {"y_train": train.astype(np.uint8), "y_test": test.astype(np.uint8)}
    np.savez(path, **images, **labels)  # type: ignore[arg-type]
    return path


@pytest.mark.parametrize("level", [0, 77])
def test_equal_images_have_no_variance_to_explain(level: int, mnistae: Mnistae, tmp_path: Path) -> None:
    np.save(tmp_path / "equal.npy", np.full((40, 9, 9), level, np.uint8))
    made = tmp_path / "made"
    run = mnistae("run", "--dataset", tmp_path / "equal.npy", "-a", made, *LEAN, "--json")
    assert run.code == 0
    assert "all images are equal" in run.err
    for scores in (strict(run.out), strict((made / "evaluate" / "metrics.json").read_text())):
        for split in ("train", "test"):
            assert scores["autoencoder"][split]["fraction_of_variance_unexplained"] is None
    rows = [line.split("│")[1:4] for line in mnistae("evaluate", "-a", made, "--no-figures").out.splitlines()[4:]]
    assert ["–", "–"] in [[each.strip() for each in row[1:]] for row in rows if row and "variance" in row[0]]
    assert mnistae("report", "-a", made).code == 0
    page = data_of((made / "report" / "report.html").read_text())
    assert ["fraction of variance unexplained", "–", "–"] in page["parts"]["scores"]["rows"]


@pytest.mark.slow
def test_equal_images_go_through_every_stage(mnistae: Mnistae, tmp_path: Path) -> None:
    np.save(tmp_path / "equal.npy", np.full((40, 9, 9), 128, np.uint8))
    made = tmp_path / "made"
    assert mnistae("run", "--dataset", tmp_path / "equal.npy", "-a", made, *TINY).code == 0
    assert mnistae("label", "-a", made, "--names", "a,b").code == 0
    assert mnistae("review", "-a", made).code == 0
    swept = mnistae(
        "sweep", "--seeds", "0,1", "--dataset", tmp_path / "equal.npy", "-a", tmp_path / "s", *LEAN, "--json"
    )
    assert swept.code == 0
    assert not [name for name in strict(swept.out)["summary"] if "unexplained" in name]


def test_a_gate_on_a_figure_without_a_value_fails(mnistae: Mnistae, tmp_path: Path) -> None:
    data = write_npz(tmp_path / "one.npz", np.zeros(40), np.zeros(8))
    made = tmp_path / "made"
    for figure in (
        "clusters.test.purity",
        "clusters.train.adjusted_rand_index",
        "clusters.test.normalized_mutual_info",
    ):
        gate = mnistae("run", "--dataset", data, "-a", made, *LEAN, "-q", "--fail-under", f"{figure}=0")
        assert gate.code == 5
        assert f"{figure} has no value" in gate.err
        assert "--fail-under" in gate.err.splitlines()[-1]


@pytest.mark.parametrize("label", [0, 3])
def test_one_class_is_not_told_apart_perfectly(label: int, mnistae: Mnistae, tmp_path: Path) -> None:
    data = write_npz(tmp_path / "one.npz", np.full(40, label), np.full(8, label))
    run = mnistae("run", "--dataset", data, "-a", tmp_path / "made", *TINY, "--json")
    scores = strict(run.out)
    assert scores["dataset"]["class_names"] == [str(label)]
    for split in ("train", "test"):
        judged = {name: each for name, each in scores["clusters"][split].items() if name not in ("sizes", "unsure")}
        assert len(judged) == 6
        assert set(judged.values()) == {None}
    assert scores.get("classifier", {}).get("test", {}).get("accuracy") is None
    assert " 1.0000 " not in mnistae("evaluate", "-a", tmp_path / "made").out.replace("images in no clear", "")


@pytest.mark.slow
def test_a_test_split_of_one_image_or_one_class(mnistae: Mnistae, tmp_path: Path) -> None:
    train = np.arange(40) % 3
    for test in (np.array([1]), np.array([2, 2, 2])):
        data = write_npz(tmp_path / f"{len(test)}.npz", train, test)
        made = tmp_path / f"made{len(test)}"
        run = mnistae("run", "--dataset", data, "-a", made, *TINY, "--json")
        assert run.code == 0
        scores = strict(run.out)
        assert scores["clusters"]["train"]["purity"] is not None
        assert scores["clusters"]["test"]["hungarian_accuracy"] is not None
        for name in ("purity", "adjusted_rand_index", "normalized_mutual_info"):
            assert scores["clusters"]["test"][name] is None
        assert (scores["autoencoder"]["test"]["fraction_of_variance_unexplained"] is None) == (len(test) == 1)
        assert ("there is one test image" in run.err) == (len(test) == 1)


def test_one_unit_has_no_sparsity(mnistae: Mnistae, tmp_path: Path) -> None:
    data = write_npz(tmp_path / "d.npz", np.arange(40) % 3, np.arange(9) % 3)
    run = mnistae("run", "--dataset", data, "-a", tmp_path / "made", *LEAN, "--latent-dim", "1", "--json")
    assert strict(run.out)["features"]["train"]["hoyer_sparsity"] is None


@pytest.mark.slow
def test_only_classes_that_occur_are_shown(mnistae: Mnistae, tmp_path: Path) -> None:
    labels = np.array([3, 17, 230])
    data = write_npz(tmp_path / "gaps.npz", labels[np.arange(60) % 3], labels[np.arange(12) % 2 + 1])
    made = tmp_path / "made"
    run = mnistae("run", "--dataset", data, "-a", made, *TINY, "--json")
    scores = strict(run.out)
    assert scores["dataset"]["class_names"] == ["3", "17", "230"]
    recalls = scores["classifier"]["test"]["per_class_accuracy"]
    assert len(recalls) == 3
    assert recalls[0] is None
    assert set(scores["clusters"]["majority_mapping"]) <= {0, 1, 2}  # places in class_names
    table = mnistae("evaluate", "-a", made).out
    assert [line.split()[2] for line in table.splitlines() if "  class " in line] == ["3", "17", "230"]
    assert mnistae("report", "-a", made, "-q").code == 0
    groups = data_of((made / "report" / "report.html").read_text())["parts"]["map"]["groups"]
    assert groups[0]["names"] == ["17", "230"]  # those of the test images, which the map shows
    assert set(groups[0]["of"]) == {0, 1}


def test_a_gate_that_fails_still_prints(mnistae: Mnistae, tmp_path: Path) -> None:
    np.save(tmp_path / "equal.npy", np.zeros((12, 9, 9), np.uint8))
    made = ("--dataset", tmp_path / "equal.npy", "-a", tmp_path / "made", *LEAN)
    failed = mnistae("run", *made, "-q", "--json", "--fail-under", "features.test.hoyer_sparsity=0.1")
    assert failed.code == 5
    assert strict(failed.out)["features"]["test"]["hoyer_sparsity"] is None
