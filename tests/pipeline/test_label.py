"""From clusters to names: the contact sheet, the questions, the table."""

import csv
import io
import json
import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.conftest import QUICK, SECOND, Mnistae, assert_two_lines, shapes
from tests.pipeline.conftest import graft

NAMES = ("across", "down", "block")


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def flat(tmp_path: Path) -> Path:
    """A flat folder of unlabelled PNG files."""
    folder = tmp_path / "scans"
    folder.mkdir()
    for number, image in enumerate(shapes(120, 3)[0]):
        Image.fromarray(image).save(folder / f"scan-{number:03}.png")
    return folder


def test_from_a_flat_folder_of_images_to_a_labelled_table(flat: Path, tmp_path: Path, mnistae: Mnistae) -> None:
    root = tmp_path / "artifacts"
    assert mnistae("run", "--dataset", flat, "-a", root, *QUICK, "--clusters", "3", "--no-figures", "-q").code == 0
    sheet = mnistae("label", "-a", root)
    assert sheet.code == 0, sheet.err
    assert {path.name for path in (root / "label").iterdir()} == {
        "contact_sheet.png", "contact_sheet.html", "manifest.json"
    }  # fmt: skip
    assert "mnistae label --artifacts" in sheet.out
    named = mnistae("label", "-a", root, "--names", ",".join(NAMES))
    assert named.code == 0, named.err
    rows = rows_of(root / "label" / "labels.csv")
    assert list(rows[0]) == ["split", "index", "image", "cluster", "name", "distance", "confidence"]
    assert sorted(each["image"] for each in rows) == sorted(map(str, flat.iterdir()))
    assert {(each["cluster"], each["name"]) for each in rows} == {(str(i), name) for i, name in enumerate(NAMES)}
    confidences = [float(each["confidence"]) for each in rows]
    assert confidences == sorted(confidences, reverse=True)
    assert 0 <= confidences[-1] < confidences[0] <= 1


def test_the_table_says_what_cluster_says(finished: Path, mnistae: Mnistae) -> None:
    assert mnistae("label", "-a", finished, "--names", ",".join(NAMES), "-q").code == 0
    rows = rows_of(finished / "label" / "labels.csv")
    assert len(rows) == 300
    centroids = np.load(finished / "cluster" / "centroids.npy")
    for split in ("train", "test"):
        of_split = {int(each["index"]): each for each in rows if each["split"] == split}
        assignments = np.load(finished / "cluster" / f"assignments_{split}.npy")
        assert [int(of_split[i]["cluster"]) for i in range(len(assignments))] == assignments.tolist()
        features = np.load(finished / "encode" / f"features_{split}.npy")
        directions = features / np.linalg.norm(features, axis=1, keepdims=True)
        away = np.linalg.norm(directions - centroids[assignments], axis=1)
        assert [float(of_split[i]["distance"]) for i in range(len(away))] == pytest.approx(away.tolist(), abs=1e-4)


def looks(root: Path) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads((root / "label" / "manifest.json").read_text())["metrics"]["clusters"]
    return found


