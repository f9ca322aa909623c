"""Which value is white: found once for a data set, told, recorded, and used again."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from mnistae_cli.common import DamagedInput, Notice
from mnistae_cli.data.datasets import load_dataset, load_recorded
from mnistae_cli.data.opening import open_images
from mnistae_cli.data.preparing import Preparation
from mnistae_cli.data.ranges import find_top, scaled, top_of
from tests.conftest import shapes

IMAGES = shapes(30, 0)[0]  # from 0 to 255


def said(told: list[str]) -> Any:
    return lambda event: told.append(event.text) if isinstance(event, Notice) else None


def all_pixels(path: Path, told: list[str]) -> NDArray[Any]:
    data = load_dataset(str(path), report=said(told))
    pixels = np.empty_like(IMAGES, data.train.pixels.load().dtype)
    for _, images in data.splits():
        pixels[[int(Path(name).stem) for name in images.pixels.names()]] = images.pixels.load()
    again = load_recorded(data.record(labels=False), None)
    assert again.record(labels=False).sha256 == data.record(labels=False).sha256
    return pixels


@pytest.mark.parametrize(
    ("highest", "dtype", "top"),
    [
        (255, np.uint8, 255),
        (128, np.uint8, 255),
        (127, np.uint8, 127),
        (16, np.uint8, 16),
        (1, np.uint8, 1),
        (0, np.uint8, 255),
        (255, np.int64, 255),
        (4095, np.uint16, 4095),
        (40000, np.uint16, 65535),
        (1, np.float32, 1),
        (0.6, np.float32, 1),
        (0.06, np.float32, 0.06),
        (16, np.float64, 16),
        (255, np.float64, 255),
        (0, np.float64, 1),
    ],
)
def test_the_range_is_a_usual_one_if_a_pixel_is_in_its_upper_half(highest: float, dtype: type, top: float) -> None:
    assert top_of(highest, np.dtype(dtype)) == top


@pytest.mark.parametrize(
    ("raw", "levels", "words"),
    [
        (IMAGES, IMAGES, ""),
        (IMAGES > 127, (IMAGES > 127) * 255, "above 1 of 255: scaled by 255"),
        (IMAGES // 17, IMAGES // 17 * 17, "above 15 of 255: scaled by 17"),
        (np.rint(IMAGES / 255 * 16).astype(np.uint8), np.rint(np.rint(IMAGES / 255 * 16) * 255 / 16), "above 16 "),
        (IMAGES.astype(np.int64), IMAGES, ""),
        (IMAGES.astype(">i2"), IMAGES, ""),
        (IMAGES.astype(np.uint16) * 16, IMAGES, "above 4080 of 65535: scaled by 16.06"),
        (IMAGES.astype(np.uint16) * 257, IMAGES, ""),
    ],
)  # fmt: skip
def test_whole_numbers_of_any_range_become_bytes(
    raw: NDArray[Any], levels: NDArray[Any], words: str, tmp_path: Path
) -> None:
    told: list[str] = []
    np.save(tmp_path / "a.npy", raw)
    pixels = all_pixels(tmp_path / "a.npy", told)
    assert pixels.dtype == np.uint8
    assert np.array_equal(pixels, levels)
    assert [words in line for line in told] == [True] * bool(words)


@pytest.mark.parametrize("top", [1, 16, 255])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_floats_of_any_range_are_divided_by_its_top(top: float, dtype: type, tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", (IMAGES / 255 * top).astype(dtype))
    pixels = all_pixels(tmp_path / "a.npy", [])
    assert pixels.dtype == np.float32
    np.testing.assert_allclose(pixels, IMAGES / 255, atol=1e-6)


@pytest.mark.parametrize(
    ("save", "words"),
    [
        (Image.fromarray, ""),
        (lambda image: Image.fromarray(image.astype(np.uint16) * 16), "above 4080 of 65535"),
        (lambda image: Image.fromarray(image.astype(np.uint16) * 257), ""),
        (lambda image: Image.fromarray((image / 255).astype(np.float32)), ""),
        (lambda image: Image.fromarray(image.astype(np.float32)), ""),
        (lambda image: Image.fromarray(image // 17), "above 15 of 255: scaled by 17"),
    ],
)
def test_pictures_of_any_depth_have_the_gray_levels_of_8_bits(save: Any, words: str, tmp_path: Path) -> None:
    told: list[str] = []
    for number, image in enumerate(IMAGES):
        save(image).save(tmp_path / f"{number:03}.tif")
    pixels = all_pixels(tmp_path, told)
    assert np.array_equal(pixels, IMAGES // 17 * 17 if "17" in words else IMAGES)
    assert [words in line for line in told] == [True] * bool(words)


def test_the_range_is_that_of_the_training_images_and_of_later_ones(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x_train=IMAGES[:20] // 16, x_test=IMAGES[20:] // 16 + 1)
    data = load_dataset(str(tmp_path / "a.npz"))
    assert data.test.pixels.load().max() == 255  # 16 is white, as 15 is
    assert data.preparation is not None
    assert data.preparation.tops == {"uint8": 15}
    np.save(tmp_path / "dim.npy", IMAGES[:1] // 32)
    assert open_images(tmp_path / "dim.npy", fixed=data.preparation).load().max() == IMAGES[0].max() // 32 * 17


@pytest.mark.parametrize("top", [1, 15, 16])
@pytest.mark.parametrize(
    ("before", "later"),
    [("u1", "i8"), ("i8", "u1"), ("u1", ">u2"), ("f4", "f8"), ("f4", "u1"), ("f8", "i8"), ("u1", "f4")],
)
def test_the_range_is_the_same_in_another_dtype(top: int, before: str, later: str, tmp_path: Path) -> None:
    levels = np.rint(IMAGES / 255 * top)
    np.savez(tmp_path / "a.npz", x_train=levels[:20].astype(before), x_test=levels[20:].astype(later))
    data = load_dataset(str(tmp_path / "a.npz"))
    np.save(tmp_path / "b.npy", levels[20:].astype(later))
    other = open_images(tmp_path / "b.npy", fixed=data.preparation)
    for images in (data.test.pixels, other):
        found = images.load().astype(np.float32) / (1 if later[0] == "f" else 255)
        np.testing.assert_allclose(found, levels[20:] / top, atol=0.003)


def test_masks_of_true_and_false_are_black_and_white_whatever_came_before(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", IMAGES > 127)
    for tops in ({}, {"uint8": 255.0}, {"uint8": 15.0}):
        found = open_images(tmp_path / "a.npy", fixed=Preparation(tops=tops)).load()
        assert np.array_equal(found, (IMAGES > 127) * 255)


def test_another_depth_in_the_test_pictures_has_its_own_range(tmp_path: Path) -> None:
    for number, image in enumerate(IMAGES):
        deep = number >= 20
        (tmp_path / ("test" if deep else "train")).mkdir(exist_ok=True)
        levels = image.astype(np.uint16) * 16 if deep else image
        Image.fromarray(levels).save(tmp_path / ("test" if deep else "train") / f"{number:03}.png")
    data, expected = load_dataset(str(tmp_path)), np.rint(IMAGES[20:] * (255 / IMAGES[20:].max()))
    again = load_recorded(data.record(labels=False), None)
    for images in (data.test.pixels, again.test.pixels, open_images(tmp_path / "test", fixed=data.preparation)):
        assert np.array_equal(images.load(), expected)


def test_a_picture_a_little_above_the_range_of_the_others_is_white_there(tmp_path: Path) -> None:
    preparation = Preparation(tops={"uint8": 15.0})
    assert preparation.picture(np.array([[0, 15, 16, 20]], np.uint8)).tolist() == [[0, 255, 255, 255]]


def test_floats_that_are_rounded_across_0_and_1_are_in_range(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", IMAGES / 255 * 1.0000002 - 1e-7)
    told: list[str] = []
    pixels = all_pixels(tmp_path / "a.npy", told)
    assert (pixels.min(), pixels.max()) == (0, 1)
    assert not told


@pytest.mark.parametrize(("dtype", "levels"), [(np.uint8, 255), (np.float32, 1)])
def test_one_faint_picture_stays_faint(dtype: type, levels: float) -> None:
    faint = (IMAGES[0] / 255 * 0.3 * levels).astype(dtype)
    assert Preparation().picture(faint).max() == np.rint(faint.max() / levels * 255)


def test_other_images_of_a_wider_range_keep_their_own(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", IMAGES)
    assert np.array_equal(open_images(tmp_path / "a.npy", fixed=Preparation(tops={"uint8": 15.0})).load(), IMAGES)


def test_a_picture_of_another_range_than_the_recorded_one_keeps_its_own() -> None:
    assert np.array_equal(Preparation(tops={"uint8": 15.0}).picture(IMAGES[0]), IMAGES[0])


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (IMAGES.astype(int) - 1, "is -1"),
        (IMAGES.astype(int) * 1000, "is 159000"),
        (IMAGES.astype(complex), "dtype complex128"),
        (np.where(IMAGES == 255, np.nan, 0.5), "is nan"),
    ],
)
def test_numbers_that_are_no_gray_levels_are_refused(wrong: NDArray[Any], words: str) -> None:
    with pytest.raises(DamagedInput, match=words):
        find_top([wrong], "test")


def test_a_few_floats_above_1_are_errors_and_no_range() -> None:
    images = IMAGES / 255
    images[3, 4, 5] = 2
    with pytest.raises(DamagedInput, match=r"pixel \(4, 5\) of image 3 is 2"):
        scaled(images, find_top([images], "test"), "test")
