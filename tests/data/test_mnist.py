"""The real MNIST, end to end, where `MNISTAE_DATA_DIR` says it is."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mnistae_cli.data.datasets import load_dataset
from mnistae_cli.data.framing import frame_image, measure_frame
from mnistae_cli.data.mnist import places
from mnistae_cli.data.sources import unit_scale
from tests.conftest import Mnistae

DATA_DIR = os.environ.get("MNISTAE_DATA_DIR")
pytestmark = pytest.mark.skipif(
    not DATA_DIR or places(DATA_DIR)[0].state != "sound",
    reason="MNIST is not here: set MNISTAE_DATA_DIR to a folder with its four .gz files",
)


def test_the_data_set_is_mnist() -> None:
    data = load_dataset("mnist", DATA_DIR)
    assert (data.train.pixels.n, data.test.pixels.n) == (60000, 10000)
    assert (data.train.pixels.height, data.train.pixels.width) == (28, 28)
    assert data.test.labels is not None
    assert data.test.labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]


def test_mnist_is_already_framed_as_mnist() -> None:
    data = load_dataset("mnist", DATA_DIR)
    frame = measure_frame(data.train.pixels.load())
    assert (frame.height, frame.width, frame.box, frame.light_ink) == (28, 28, 20, True)
    images = unit_scale(data.test.pixels.load()[:500])
    framed = np.stack([frame_image(image, frame, "test") for image in images])
    assert (np.abs(framed - images).max(axis=(1, 2)) < 0.05).mean() > 0.9


@pytest.mark.slow
def test_few_epochs_end_to_end(mnistae: Mnistae, tmp_path: Path) -> None:
    root = tmp_path / "artifacts"
    quick = ("--no-calibrate", "--no-figures", "--json", "-q")
    done = mnistae("run", "-a", root, "--epochs", "2", "--head-epochs", "20", "--n-init", "1", *quick)
    assert done.code == 0, done.err
    scores = json.loads(done.out)
    assert scores["autoencoder"]["test"]["bce"] < 0.067
    assert scores["autoencoder"]["test"]["mse"] < 0.0025
    assert scores["classifier"]["labels_used"] == 6000
    assert scores["classifier"]["test"]["accuracy"] > 0.93
    assert scores["clusters"]["test"]["hungarian_accuracy"] > 0.4
    assert scores["clusters"]["test"]["adjusted_rand_index"] > 0.2

    data = load_dataset("mnist", DATA_DIR)
    images = data.test.pixels.load()[:40]
    for number, image in enumerate(images):
        # As a scan: dark on light, three times the size, on a wider sheet.
        sheet = Image.new("L", (160, 120), 240)
        sheet.paste(Image.fromarray(np.minimum(255 - image, 240)).resize((84, 84)), (50, 20))
        sheet.save(tmp_path / f"{number:02}.png")
    found = json.loads(mnistae("predict", *sorted(tmp_path.glob("*.png")), "-a", root, "--json").out)["predictions"]
    assert data.test.labels is not None
    right = [int(each["label"]) == label for each, label in zip(found, data.test.labels, strict=False)]
    assert np.mean(right) > 0.85