def test_at_a_terminal_it_asks_once_for_each_cluster(
    finished: Path, mnistae: Mnistae, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal(monkeypatch, "kind 1\n   \n\x1b[A\n kind 2 \nkind 3\n")
    result = mnistae("label", "-a", finished)
    assert result.code == 0, result.err
    assert "contact_sheet.html" in result.err
    assert result.err.count("cluster 1, ") == 3  # an empty answer is none
    assert "cluster" not in result.out.splitlines()[0]
    assert [each["name"] for each in looks(finished)] == ["kind 1", "kind 2", "kind 3"]
    assert (finished / "label" / "labels.csv").exists()


def test_an_end_of_the_answers_is_an_interruption(
    finished: Path, mnistae: Mnistae, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal(monkeypatch, "kind 1\n")
    result = mnistae("label", "-a", finished)
    assert result.code == 130
    assert "interrupted" in result.err
    assert not (finished / "label" / "labels.csv").exists()
    monkeypatch.setattr("sys.stdin", None)
    assert mnistae("label", "-a", finished).code == 0


def terminal(monkeypatch: pytest.MonkeyPatch, answers: str) -> None:
    """A person at the keyboard who types these lines."""
    keyboard = io.StringIO(answers)
    monkeypatch.setattr(keyboard, "isatty", lambda: True)
    monkeypatch.setattr("sys.stdin", keyboard)


def test_a_corrected_table_is_not_replaced(finished: Path, tmp_path: Path, mnistae: Mnistae) -> None:
    assert mnistae("label", "-a", finished, "--names", "a,b,c", "-q").code == 0
    table = finished / "label" / "labels.csv"
    corrected = table.read_text() + "train,0,mine,0,a,0,1\n"
    table.write_text(corrected)
    np.save(tmp_path / "image.npy", shapes(1, 0)[0])
    assert mnistae("predict", tmp_path / "image.npy", "-a", finished).code == 0
    assert mnistae("evaluate", "-a", finished, "--no-figures").code == 0
    for again in ((), ("--names", "a,b,d")):
        assert_two_lines(mnistae("label", "-a", finished, *again), 2, "labels.csv was corrected", "Move it away")
    assert table.read_text() == corrected
    assert mnistae("cluster", "-a", finished, "--clusters", "3", "--seed", "9", "-q").code == 0
    assert_two_lines(mnistae("label", "-a", finished), 2, "labels.csv was corrected")
    (finished / "label" / "manifest.json").write_text("junk")
    assert_two_lines(mnistae("label", "-a", finished), 2, "labels.csv may have been corrected")
    assert table.read_text() == corrected
    assert mnistae("label", "-a", finished, "--force").code == 0


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS takes no such file name")
def test_file_names_are_written_as_they_are(finished: Path, tmp_path: Path, mnistae: Mnistae) -> None:
    folder = tmp_path / "scans"
    folder.mkdir()
    for number, image in enumerate(shapes(40, 3)[0]):
        Image.fromarray(image).save(folder / os.fsdecode(b"scan-\xe9-%02d.png" % number))  # Latin-1, no UTF-8
    for command in (("encode", "--dataset", folder), ("cluster", "--clusters", "3"), ("label", "--names", "a,b,c")):
        assert mnistae(*command, "-a", finished, "-q").code == 0
    assert (finished / "label" / "labels.csv").read_bytes().count(b"/scan-\xe9-") == 40


def test_names_are_kept_until_others_are_given(finished: Path, tmp_path: Path, mnistae: Mnistae) -> None:
    assert mnistae("label", "-a", finished, "--names", "a,b,c", "-q").code == 0
    table = (finished / "label" / "labels.csv").read_bytes()
    assert "up to date" in mnistae("label", "-a", finished).err
    for again in (("--force",), ("--images-per-cluster", "3")):
        assert mnistae("label", "-a", finished, *again, "-q").code == 0
        assert (finished / "label" / "labels.csv").read_bytes() == table
    assert mnistae("label", "-a", finished, "--names", "a,b,d", "-q").code == 0
    assert [each["name"] for each in looks(finished)] == ["a", "b", "d"]
    assert mnistae("cluster", "-a", finished, "--clusters", "4", "-q").code == 0
    np.save(tmp_path / "image.npy", shapes(1, 0)[0])
    told = mnistae("predict", tmp_path / "image.npy", "-a", finished, "--json")
    assert "label is stale and is left out" in told.err
    assert json.loads(told.out)["predictions"][0]["name"] is None
    assert mnistae("label", "-a", finished, "-q").code == 0
    assert [each["name"] for each in looks(finished)] == ["", "", "", ""]


def test_permuted_labels_or_none_give_the_same_names(
    finished_once: Path, permuted_once: Path, plain_once: Path, tmp_path: Path, mnistae: Mnistae
) -> None:
    tables = []
    for once in (finished_once, permuted_once, plain_once):
        root = Path(shutil.copytree(once, tmp_path / once.name))
        assert mnistae("label", "-a", root, "--names", "a,b,c", "-q").code == 0
        tables.append([(root / "label" / file).read_bytes() for file in ("labels.csv", "contact_sheet.png")])
    assert tables[0] == tables[1] == tables[2]


def test_names_of_classes_are_scored_and_told_by_predict(finished: Path, tmp_path: Path, mnistae: Mnistae) -> None:
    mapping = json.loads((finished / "evaluate" / "metrics.json").read_text())["clusters"]["hungarian_mapping"]
    assert mnistae("label", "-a", finished, "--names", ",".join(map(str, mapping)), "-q").code == 0
    scores = json.loads(mnistae("evaluate", "-a", finished, "--no-figures", "--json").out)
    for split in ("train", "test"):
        assert scores["names"][split]["accuracy"] == scores["clusters"][split]["hungarian_accuracy"]
    np.save(tmp_path / "image.npy", shapes(1, 0)[0])
    (told,) = json.loads(mnistae("predict", tmp_path / "image.npy", "-a", finished, "--json").out)["predictions"]
    assert told["name"] == str(mapping[told["cluster"]])
    assert f"{told['cluster']}: {told['name']}" in mnistae("predict", tmp_path / "image.npy", "-a", finished).out
    assert mnistae("label", "-a", finished, "--names", ",".join(NAMES), "-q").code == 0
    assert "names" not in json.loads(mnistae("evaluate", "-a", finished, "--no-figures", "--json").out)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ("a,b", "--names has 2 names, but there are 3 clusters"),
        ("a,,c", "has ''"),
        ("", "--names has 1 names"),
        ("a\nb,c,d", "printable"),
        ("a,\udcff,c", "printable"),
        ("a,\x1b[31m,c", "printable"),
        ("a,b," + "w" * 81, "1 to 80"),
    ],
)
def test_other_names_are_refused(names: str, words: str, finished: Path, mnistae: Mnistae) -> None:
    assert_two_lines(mnistae("label", "-a", finished, "--names", names), 2, words)
    assert not (finished / "label").exists()


