"""Training on images that stay on the disk gives the bytes of training on images in memory."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mnistae_cli.data import load_dataset
from mnistae_cli.stages.train import train
from mnistae_cli.store import stage_states
from tests.builders import train_config
from tests.conftest import shapes
from tests.data.test_datasets import write_idx
from tests.training.test_resuming import Listener, contents, outlive

TINY = 1e-12  # of the machine's memory


@pytest.mark.slow
@pytest.mark.usefixtures("compiled")
def test_a_streamed_training_gives_the_same_bytes_killed_or_not(tmp_path: Path) -> None:
    np.save(tmp_path / "images.npy", shapes(300, 1)[0])
    config = train_config(dataset=str(tmp_path / "images.npy"), latent_dim=8, batch_size=16, epochs=3, patience=3)
    train(config, tmp_path / "memory")
    streamed = replace(config, memory_share=TINY)
    listener = Listener(4)
    outlive(lambda report: train(streamed, tmp_path / "disk", report), listener)
    assert any("250 images stay on the disk" in each for each in listener.notices)
    assert contents(tmp_path / "disk" / "train") == contents(tmp_path / "memory" / "train")
    assert stage_states(tmp_path / "disk")["train"]["state"] == "up to date"
    train(config, tmp_path / "disk", listener)
    assert listener.notices[-1] != "loading TensorFlow"  # the share of memory makes no other plan


def test_images_are_read_in_any_order_from_where_they_are(tmp_path: Path) -> None:
    images = shapes(40, 2)[0]
    np.save(tmp_path / "images.npy", images)
    train_images = load_dataset(str(tmp_path / "images.npy")).train.pixels
    assert train_images.at is not None
    assert train_images.rows is not None
    chosen = np.array([5, 0, 30, 5])
    assert np.array_equal(train_images.at(chosen), images[train_images.rows[chosen]])


def test_the_test_images_may_be_few_and_packed(tmp_path: Path) -> None:
    made = []
    for zipped in (False, True):
        folder = tmp_path / f"idx-{zipped}"
        folder.mkdir()
        write_idx(folder, "train", *shapes(60, 1))
        write_idx(folder, "t10k", *shapes(10, 2), zipped=zipped)
        config = train_config(dataset=str(folder), latent_dim=4, batch_size=16, epochs=1, memory_share=TINY)
        train(config, tmp_path / str(zipped))
        made.append(contents(tmp_path / str(zipped) / "train"))
    assert made[0] == made[1]
