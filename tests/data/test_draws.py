from pathlib import Path

import numpy as np
import pytest

from mnistae_cli.common.errors import DamagedInput, MissingInput, UsageError
from mnistae_cli.common.progress import Notice
from mnistae_cli.data.draws import Drawn, draw_labels
from mnistae_cli.settings.labeled import LabeledConfig

NAMES = ["bar", "beam", "block"]
LABELS = np.repeat(np.arange(3, dtype=np.uint8), (60, 30, 10))


def drawn(**options: object) -> np.ndarray:
    return draw_labels(LABELS, NAMES, LabeledConfig(**options)).indices  # type: ignore[arg-type]


def test_a_draw_is_seeded_sorted_and_names_each_image_once() -> None:
    found = drawn(labels=40)
    assert found.dtype == np.int64
    assert len(np.unique(found)) == 40
    assert (np.diff(found) > 0).all()
    assert np.array_equal(found, drawn(labels=0.4))
    assert not np.array_equal(found, drawn(labels=40, seed=1))


def test_the_labels_are_those_of_the_indices() -> None:
    found = draw_labels(LABELS, NAMES, LabeledConfig(labels=7, seed=3))
    assert found.labels.tolist() == LABELS[found.indices].tolist()


@pytest.mark.parametrize(("n", "counts"), [(10, [6, 3, 1]), (15, [9, 5, 1]), (100, [60, 30, 10])])
def test_every_class_gives_its_share(n: int, counts: list[int]) -> None:
    assert np.bincount(LABELS[drawn(labels=n)]).tolist() == counts


def test_or_every_class_gives_as_many() -> None:
    assert np.bincount(LABELS[drawn(per_class=10)]).tolist() == [10, 10, 10]
    with pytest.raises(UsageError, match="per_class is 11, but class block has 10"):
        drawn(per_class=11)


def test_without_stratification_no_label_is_looked_at() -> None:
    config = LabeledConfig(labels=20, stratify=False)
    others = np.random.default_rng(0).permutation(LABELS)
    assert np.array_equal(draw_labels(LABELS, NAMES, config).indices, draw_labels(others, NAMES, config).indices)


def test_indices_are_used_as_they_are(tmp_path: Path) -> None:
    np.save(tmp_path / "few.npy", np.array([50, 3, 99], np.int32))
    found = draw_labels(LABELS, NAMES, LabeledConfig(indices=str(tmp_path / "few.npy")))
    assert found.indices.tolist() == [3, 50, 99]
    assert found.labels.tolist() == [0, 0, 2]


@pytest.mark.parametrize(
    ("indices", "error", "words"),
    [
        (np.array([1, 100]), UsageError, "100 is not the number of a training image"),
        (np.array([-1, 5]), UsageError, "-1 is not the number of a training image"),
        (np.array([5, 5]), UsageError, "has an image twice"),
        (np.array([0.5]), DamagedInput, "dtype float64"),
        (np.zeros((2, 2), int), DamagedInput, r"shape \(2, 2\)"),
        (np.zeros(0, int), DamagedInput, r"shape \(0,\)"),
    ],
)
def test_other_indices_are_refused(indices: np.ndarray, error: type[Exception], words: str, tmp_path: Path) -> None:
    np.save(tmp_path / "few.npy", indices)
    with pytest.raises(error, match=words):
        drawn(indices=str(tmp_path / "few.npy"))


def test_no_file_of_indices_is_a_missing_input(tmp_path: Path) -> None:
    with pytest.raises(MissingInput):
        drawn(indices=str(tmp_path / "none.npy"))
    with pytest.raises(DamagedInput):
        drawn(indices=str(tmp_path))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"labels": 101}, "labels is 101, but there are 100"),
        ({"labels": 1.5}, "labels is 1.5"),
        ({"labels": 0}, "labels is 0"),
        ({"per_class": 0}, "per_class is 0"),
        ({"per_class": 2, "stratify": False}, "per_class and stratify=False"),
        ({"per_class": 2, "indices": "x.npy"}, "per_class and indices"),
        ({"per_class": 2, "labels": 20}, "labels and per_class"),
    ],
)
def test_contradictions_are_refused(options: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        drawn(**options)


def test_indices_of_images_that_a_review_removed_are_told_and_left_out(tmp_path: Path) -> None:
    table = "split,index,image,label\n" + "".join(f"train,{number},,{number % 2}\n" for number in range(20, 60))
    (tmp_path / "kept.csv").write_text(table)
    heard: list[object] = []

    def drawn_of(*indices: int) -> Drawn:
        np.save(tmp_path / "indices.npy", np.array(indices))
        which = LabeledConfig(indices=str(tmp_path / "indices.npy"), labels_from=str(tmp_path / "kept.csv"))
        return draw_labels(LABELS, ["0", "1"], which)

    found = drawn_of(21, 40, 3)
    assert (found.indices.tolist(), found.labels.tolist()) == ([21, 40], [1, 0])
    found.warn_of_missed(["0", "1"], heard.append)
    assert heard == [Notice("1 of the indices are left out: a review has removed these images")]
    with pytest.raises(UsageError, match=r"has no image that is in labels_from=.*kept\.csv'"):
        drawn_of(3, 4)