def test_without_clusters_or_images_there_is_nothing_to_name(finished: Path, flat: Path, mnistae: Mnistae) -> None:
    shutil.rmtree(finished / "cluster")
    assert_two_lines(mnistae("label", "-a", finished), 3, "cluster has not been run", "mnistae cluster")
    for command in (("encode", "--dataset", flat), ("cluster", "--clusters", "3")):
        assert mnistae(*command, "-a", finished, "-q").code == 0
    Image.new("L", (12, 10)).save(flat / "scan-000.png")
    assert_two_lines(mnistae("label", "-a", finished), 3, f"Run again: mnistae encode --dataset {flat} -a {finished}")


def test_empty_clusters_have_a_row_too(finished: Path, mnistae: Mnistae) -> None:
    assert mnistae("cluster", "-a", finished, "--clusters", "60", "-q").code == 0
    result = mnistae("label", "-a", finished, "--shown", "3")
    assert result.code == 0, result.err
    assert len(looks(finished)) == 60


def test_after_another_run_stale_names_are_not_scored(
    finished: Path, second_once: Path, shapes_npz: Path, mnistae: Mnistae
) -> None:
    assert mnistae("label", "-a", finished, "--names", "0,1,2", "-q").code == 0
    graft(second_once, finished)
    again = mnistae("run", "--dataset", shapes_npz, "-a", finished, *SECOND, "--seed", "2")
    assert again.code == 0, again.err
    assert "label is stale" in again.err
    assert "names" not in json.loads((finished / "evaluate" / "metrics.json").read_text())


def test_names_beside_a_damaged_manifest_are_kept_if_they_are_given_again(finished: Path, mnistae: Mnistae) -> None:
    command = ("label", "-a", finished, "-q", "--names")
    assert mnistae(*command, "a,b,c").code == 0
    table = (finished / "label" / "labels.csv").read_bytes()
    (finished / "label" / "manifest.json").write_text("{")
    for other in (command[:-1], (*command, "a,b,d")):
        refused = mnistae(*other)
        assert refused.code == 2
        assert "may have been corrected" in refused.err
        assert (finished / "label" / "labels.csv").read_bytes() == table
    assert mnistae(*command, "a,b,c").code == 0
    assert (finished / "label" / "labels.csv").read_bytes() == table
