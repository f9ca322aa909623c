"""An artifacts directory as an object, and data sets as arrays."""

import os
from pathlib import Path

import numpy as np
import pytest

import mnistae_cli as mnistae
from mnistae_cli.common.errors import DamagedInput, MissingInput
from tests.conftest import HEIGHT, WIDTH, shapes


def test_everything_of_a_run_can_be_asked_for(finished_once: Path) -> None:
    artifacts = mnistae.open(finished_once)
    states = artifacts.states()
    assert {states[stage] for stage in ("train", "encode", "classify", "cluster", "evaluate")} == {"up to date"}
    assert artifacts.class_names == ["0", "1", "2"]
    for split, n in (("train", 240), ("test", 60)):
        labels = artifacts.labels(split)
        assert labels is not None
        assert artifacts.features(split).shape == (n, 8)
        assert labels.shape == artifacts.clusters(split).shape == artifacts.confidence(split).shape == (n,)
    assert artifacts.probabilities().shape == (60, 3)
    assert artifacts.manifest("cluster").metrics["n_clusters"] == 3
    assert "up to date" in artifacts._repr_html_()


def test_its_networks_are_those_that_encode_used(finished_once: Path, shapes_npz: Path) -> None:
    artifacts, data = mnistae.open(finished_once), mnistae.load_images(shapes_npz)
    features = artifacts.encode(data.test.images)
    assert features.tobytes() == artifacts.features("test").tobytes()
    errors = np.square(artifacts.decode(features) - data.test.images / np.float32(255)).mean(axis=(1, 2))
    np.testing.assert_allclose(errors, artifacts.array("encode", "reconstruction_mse_test.npy"), rtol=1e-5)


def test_pictures_are_predicted_from_an_array_as_from_a_file(finished_once: Path, tmp_path: Path) -> None:
    images = shapes(4, 9)[0]
    np.save(tmp_path / "images.npy", images)
    artifacts = mnistae.open(finished_once)
    told = artifacts.predict(images)
    assert [each.image for each in told] == [f"images[{number}]" for number in range(4)]
    read = artifacts.predict([tmp_path / "images.npy"])
    assert [(each.label, each.cluster, each.novelty) for each in told] == [
        (each.label, each.cluster, each.novelty) for each in read
    ]


def test_what_cannot_be_had_is_told(finished: Path, tmp_path: Path) -> None:
    with pytest.raises(MissingInput):
        mnistae.open(tmp_path / "nothing")
    artifacts = mnistae.open(finished)
    with pytest.raises(ValueError, match="split is 'val'"):
        artifacts.features("val")
    with pytest.raises(MissingInput, match=r"has no atom\.npy"):
        artifacts.array("train", "atom.npy")
    with pytest.raises(MissingInput, match="finetune has not been run") as missing:
        artifacts.manifest("finetune")
    assert "mnistae finetune" in missing.value.__notes__[0]  # a traceback shows what to do
    with (finished / "encode" / "features_test.npy").open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\x7f")
    with pytest.raises(DamagedInput):
        artifacts.features("test")


@pytest.mark.skipif("MNISTAE_DATA_DIR" not in os.environ, reason="MNISTAE_DATA_DIR names no folder with MNIST")
def test_mnist_is_found_where_the_command_line_finds_it() -> None:
    mnist = mnistae.load_mnist()
    assert mnist.train.images.shape == (60_000, 28, 28)
    assert mnist.test.labels is not None
    assert mnist.test.labels[:3].tolist() == [7, 2, 1]


def test_data_sets_are_split_as_by_the_command_line(shapes_npz: Path, tmp_path: Path) -> None:
    digits = mnistae.load_digits()
    assert (len(digits.train.images), len(digits.test.images)) == (1498, 299)
    assert digits.train.images.dtype == np.float32
    assert digits.class_names == tuple("0123456789")
    data = mnistae.load_images(shapes_npz)
    assert data.train.images.shape == (240, HEIGHT, WIDTH)
    assert data.train.labels is not None
    np.save(tmp_path / "images.npy", shapes(60, 0)[0])
    plain = mnistae.load_images(tmp_path / "images.npy")
    assert plain.train.labels is None
    order = [int(name) for name in (*plain.train.names, *plain.test.names)]
    assert sorted(order) == list(range(60))
    np.testing.assert_array_equal(plain.train.images, shapes(60, 0)[0][order[:50]])
    with pytest.raises(MissingInput, match=r"nothing\.npy' does not exist") as missing:
        mnistae.load_images(tmp_path / "nothing.npy")
    assert "--dataset" not in str(missing.value)


def test_images_that_the_encoder_cannot_take_are_refused(finished_once: Path) -> None:
    artifacts, images = mnistae.open(finished_once), shapes(4, 9)[0]
    for wrong, words in ((images.astype(float), "pixel"), (images.astype(int), "dtype int64"), (images[:, 1:], "9×12")):
        with pytest.raises(DamagedInput, match=words):
            artifacts.encode(wrong)
