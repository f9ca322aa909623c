"""What looks at no label gives the same without any."""

from pathlib import Path

from tests.conftest import QUICK, Mnistae, printed_by, the_object
from tests.pipeline.conftest import without_labels


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
