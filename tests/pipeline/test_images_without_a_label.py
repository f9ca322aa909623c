"""Some images have no label (-1): they are learned from and clustered, but not drawn, judged or scored."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import LEAN, QUICK, Mnistae, shapes


@pytest.fixture
def half_labeled(tmp_path: Path) -> Path:
    (train, labels), (test, truth) = shapes(120, 1), shapes(40, 2)
    partly = np.where(np.arange(120) % 2, labels.astype(int), -1)
    np.savez(
        tmp_path / "half.npz", x_train=train, y_train=partly, x_test=test, y_test=np.where(truth, truth.astype(int), -1)
    )
    return tmp_path / "half.npz"


@pytest.mark.slow
def test_images_without_a_label_go_through_every_stage(half_labeled: Path, tmp_path: Path, mnistae: Mnistae) -> None:
    root = tmp_path / "a"
    options = [*QUICK, *LEAN[:-1]]
    assert mnistae("run", "--dataset", half_labeled, *options, "-a", root).code == 0
    drawn = np.load(root / "classify" / "labelled_indices.npy")
    assert len(drawn) == 30
    assert (drawn % 2).all()
    assert np.load(root / "encode" / "features_train.npy").shape[0] == 120
    metrics = json.loads((root / "evaluate" / "metrics.json").read_text())
    assert metrics["dataset"]["class_names"] == ["0", "1", "2"]
    assert 0 <= metrics["clusters"]["test"]["majority_accuracy"] <= 1
    labels = np.load(root / "encode" / "labels_test.npy")
    probabilities = np.load(root / "classify" / "probabilities_test.npy")
    known = labels < 3
    assert not known.all()
    expected = (probabilities.argmax(axis=1) == labels)[known].mean()
    assert metrics["classifier"]["test"]["accuracy"] == pytest.approx(expected)
    for command in (("label", "--names", "a,b,c"), ("review",), ("report",), ("evaluate", "--figures")):
        assert mnistae(*command, "-a", root, "-q").code == 0, command
    suspicious = (root / "review" / "review.csv").read_text().splitlines()[1:]
    assert not [
        row for row in suspicious if ",label," in row and row.startswith("train,") and int(row.split(",")[1]) % 2 == 0
    ]
    indices = tmp_path / "indices.npy"
    np.save(indices, [1, 2, 3])
    refused = mnistae("classify", "--indices", indices, "--head", "prototypes", "-a", root)
    assert refused.code == 2
    assert "image 2 has no label" in refused.err
    decisions = tmp_path / "decisions.csv"
    decisions.write_text("split,index,suspicion,decision\n")
    assert mnistae("review", "--apply", decisions, "-a", root, "-q").code == 0
    kept = root / "review" / "kept.csv"
    for source in (kept, root / "review" / "labels_corrected.npy"):
        assert (
            mnistae("classify", "--labels-from", source, "--labels", "30", "--head", "prototypes", "-a", root).code == 0
        )
        assert (np.load(root / "classify" / "labelled_indices.npy") % 2).all()
    assert mnistae("run", "--dataset", half_labeled, "--kept", kept, *options, "-a", tmp_path / "b", "-q").code == 0
