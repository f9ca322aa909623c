"""Images of no data set: encoded, and named by class and by cluster."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.conftest import Mnistae, assert_two_lines, shapes, the_object


def test_images_of_no_data_set_are_encoded_by_the_same_network(
    finished: Path, tmp_path: Path, mnistae: Mnistae
) -> None:
    images = shapes(60, 2)[0]
    np.save(tmp_path / "images.npy", images)
    (tmp_path / "scans").mkdir()
    for number, image in enumerate(images):
        Image.fromarray(image).save(tmp_path / "scans" / f"{number:02}.png")
    expected = np.load(finished / "encode" / "features_test.npy")
    for source in ("images.npy", "scans"):
        result = mnistae(
            "encode", "--images", tmp_path / source, "--output", tmp_path / "out.npy", "-a", finished, "--json"
        )
        assert the_object(result.out)["images"] == 60
        assert np.array_equal(np.load(tmp_path / "out.npy"), expected)


def test_images_of_no_data_set_and_a_data_set_do_not_go_together(
    finished: Path, tmp_path: Path, mnistae: Mnistae
) -> None:
    np.save(tmp_path / "images.npy", shapes(5, 2)[0])
    (tmp_path / "config.toml").write_text('[encode]\ndataset = "digits"\n')
    encode = ("encode", "--images", tmp_path / "images.npy", "--output", tmp_path / "out.npy", "-a", finished, "-q")
    assert_two_lines(mnistae(*encode, "--dataset", "digits"), 2, "--dataset is given with --images")
    assert not (tmp_path / "out.npy").exists()
    assert mnistae(*encode, "--config", tmp_path / "config.toml").code == 0  # it is for all commands
    assert np.load(tmp_path / "out.npy").shape[0] == 5


def test_predict_names_class_probability_and_cluster(finished: Path, tmp_path: Path, mnistae: Mnistae) -> None:
    np.save(tmp_path / "images.npy", shapes(60, 2)[0])
    paths = tmp_path / "images.npy"
    found = the_object(mnistae("predict", paths, "--no-frame", "-a", finished, "--json").out)["predictions"]
    probabilities = np.load(finished / "classify" / "probabilities_test.npy")
    clusters = np.load(finished / "cluster" / "assignments_test.npy")
    assert [int(each["label"]) for each in found] == probabilities.argmax(1).tolist()
    assert [each["probability"] for each in found] == pytest.approx(probabilities.max(1).tolist(), abs=1e-6)
    assert [each["cluster"] for each in found] == clusters.tolist()
    assert found[3]["image"] == f"{paths}[3]"


def test_a_blank_picture_does_not_hide_the_others(finished: Path, tmp_path: Path, mnistae: Mnistae) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    assert_two_lines(mnistae("predict", folder, "-a", finished), 3, str(folder))
    Image.new("L", (40, 40), "white").save(folder / "blank.png")
    Image.fromarray(shapes(1, 0)[0][0]).save(folder / "drawn.png")
    (folder / "empty.png").write_bytes(b"")
    result = mnistae("predict", folder, "-a", finished, "--json")
    assert result.code == 4
    assert "blank.png: nothing is drawn" in result.err
    found = the_object(result.out)["predictions"]
    assert [each["label"] is None for each in found] == [True, False, True]


def test_predict_takes_a_photo_of_any_size(finished: Path, tmp_path: Path, mnistae: Mnistae) -> None:
    photo = Image.new("RGB", (300, 200), "white")
    photo.paste((20, 20, 60), (100, 40, 130, 160))
    for name in ("photo.png", "photo.jpg", "photo.bmp"):
        photo.save(tmp_path / name)
    result = mnistae("predict", *(tmp_path / f"photo.{kind}" for kind in ("png", "jpg", "bmp")), "-a", finished)
    assert result.code == 0
    assert len([line for line in result.out.splitlines() if "photo" in line]) == 3


@pytest.mark.parametrize("name", ["a.NPY", "arrays", "a.npz"])
def test_a_file_of_arrays_is_known_by_its_content(
    name: str, finished_once: Path, tmp_path: Path, mnistae: Mnistae
) -> None:
    images = shapes(3, 9)[0]
    with (tmp_path / name).open("wb") as file:
        np.savez(file, images=images) if name == "a.npz" else np.save(file, images)
    result = mnistae("predict", tmp_path / name, "-a", finished_once, "--json")
    assert result.code == 0, result.err
    assert len(json.loads(result.out)["predictions"]) == 3
