"""From features to what is odd, from decisions to what is kept, and strangers that `predict` tells."""

import codecs
import csv
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mnistae_cli.common import from_text
from mnistae_cli.store.files import entry_of
from mnistae_cli.store.manifests import parse, write_manifest
from tests.conftest import LEAN, QUICK, Mnistae, Shared, assert_two_lines, exit_code, shapes, the_object
from tests.pipeline.conftest import bytes_of, manifest


def planted(path: Path, *, labelled: bool = True, permuted: bool = False) -> Path:
    """Shapes; two training images are copies of test images, one is noise, and five labels are wrong."""
    train, test = shapes(240, 1), shapes(60, 2)
    images, labels = train[0].copy(), train[1].copy()
    images[[10, 20]] = test[0][[3, 4]]
    images[30] = np.random.default_rng(0).integers(0, 256, images[30].shape)
    labels[100:105] = (labels[100:105] + 1) % 3
    given = {"y_train": labels, "y_test": test[1]}
    if permuted:
        given = {name: np.random.default_rng(1).permutation(each) for name, each in given.items()}
    np.savez(path, x_train=images, x_test=test[0], **(given if labelled else {}))  # type: ignore[arg-type]
    return path


@pytest.fixture(scope="session")
def reviewed_once(shared: Shared) -> Path:
    """Artifacts of `planted`, reviewed. Do not touch."""

    def make(folder: Path) -> None:
        data = planted(shared.folder / "planted.npz")
        for command in (("run", "--dataset", str(data), *QUICK, *LEAN), ("review",)):
            assert exit_code(["mnistae", *command, "-a", str(folder), "-q"]) == 0

    return shared.once("reviewed", make)


@pytest.fixture
def reviewed(reviewed_once: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(reviewed_once, tmp_path / "reviewed"))


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def decide(root: Path, path: Path, *kinds: str) -> Path:
    """A file that accepts every row of some kinds."""
    lines = [
        f"{row['split']},{row['index']},{row['suspicion']},accept"
        for row in rows_of(root / "review" / "review.csv")
        if row["suspicion"] in kinds
    ]
    path.write_text("\n".join(["split,index,suspicion,decision", *lines]) + "\n")
    return path


def test_what_was_planted_is_found(reviewed_once: Path) -> None:
    rows = rows_of(reviewed_once / "review" / "review.csv")
    assert ",".join(rows[0]) == "split,index,image,suspicion,score,why,label,suggested,neighbors"
    duplicates = [each for each in rows if each["suspicion"] == "duplicate" and each["index"] in ("10", "20")]
    assert [(each["split"], each["neighbors"].split()[0]) for each in duplicates] == [
        ("train", "test:3"),
        ("train", "test:4"),
    ]
    assert all(each["why"].endswith("in the other split") for each in duplicates)
    novelty = np.load(reviewed_once / "review" / "novelty_train.npy")
    assert novelty.argmax() == 30
    wrong = {each["index"] for each in rows if each["suspicion"] == "label" and each["split"] == "train"}
    assert wrong >= {str(i) for i in range(100, 105)}
    metrics = manifest(reviewed_once, "review")["metrics"]
    assert metrics["rows"]["duplicate"] >= 2
    assert metrics["leaks"] >= 2
    assert all(0 <= share <= 1 for share in metrics["wrong_share"].values())
    for split, n in (("train", 240), ("test", 60)):
        assert np.load(reviewed_once / "review" / f"novelty_{split}.npy").shape == (n,)
        assert np.load(reviewed_once / "review" / f"label_quality_{split}.npy").shape == (n,)


@pytest.mark.parametrize("how", ["permuted", "plain"])
def test_strangers_and_duplicates_look_at_no_label(
    how: str, reviewed: Path, reviewed_once: Path, tmp_path: Path, mnistae: Mnistae
) -> None:
    data, root = planted(tmp_path / "others.npz", permuted=how == "permuted", labelled=how != "plain"), reviewed
    assert "up to date" in mnistae("train", "--dataset", data, *QUICK, "-a", root).err
    for command in (("encode", "--dataset", str(data)), ("review",)):
        assert mnistae(*command, "-a", root, "-q").code == 0
    assert bytes_of(root / "encode")["novelty.npy"] == bytes_of(reviewed_once / "encode")["novelty.npy"]
    for name in ("novelty_train.npy", "novelty_test.npy"):
        assert bytes_of(root / "review")[name] == bytes_of(reviewed_once / "review")[name]
    kinds = ("stranger", "duplicate", "near-duplicate")

    def without_labels(folder: Path) -> list[dict[str, str]]:
        rows = rows_of(folder / "review" / "review.csv")
        return [{**row, "label": ""} for row in rows if row["suspicion"] in kinds]

    assert without_labels(root) == without_labels(reviewed_once)
    assert any(row["suspicion"] == "label" for row in rows_of(root / "review" / "review.csv")) == (how == "permuted")


