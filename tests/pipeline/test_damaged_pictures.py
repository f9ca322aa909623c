"""A folder with damaged pictures through the commands: told together, skipped on demand, the same images ever after."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mnistae_cli.data import cache
from tests.conftest import QUICK, Mnistae, assert_two_lines, shapes, the_object

N = 90
IMAGES, LABELS = shapes(N, 4)
BAD = (5, 17, 30, 31, 60)


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    """Pictures in class folders, five of them damaged."""
    for number, (image, label) in enumerate(zip(IMAGES, LABELS, strict=True)):
        into = tmp_path / "scans" / "abc"[label]
        into.mkdir(parents=True, exist_ok=True)
        path = into / f"{number:03}.png"
        Image.fromarray(image).save(path)
        if number in BAD:
            path.write_bytes(path.read_bytes()[:40])
    return tmp_path / "scans"


def test_all_are_told_then_skipped_and_every_later_stage_sees_the_same_images(
    scans: Path, tmp_path: Path, mnistae: Mnistae, monkeypatch: pytest.MonkeyPatch
) -> None:
    artifacts = tmp_path / "artifacts"
    refused = mnistae("train", "--dataset", scans, *QUICK, "-a", artifacts)
    lines = [line for line in refused.err.splitlines() if "cannot be read as an image" in line and line[0] == "…"]
    assert {int(Path(line.split()[1]).stem) for line in lines} == set(BAD)
    quiet = mnistae("train", "--dataset", scans, *QUICK, "-a", artifacts, "-q")
    assert_two_lines(quiet, 4, "5 of 90 images", "--skip-damaged")
    assert not artifacts.exists()

    trained = mnistae("train", "--dataset", scans, "--skip-damaged", *QUICK, "-a", artifacts, "--json")
    assert trained.code == 0, trained.err
    assert "decode" not in trained.err  # the refused run did
    record = the_object(trained.out)["dataset"]
    assert (record["n_skipped"], record["n_train"] + record["n_test"]) == (5, N - 5)

    for command in (
        ["encode"],
        ["cluster", "--clusters", "3"],
        ["label", "--names", "x,y,z"],
        ["finetune", "--per-class", "4", "--epochs", "1"],
        ["evaluate"],
    ):
        done = mnistae(*command, "-a", artifacts)
        assert done.code == 0, done.err
        assert "decode" not in done.err
    splits = {split: np.load(artifacts / "encode" / f"labels_{split}.npy") for split in ("train", "test")}
    with (artifacts / "label" / "labels.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    numbers = [int(Path(row["image"]).stem) for row in rows]
    assert sorted(numbers) == [number for number in range(N) if number not in BAD]
    for number, row in zip(numbers, rows, strict=True):
        assert splits[row["split"]][int(row["index"])] == LABELS[number]

    again = mnistae("train", "--dataset", scans, "--skip-damaged", *QUICK, "-a", artifacts)
    assert "up to date" in again.err
    monkeypatch.setenv("MNISTAE_SKIP_DAMAGED", "1")
    assert "up to date" in mnistae("train", "--dataset", scans, *QUICK, "-a", artifacts).err


def test_features_of_a_folder_skip_too(scans: Path, finished: Path, tmp_path: Path, mnistae: Mnistae) -> None:
    given = ("encode", "--images", scans / "a", "--output", tmp_path / "a.npy", "-a", finished, "-q")
    n_bad = sum(LABELS[number] == 0 for number in BAD)
    assert n_bad
    assert_two_lines(mnistae(*given), 4, f"{n_bad} of", "--skip-damaged")
    assert mnistae(*given, "--skip-damaged").code == 0
    assert len(np.load(tmp_path / "a.npy")) == (LABELS == 0).sum() - n_bad


def test_data_shows_what_is_decoded_and_removes_it(scans: Path, mnistae: Mnistae) -> None:
    assert the_object(mnistae("data", "--json").out)["packed"] == []
    for number in BAD:
        next(scans.glob(f"*/{number:03}.png")).unlink()
    from mnistae_cli.data import load_dataset

    load_dataset(str(scans))
    (packed,) = the_object(mnistae("data", "--json").out)["packed"]
    assert packed["source"] == str(scans)
    assert packed["bytes"] > (N - 5) * 120
    assert f"{packed['bytes']:,}" in mnistae("data").out
    scans.rename(scans.with_name("moved"))
    assert "source is gone" in mnistae("data").out
    removed = mnistae("data", "--remove-packed", "--json")
    assert f"{packed['bytes']:,} bytes" in removed.err
    assert the_object(removed.out)["packed"] == []
    assert not cache.entries()
