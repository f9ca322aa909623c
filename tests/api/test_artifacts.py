"""An artifacts directory as an object, and data sets as arrays."""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mnistae_cli as mnistae
from mnistae_cli.api import artifacts as api
from mnistae_cli.common.errors import DamagedInput, MissingInput
from mnistae_cli.stages import predict
from mnistae_cli.store import files
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
    for wrong, words in ((images - 1.0, "pixel"), (images.astype(complex), "dtype complex"), (images[:, 1:], "9×12")):
        with pytest.raises(DamagedInput, match=words):
            artifacts.encode(wrong)


def replaced_by(root: Path, other: Path) -> None:
    """As if another process had run all stages meanwhile."""
    for stage in ("train", "encode", "classify", "cluster"):
        shutil.rmtree(root / stage)
        shutil.copytree(other / stage, root / stage)


def once(function: Callable[..., Any], first: Callable[[], object]) -> Callable[..., Any]:
    """The function; before its first call, `first` is called."""
    waiting = [first]

    def called(*arguments: Any) -> Any:
        if waiting:
            waiting.pop()()
        return function(*arguments)

    return called


@pytest.mark.parametrize("where", ["load_npy", "open_network"])
def test_what_is_read_belongs_together_although_all_stages_are_replaced(
    where: str, finished: Path, second_once: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images, expected = shapes(6, 9)[0], mnistae.open(second_once)
    artifacts, home = mnistae.open(finished), "mnistae_cli.api.artifacts"
    monkeypatch.setattr(f"{home}.{where}", once(getattr(api, where), lambda: replaced_by(finished, second_once)))
    if where == "load_npy":
        assert artifacts.features("test").tobytes() == expected.features("test").tobytes()
    else:
        assert artifacts.encode(images).tobytes() == expected.encode(images).tobytes()


@pytest.mark.parametrize("where", ["open_network", "load_npy"])
def test_a_prediction_is_by_stages_that_belong_together(
    where: str, finished: Path, second_once: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images, expected = shapes(6, 9)[0], mnistae.open(second_once).predict(shapes(6, 9)[0])
    reads = once(getattr(predict, where), lambda: replaced_by(finished, second_once))
    monkeypatch.setattr(f"mnistae_cli.stages.predict.{where}", reads)
    assert mnistae.open(finished).predict(images) == expected


def test_only_what_is_asked_for_is_checked_and_only_once(finished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    artifacts, hashed, sha256_of = mnistae.open(finished), list[str](), files.sha256_of

    def noting(path: Path) -> str:
        hashed.append(path.name)
        return sha256_of(path)

    monkeypatch.setattr(files, "sha256_of", noting)
    time.sleep(0.05)
    for _ in range(2):
        artifacts.features("test")
    assert hashed == ["features_test.npy"]
    assert artifacts.class_names == ["0", "1", "2"]
    assert hashed == ["features_test.npy"]
    artifacts.labels("train")
    assert hashed == ["features_test.npy", "labels_train.npy"]
    artifacts.manifest("encode")
    assert len(hashed) == len(set(hashed)) == len(artifacts.manifest("encode").files)
    os.utime(finished / "encode" / "features_test.npy")
    artifacts.features("test")
    assert hashed[-1] == "features_test.npy"
    (finished / "encode" / "features_train.npy").write_bytes(b"")
    artifacts.features("test")
    with pytest.raises(DamagedInput):
        artifacts.features("train")
    with pytest.raises(DamagedInput):
        artifacts.manifest("encode")