def test_decisions_leave_images_out_and_correct_labels(reviewed: Path, tmp_path: Path, mnistae: Mnistae) -> None:
    before = (reviewed / "review" / "review.csv").read_bytes()
    path = decide(reviewed, tmp_path / "decisions.csv", "duplicate", "label")
    assert mnistae("review", "--apply", path, "-a", reviewed, "-q").code == 0
    folder = reviewed / "review"
    assert (folder / "review.csv").read_bytes() == before
    rows = rows_of(folder / "review.csv")
    out = {(each["split"], each["index"]) for each in rows if each["suspicion"] == "duplicate"}
    kept = rows_of(folder / "kept.csv")
    assert {(each["split"], each["index"]) for each in kept}.isdisjoint(out)
    assert len(kept) == 300 - len(out)
    suggested = {(e["split"], e["index"]): e["suggested"] for e in rows if e["suspicion"] == "label"}
    given = {(each["split"], each["index"]): each["label"] for each in kept}
    assert all(given[key] == name for key, name in suggested.items() if key in given)
    corrected = np.load(folder / "labels_corrected.npy")
    original = np.load(reviewed / "encode" / "labels_train.npy")
    changed = {str(i) for i in np.flatnonzero(corrected != original)}
    assert changed == {index for split, index in suggested if split == "train"}
    # They are kept until others are given.
    again = mnistae("review", "-a", reviewed)
    assert "up to date" in again.err
    assert (folder / "kept.csv").exists()
    before = (folder / "kept.csv").read_bytes()
    assert mnistae("review", "--least-rows", "3", "-a", reviewed, "-q").code == 0
    assert (folder / "kept.csv").read_bytes() == before
    # A damaged review is made anew.
    with (folder / "review.csv").open("a") as file:
        file.write("junk")
    assert mnistae("review", "--apply", path, "-a", reviewed, "-q").code == 0
    assert "junk" not in (folder / "review.csv").read_text()
    assert (folder / "kept.csv").read_bytes() == before


def test_decisions_about_other_images_are_not_lost(reviewed: Path, tmp_path: Path, mnistae: Mnistae) -> None:
    path = decide(reviewed, tmp_path / "decisions.csv", "duplicate")
    assert mnistae("review", "--apply", path, "-a", reviewed, "-q").code == 0
    others = planted(tmp_path / "others.npz")
    arrays = dict(np.load(others))
    arrays["x_train"][0] = 7
    np.savez(others, **arrays)
    assert mnistae("encode", "--dataset", others, "-a", reviewed, "-q").code == 0
    assert_two_lines(mnistae("review", "-a", reviewed), 2, "decisions.csv", "other images")
    assert (reviewed / "review" / "decisions.csv").exists()
    assert mnistae("review", "--force", "-a", reviewed, "-q").code == 0


