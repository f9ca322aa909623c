"""What looks at no label gives the same without any, and raises if it looks."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mnistae_cli.data import Dataset, load_dataset
from tests.blindfold import UNSUPERVISED, LabelSeenError
from tests.conftest import CODES, QUICK, Mnistae, printed_by, the_object
from tests.pipeline.conftest import manifest, without_labels

HELD = ("dense", *CODES, "invariant", "found")


@pytest.mark.parametrize("kind", HELD)
def test_every_kind_of_code_is_trained_and_clustered_where_labels_raise(
    kind: str,
    finished_once: Path,
    invariant_once: Path,
    found_once: Path,
    sparse_once: Callable[[str], Path],
) -> None:
    """These artifacts were made under the blindfold, as all others. Not even a hash of the labels was taken."""
    made = {"dense": finished_once, "invariant": invariant_once, "found": found_once}
    root = made[kind] if kind in made else sparse_once(kind)
    data = manifest(root, "train")["dataset"]
    assert data["sha256"].keys() == {"train_images", "test_images"}
    assert "class_names" not in data
    assert manifest(root, "cluster")["metrics"]["n_clusters"] >= 1
    assert {"train_labels", "test_labels"} < manifest(root, "encode")["dataset"]["sha256"].keys()  # as it should


@pytest.mark.parametrize("module", UNSUPERVISED)
def test_the_blindfold_holds_in_every_unsupervised_module_and_in_what_it_calls(module: str, shapes_npz: Path) -> None:
    data = load_dataset(str(shapes_npz))
    looks: dict[str, Any] = {"__name__": f"{module}anything" if module.endswith(".") else module}
    exec("def look(data): return data.train.labels, data.class_names", looks)
    exec("def ask(data): return data.record(labels=True)", looks)
    for look in (looks["look"], looks["ask"]):
        with pytest.raises(LabelSeenError, match=module):
            look(data)
    assert data.train.labels is not None
    assert data.class_names == ("0", "1", "2")


def test_a_training_that_hashes_labels_is_caught(
    shapes_npz: Path, tmp_path: Path, mnistae: Mnistae, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = Dataset.record
    monkeypatch.setattr(Dataset, "record", lambda self, labels: record(self, True))
    caught = mnistae("train", "--dataset", shapes_npz, "-a", tmp_path, *QUICK)
    assert caught.code == 1
    assert "class_names was read within mnistae_cli.stages.train" in caught.err


def test_labels_reach_nothing_that_is_called_unsupervised(
    finished_once: Path, permuted_once: Path, plain_once: Path
) -> None:
    """Permuted labels, or none at all, give the same autoencoder, features, errors and clusters."""
    true = without_labels(finished_once)
    assert len(true) >= 10
    for other in (permuted_once, plain_once):
        others = without_labels(other)
        for name, content in true.items():
            assert others[name] == content, (other, name)


def test_permuted_labels_leave_train_up_to_date(finished: Path, permuted_npz: Path, mnistae: Mnistae) -> None:
    assert "up to date" in mnistae("train", "--dataset", permuted_npz, "-a", finished, *QUICK).err
    assert "up to date" not in mnistae("encode", "--dataset", permuted_npz, "-a", finished).err


def test_without_labels_run_leaves_the_classifier_out(plain_once: Path, plain: Path, mnistae: Mnistae) -> None:
    scores = the_object(printed_by(plain_once).read_text())
    assert "classifier" not in scores
    assert set(scores["clusters"]["test"]) == {"sizes", "unsure"}
    assert (plain / "evaluate" / "clusters.png").exists()
    refused = mnistae("classify", "-a", plain)
    assert refused.code == 3
    assert "no labels of two classes" in refused.err
