"""A folder of pictures of unequal sizes goes through every command, and each frames them in the same way."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import mnistae_cli
from mnistae_cli.common import DamagedInput, UsageError
from tests.conftest import LEAN, QUICK, Mnistae, Shared, shapes

IMAGES, LABELS = shapes(90, 1)


def write(folder: Path) -> None:
    for number, (image, label) in enumerate(zip(IMAGES, LABELS, strict=True)):
        into = folder / "scans" / "abc"[label]
        into.mkdir(parents=True, exist_ok=True)
        padded = np.pad(image, number % 4)
        Image.fromarray(padded if number % 3 else 255 - padded).save(into / f"{number:02}.png")


@pytest.fixture(scope="session")
def scans(shared: Shared) -> Path:
    return shared.once("unequal", write) / "scans"


@pytest.fixture
def trained(scans: Path, tmp_path: Path, shared: Shared) -> Path:
    run = shared.run("unequal-run", "--dataset", scans, *QUICK, *LEAN)
    return Path(shutil.copytree(run, tmp_path / "a"))


def test_every_command_takes_them(scans: Path, trained: Path, tmp_path: Path, mnistae: Mnistae) -> None:
    record = json.loads((trained / "train" / "manifest.json").read_text())["dataset"]
    assert (record["height"], record["width"], record["n_train"]) == (16, 16, 75)
    assert record["preparation"]["frame"] == "pad"
    assert record["preparation"]["polarity"] == "light-on-dark"
    again = mnistae("run", "--dataset", scans, *QUICK, *LEAN, "-a", trained)
    assert again.err.count("up to date") == 5
    for command in (("label", "--names", "a,b,c"), ("evaluate", "--figures"), ("review",), ("report",)):
        assert mnistae(*command, "-a", trained, "-q").code == 0, command
    assert mnistae("status", "--verify", "-a", trained).code == 0
    predicted = mnistae("predict", scans / "a", "-a", trained, "--json")
    assert predicted.code == 0
    assert len(json.loads(predicted.out)["predictions"]) == (LABELS == 0).sum()


def test_other_pictures_get_the_same_features(scans: Path, trained: Path, tmp_path: Path, mnistae: Mnistae) -> None:
    """Encoded alone, a picture of the training has the features that it had there."""
    output = tmp_path / "one.npy"
    labels = json.loads(mnistae("label", "--names", "a,b,c", "-a", trained, "--json").out)
    assert labels["metrics"]
    rows = (trained / "label" / "labels.csv").read_text().splitlines()[1:]
    split, index, image = rows[0].split(",")[:3]
    assert mnistae("encode", "--images", image, "--output", output, "-a", trained, "-q").code == 0
    expected = np.load(trained / "encode" / f"features_{split}.npy")[int(index)]
    np.testing.assert_allclose(np.load(output)[0], expected, atol=1e-5)


def test_another_frame_than_that_of_the_training_is_refused(trained: Path, scans: Path, mnistae: Mnistae) -> None:
    for options in (("--frame", "ink"), ("--side", "20"), ("--polarity", "keep")):
        refused = mnistae("encode", *options, "-a", trained)
        assert refused.code == 2
        assert f"error: {' '.join(options)} is given, but train had " in refused.err
    assert mnistae("encode", "--frame", "pad", "--side", "16", "--dataset", scans, "-a", trained).code == 0


def test_arrays_that_are_framed_already_are_not_framed_again(trained: Path, scans: Path) -> None:
    artifacts = mnistae_cli.open(trained)
    images = mnistae_cli.load_images(scans).train.images
    np.testing.assert_allclose(artifacts.encode(images), artifacts.features("train"), atol=1e-5)
    one = scans / "a" / sorted(each.name for each in (scans / "a").iterdir())[0]
    assert artifacts.encode(np.asarray(Image.open(one))[None]).shape == (1, 8)
    assert artifacts.predict(one)[0].label == artifacts.predict([one])[0].label
    with pytest.raises(DamagedInput, match="holds no image"):
        artifacts.encode(images[:0])
    with pytest.raises(UsageError, match="no picture is given"):
        artifacts.predict([])