@pytest.mark.parametrize("n", [2, 3, 9, 60])
def test_small_sets_are_reviewed(n: int, finished: Path, tmp_path: Path, mnistae: Mnistae) -> None:
    images, labels = shapes(n, 5)
    data = tmp_path / "small.npz"
    labelled = {"y_train": labels} if n > 3 else {}
    np.savez(data, x_train=images, **labelled)  # type: ignore[arg-type]
    train = [("train", "--dataset", str(data), *QUICK)] if n == 2 else []  # on one image
    for command in (*train, ("encode", "--dataset", str(data)), ("review",)):
        ended = mnistae(*command, "-a", finished, "-q")
        assert ended.code == 0, ended.err
    for split, n_split in (("test", max(n // 6, 1)), ("train", n - max(n // 6, 1))):
        assert np.load(finished / "review" / f"novelty_{split}.npy").shape == (n_split,)


def test_only_what_is_odd_is_listed_and_more_if_asked(reviewed: Path, mnistae: Mnistae) -> None:
    novelty = np.load(reviewed / "review" / "novelty_train.npy")
    rows = rows_of(reviewed / "review" / "review.csv")
    listed = [row for row in rows if row["suspicion"] == "stranger" and row["split"] == "train"]
    assert len(listed) == (novelty > 0.997).sum()
    assert mnistae("review", "--least-rows", "20", "-a", reviewed, "-q").code == 0
    rows = rows_of(reviewed / "review" / "review.csv")
    strangers = [row for row in rows if row["suspicion"] == "stranger" and row["split"] == "train"]
    assert len(strangers) == 20
    assert strangers[0]["index"] == "30"
    scores = [float(each["score"]) for each in strangers]
    assert scores == sorted(scores, reverse=True)


def test_what_was_kept_can_be_learned_from(reviewed: Path, tmp_path: Path, mnistae: Mnistae) -> None:
    path = decide(reviewed, tmp_path / "decisions.csv", "duplicate", "label")
    assert mnistae("review", "--apply", path, "-a", reviewed, "-q").code == 0
    kept = reviewed / "review" / "kept.csv"
    n_train = sum(row["split"] == "train" for row in rows_of(kept))
    for source in ("kept.csv", "labels_corrected.npy"):
        labels = ("--labels-from", kept.with_name(source), "--labels", "1.0", "--head", "prototypes", "--no-calibrate")
        assert mnistae("classify", *labels, "-a", reviewed, "-q").code == 0
        used = manifest(reviewed, "classify")["metrics"]["labels_used"]
        assert used == (n_train if source == "kept.csv" else 240)
    root = tmp_path / "anew"
    source_of = manifest(reviewed, "encode")["dataset"]["source"]
    assert mnistae("train", "--dataset", source_of, "--kept", kept, *QUICK, "-a", root, "-q").code == 0
    assert mnistae("encode", "-a", root, "-q").code == 0
    assert len(np.load(root / "encode" / "features_train.npy")) == n_train
    names = [row["label"] for row in rows_of(kept) if row["split"] == "train"]
    assert np.load(root / "encode" / "labels_train.npy").astype(str).tolist() == names


def test_bad_files_of_decisions_and_labels_are_told(reviewed: Path, tmp_path: Path, mnistae: Mnistae) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("split,index,label\ntrain,9999,0\n")
    assert_two_lines(mnistae("review", "--apply", bad, "-a", reviewed), 4, "column")
    assert_two_lines(mnistae("review", "--apply", tmp_path / "no.csv", "-a", reviewed), 3, "no.csv")
    assert (reviewed / "review" / "review.csv").exists()
    assert_two_lines(mnistae("classify", "--labels-from", bad, "-a", reviewed), 4, "column")
    assert_two_lines(mnistae("classify", "--labels-from", tmp_path / "no.csv", "-a", reviewed), 3, "no.csv")
    np.save(tmp_path / "short.npy", np.zeros(3, np.uint8))
    assert_two_lines(mnistae("classify", "--labels-from", tmp_path / "short.npy", "-a", reviewed), 4, "short.npy")
    source = manifest(reviewed, "encode")["dataset"]["source"]
    training = ("train", "--dataset", source, *QUICK, "-a", tmp_path / "root")
    assert_two_lines(mnistae(*training, "--kept", bad), 4, "image")
    for content, words in (
        ("train,9999,1,0", "from 0 to 239"),
        ("train,1,1,0\ntrain,1,1,1", "twice"),
        ("train,1,other.png,0", "other.png"),
        ("train,1,1,mouse", "'mouse'"),
        ("test,1,1,0", "no image is kept"),
    ):
        bad.write_text(f"split,index,image,label\n{content}\n")
        assert_two_lines(mnistae(*training, "--kept", bad), 4, words)
    assert_two_lines(mnistae("classify", "--labels-from", bad, "-a", reviewed), 4, "no image is kept")
    assert_two_lines(mnistae("review", "--apply", "", "-a", reviewed), 2, "--apply")


def test_predict_tells_strangers(finished: Path, tmp_path: Path, mnistae: Mnistae) -> None:
    rng = np.random.default_rng(5)
    noise = rng.integers(0, 256, (10, 10, 12)).astype(np.uint8)
    np.save(tmp_path / "images.npy", np.concatenate([shapes(20, 7)[0], noise]))
    asked = ("predict", tmp_path / "images.npy", "--no-frame", "-a", finished)
    told = mnistae(*asked, "--json")
    assert told.code == 0
    found = the_object(told.out)["predictions"]
    assert all(each["stranger"] for each in found[20:])
    assert sum(each["stranger"] for each in found[:20]) <= 4
    assert all(0 <= each["novelty"] < 1 for each in found)
    assert "stranger" in mnistae(*asked).out
    refused = mnistae(*asked, "--fail-on-strangers", "--json")
    assert refused.code == 5
    assert "pictures are strangers" in refused.err
    assert the_object(refused.out)["predictions"] == found


def test_decisions_beside_a_damaged_manifest_are_not_lost(reviewed: Path, tmp_path: Path, mnistae: Mnistae) -> None:
    path = decide(reviewed, tmp_path / "decisions.csv", "duplicate")
    assert mnistae("review", "--apply", path, "-a", reviewed, "-q").code == 0
    folder = reviewed / "review"
    kept = (folder / "kept.csv").read_bytes()
    (folder / "manifest.json").write_text("{")
    refused = mnistae("review", "-a", reviewed, "-q")
    assert refused.code == 2
    assert f"{folder / 'decisions.csv'} would be lost" in refused.err
    assert (folder / "decisions.csv").read_bytes() == path.read_bytes()
    assert mnistae("review", "--apply", folder / "decisions.csv", "-a", reviewed, "-q").code == 0
    assert (folder / "kept.csv").read_bytes() == kept


def test_decisions_about_other_images_can_be_moved_away(reviewed: Path, tmp_path: Path, mnistae: Mnistae) -> None:
    path = decide(reviewed, tmp_path / "decisions.csv", "duplicate")
    assert mnistae("review", "--apply", path, "-a", reviewed, "-q").code == 0
    planted(tmp_path / "others.npz")
    images = dict(np.load(tmp_path / "others.npz"))
    np.savez(tmp_path / "others.npz", **images | {"x_train": images["x_train"][::-1]})
    assert mnistae("encode", "--dataset", tmp_path / "others.npz", "-a", reviewed, "-q").code == 0
    assert_two_lines(mnistae("review", "-a", reviewed, "-q"), 2, "about other images", "Move it away")
    (reviewed / "review" / "decisions.csv").rename(tmp_path / "moved.csv")
    assert mnistae("review", "-a", reviewed, "-q").code == 0
    assert not (reviewed / "review" / "kept.csv").exists()


def test_labels_of_a_review_count_before_the_training_too(reviewed: Path, tmp_path: Path, mnistae: Mnistae) -> None:
    np.save(tmp_path / "corrected.npy", np.arange(240) % 2)
    few = ("--labels-from", tmp_path / "corrected.npy", "--per-class", "121")
    refused = mnistae("run", "--dataset", planted(tmp_path / "p.npz"), *few, "-a", tmp_path / "new", "-q")
    assert_two_lines(refused, 2, "--per-class is 121, but class 0 has 120")
    assert not (tmp_path / "new").exists()


def labels_of(root: Path) -> dict[int, int]:
    """The training labels that were corrected, by the number of their image."""
    corrected = np.load(root / "review" / "labels_corrected.npy")
    original = np.load(root / "encode" / "labels_train.npy")
    return {i: int(corrected[i]) for i in np.flatnonzero(corrected != original).tolist()}


def reseal(folder: Path) -> None:
    """Let the manifest of a stage be right about its files as they are now."""
    found = parse((folder / "manifest.json").read_bytes(), folder.name)
    files = {path.name: entry_of(path) for path in folder.iterdir() if path.name != "manifest.json"}
    write_manifest(folder, replace(found, files=files))


def as_an_older_version_left_it(root: Path, tmp_path: Path, mnistae: Mnistae) -> tuple[int, int]:
    """Accept a label whose suggested class changes with the next review, without naming it. Returns image and class."""
    folder = root / "review"
    row = next(
        each for each in rows_of(folder / "review.csv") if (each["suspicion"], each["split"]) == ("label", "train")
    )
    own = tmp_path / "own.csv"
    own.write_text(f"split,index,suspicion,decision\ntrain,{row['index']},label,accept\n")
    assert mnistae("review", "--apply", own, "-a", root, "-q").code == 0
    (another,) = {"0", "1", "2"} - {row["label"], row["suggested"]}
    line = next(
        each for each in (folder / "review.csv").read_text().splitlines() if each.startswith(f"train,{row['index']},")
    )
    before, after = f",{row['label']},{row['suggested']},", f",{row['label']},{another},"
    assert before in line
    (folder / "review.csv").write_text((folder / "review.csv").read_text().replace(line, line.replace(before, after)))
    shutil.copy(own, folder / "decisions.csv")
    reseal(folder)
    return int(row["index"]), int(another)


def test_an_accepted_label_is_stored_with_the_class_that_was_seen(
    reviewed: Path, tmp_path: Path, mnistae: Mnistae
) -> None:
    path, folder = decide(reviewed, tmp_path / "own.csv", "duplicate", "label"), reviewed / "review"
    assert mnistae("review", "--apply", path, "-a", reviewed, "-q").code == 0
    seen = {(row["split"], row["index"], row["suspicion"]): row for row in rows_of(folder / "review.csv")}
    stored = rows_of(folder / "decisions.csv")
    assert len(stored) == len(rows_of(path))
    for row in stored:
        of = seen[row["split"], row["index"], row["suspicion"]]
        assert (row["decision"], row["chosen"], row["image"]) == ("accept", of["suggested"], of["image"])
    assert any(row["chosen"] for row in stored)
    before = bytes_of(folder)
    for command in (
        ("review",),
        ("review", "--apply", str(path)),
        ("review", "--apply", str(folder / "decisions.csv")),
    ):
        assert "up to date" in mnistae(*command, "-a", reviewed).err
    assert bytes_of(folder) == before


def test_an_accepted_label_stays_the_class_that_was_seen(reviewed: Path, tmp_path: Path, mnistae: Mnistae) -> None:
    image, name = as_an_older_version_left_it(reviewed, tmp_path, mnistae)
    told = mnistae("review", "--least-rows", "3", "-a", reviewed)
    assert told.code == 0
    assert labels_of(reviewed) == {image: name}
    (stored,) = rows_of(reviewed / "review" / "decisions.csv")
    assert (int(stored["index"]), int(stored["chosen"])) == (image, name)
    # And after the next one, whatever that suggests.
    assert mnistae("review", "--least-rows", "4", "-a", reviewed, "-q").code == 0
    assert labels_of(reviewed) == {image: name}


def test_an_accepted_label_of_an_unknown_class_is_left_out(reviewed: Path, tmp_path: Path, mnistae: Mnistae) -> None:
    as_an_older_version_left_it(reviewed, tmp_path, mnistae)
    with (reviewed / "review" / "review.csv").open("a") as file:
        file.write("junk")
    told = mnistae("review", "-a", reviewed)
    assert told.code == 0
    assert "1 of 1 decisions are left out: it is not known which class was suggested" in told.err
    assert labels_of(reviewed) == {}


def test_a_file_of_ones_own_is_about_the_review_that_is_there(reviewed: Path, tmp_path: Path, mnistae: Mnistae) -> None:
    image, _ = as_an_older_version_left_it(reviewed, tmp_path, mnistae)
    assert mnistae("review", "--least-rows", "3", "--apply", tmp_path / "own.csv", "-a", reviewed, "-q").code == 0
    rows = rows_of(reviewed / "review" / "review.csv")
    suggested = {
        int(row["index"]): row["suggested"] for row in rows if (row["split"], row["suspicion"]) == ("train", "label")
    }
    assert labels_of(reviewed) == {image: int(suggested[image])}


@pytest.mark.slow
def test_decisions_about_rows_that_are_gone_survive_more_than_one_review(
    reviewed: Path, tmp_path: Path, mnistae: Mnistae
) -> None:
    assert mnistae("review", "--least-rows", "20", "-a", reviewed, "-q").code == 0
    path = decide(reviewed, tmp_path / "own.csv", "stranger")
    assert mnistae("review", "--least-rows", "20", "--apply", path, "-a", reviewed, "-q").code == 0
    for least in ("0", "1", "20"):
        told = mnistae("review", "--least-rows", least, "-a", reviewed)
        assert told.code == 0, told.err
        assert ("about rows that this review does not have" in told.err) == (least != "20")
    assert (reviewed / "review" / "decisions.csv").read_bytes() == path.read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["'=x", " a;=\t"])
def test_names_that_spreadsheets_would_change_survive(name: str, tmp_path: Path, mnistae: Mnistae) -> None:
    """Of a folder for each class and of the pictures in it."""
    data, root = tmp_path / "data", tmp_path / "root"
    images, labels = shapes(90, 1)
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        path = data / (name if label == 0 else f"{label}") / f"{name}{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)
    quick = ("--dataset", data, *QUICK, "--epochs", "1", "-a", root, "-q")
    assert mnistae("train", *quick).code == 0
    for command in (("encode",), ("review", "--least-rows", "100")):
        assert mnistae(*command, "-a", root, "-q").code == 0
    path = decide(root, tmp_path / "own.csv", "duplicate", "label")
    assert mnistae("review", "--least-rows", "100", "--apply", path, "-a", root, "-q").code == 0
    for table in ("review.csv", "decisions.csv", "kept.csv"):
        for row in rows_of(root / "review" / table):
            for cell in row.values():
                assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")), (table, cell)
    kept = root / "review" / "kept.csv"
    again = mnistae("review", "--least-rows", "101", "--apply", root / "review" / "decisions.csv", "-a", root)
    assert again.code == 0, again.err
    assert mnistae("train", *quick, "--kept", kept, "--force").code == 0
    assert mnistae("encode", "-a", root, "-q").code == 0
    names = manifest(root, "encode")["dataset"]["class_names"]
    assert name in names
    labels_kept = [from_text(row["label"]) for row in rows_of(kept) if row["split"] == "train"]
    assert [names[each] for each in np.load(root / "encode" / "labels_train.npy")] == labels_kept
    assert mnistae("classify", "--labels-from", kept, "--per-class", "2", "-a", root, "-q").code in (0, 4)


def test_tables_that_are_no_tables_say_so(reviewed: Path, tmp_path: Path, mnistae: Mnistae) -> None:
    path = decide(reviewed, tmp_path / "own.csv", "duplicate", "label")
    assert mnistae("review", "--apply", path, "-a", reviewed, "-q").code == 0
    kept = (reviewed / "review" / "kept.csv").read_text()
    source, table = manifest(reviewed, "encode")["dataset"]["source"], tmp_path / "table.csv"
    uses = [
        ("review", "--apply", table, "-a", reviewed),
        ("train", "--dataset", source, "--kept", table, "-a", tmp_path / "new"),
        ("classify", "--labels-from", table, "-a", reviewed),
    ]
    for content, words in (
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"split,index\0", "NUL byte in line 1"),
        (kept.encode() + b"\0", f"NUL byte in line {kept.count(chr(10)) + 1}"),
        (kept.encode("utf-16-le"), "NUL byte in line 1"),
        (codecs.BOM_UTF16_LE + kept.encode("utf-16-le")[:-1], "is not UTF-16 text"),
        (codecs.BOM_UTF16_BE, "is empty"),
    ):
        table.write_bytes(content)
        for use in uses:
            assert_two_lines(mnistae(*use), 4, words)
    table.write_text(kept.splitlines()[0])
    for use in uses[1:]:
        assert_two_lines(mnistae(*use), 4, "has no row below its header")


def test_tables_in_the_encoding_of_a_spreadsheet_are_read(reviewed: Path, tmp_path: Path, mnistae: Mnistae) -> None:
    path = decide(reviewed, tmp_path / "own.csv", "duplicate", "label")
    assert mnistae("review", "--apply", path, "-a", reviewed, "-q").code == 0
    before = (reviewed / "review" / "kept.csv").read_bytes()
    path.write_bytes(path.read_text().replace(",", "\t").encode("utf-16"))
    assert mnistae("review", "--force", "--apply", path, "-a", reviewed, "-q").code == 0
    kept = tmp_path / "kept.csv"
    assert (reviewed / "review" / "kept.csv").read_bytes() == before
    kept.write_bytes(codecs.BOM_UTF16_BE + before.decode().replace(",", "\t").encode("utf-16-be"))
    labels = ("--labels-from", kept, "--labels", "1.0", "--head", "prototypes", "--no-calibrate")
    assert mnistae("classify", *labels, "-a", reviewed, "-q").code == 0
