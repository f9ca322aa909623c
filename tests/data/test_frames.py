"""Pictures of unequal sizes are framed, by a rule that `train` records and later stages use again."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from mnistae_cli.common import DamagedInput, Notice
from mnistae_cli.data import cache
from mnistae_cli.data.datasets import load_dataset, load_recorded
from mnistae_cli.data.opening import open_images
from mnistae_cli.data.polarity import ground_level, is_cut_tight, is_light_ink, told_apart
from mnistae_cli.data.preparing import Preparation, Unframed
from mnistae_cli.data.splits import Dataset
from mnistae_cli.data.surveying import default_side
from mnistae_cli.settings import ReadOptions
from tests.conftest import shapes

IMAGES, LABELS = shapes(40, 0)


class Told:
    """Keeps the notices."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def __call__(self, event: Any) -> None:
        if isinstance(event, Notice):
            self.lines.append(event.text)


def write(folder: Path, change: Callable[[int, NDArray[np.uint8]], NDArray[np.uint8]]) -> Path:
    for number, image in enumerate(IMAGES):
        folder.mkdir(exist_ok=True)
        Image.fromarray(change(number, image)).save(folder / f"{number:03}.png")
    return folder


@pytest.fixture
def unequal(tmp_path: Path) -> Path:
    """Light shapes on dark, from 10×12 to 16×18."""
    return write(tmp_path / "unequal", lambda number, image: np.pad(image, number % 4))


def by_number(data: Dataset) -> NDArray[np.uint8]:
    images = {Path(name).stem: image for _, each in data.splits() for name, image in named(each.pixels)}
    return np.stack([images[name] for name in sorted(images)])


def named(source: Any) -> Any:
    return zip(source.names(), source.load(), strict=True)


@pytest.mark.parametrize(
    ("sides", "side"), [([9, 34, 22], 24), ([5, 6], 16), ([30], 32), ([26], 24), ([100, 3024], 64), ([20, 20, 90], 20)]
)
def test_the_side_is_the_median_of_the_longer_sides_within_limits(sides: list[int], side: int) -> None:
    assert default_side(sides) == side


def test_pictures_of_one_size_stay_as_they_are(tmp_path: Path) -> None:
    told = Told()
    data = load_dataset(str(write(tmp_path / "equal", lambda _, image: image)), report=told)
    assert np.array_equal(by_number(data), IMAGES)
    assert not told.lines


def test_pictures_of_unequal_sizes_are_padded_with_one_line(unequal: Path) -> None:
    told = Told()
    data = load_dataset(str(unequal), report=told)
    framed = by_number(data)
    assert framed.shape == (40, 16, 16)
    assert len(told.lines) == 1
    assert "have 4 sizes, most often 12×14 (29%), and are framed to 16×16: whole, on their own" in told.lines[0]
    assert "(frame='pad' side=16)" in told.lines[0]
    # The third has 14×16 pixels: it keeps its size, in the middle of a dark ground.
    assert np.array_equal(framed[2], np.pad(np.pad(IMAGES[2], 2), ((1, 1), (0, 0))))


def test_later_stages_frame_in_the_same_way_without_a_word(unequal: Path) -> None:
    first = load_dataset(str(unequal), reading=ReadOptions(frame="ink", side=20, polarity="dark-on-light"))
    record, told = first.record(labels=True), Told()
    again = load_recorded(record, None, told)
    assert again.record(labels=True) == record
    assert np.array_equal(by_number(again), by_number(first))
    assert not told.lines
    assert len(cache.entries()) == 1
    cache.remove_entries()
    assert load_recorded(record, None).record(labels=True) == record
    assert load_dataset(str(unequal)).record(labels=True).sha256 != record.sha256


def test_other_pictures_are_framed_as_those_of_the_training(unequal: Path, tmp_path: Path) -> None:
    preparation = load_dataset(str(unequal)).preparation
    (tmp_path / "one").mkdir()
    Image.fromarray(IMAGES[0]).save(tmp_path / "one" / "a.png")
    Image.fromarray(IMAGES[0]).save(tmp_path / "a.png")
    expected = np.pad(IMAGES[0], ((3, 3), (2, 2)))[None].shape
    for path in (tmp_path / "one", tmp_path / "a.png"):
        assert open_images(path, fixed=preparation).load().shape == (1, 16, 16)
    np.save(tmp_path / "a.npy", IMAGES)
    assert open_images(tmp_path / "a.npy", fixed=preparation).load().shape[1:] == (16, 16)
    assert expected == (1, 16, 16)


@pytest.mark.parametrize("frame", ["pad", "ink", "stretch"])
@pytest.mark.parametrize("kind", ["folder", "npy", "npz"])
def test_images_of_one_size_are_framed_if_asked(frame: Any, kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{kind}"
    if kind == "folder":
        write(path, lambda _, image: image)
    elif kind == "npy":
        np.save(path, IMAGES)
    else:
        np.savez(path, x_train=IMAGES, x_test=IMAGES[:4])
    data = load_dataset(str(path), reading=ReadOptions(frame=frame, side=24))
    assert (data.train.pixels.height, data.train.pixels.width) == (24, 24)
    images = data.train.pixels.load()
    assert images.shape[1:] == (24, 24)
    if frame == "stretch":
        assert (images.max(axis=(1, 2)) > 100).all()
    elif frame == "ink":  # 20 of 28, as in MNIST
        rows = [np.ptp(np.flatnonzero(image.any(axis=1))) + 1 for image in images]
        columns = [np.ptp(np.flatnonzero(image.any(axis=0))) + 1 for image in images]
        assert np.maximum(rows, columns).max() == round(24 * 20 / 28)


def test_downscaling_is_antialiased() -> None:
    lines = np.zeros((200, 200), np.uint8)
    lines[::2] = 255
    framed = Preparation("stretch", 20, 20).picture(lines)
    assert abs(int(framed[5:15].mean()) - 127) <= 2
    assert framed[5:15].std() < 8


def test_a_third_inverted_is_told_and_brought_to_one_polarity(tmp_path: Path) -> None:
    folder = write(tmp_path / "mixed", lambda number, image: image if number % 3 else 255 - image)
    told = Told()
    assert not np.array_equal(by_number(load_dataset(str(folder), report=told)), IMAGES)
    assert len(told.lines) == 1
    assert "of the images of" in told.lines[0]
    assert "polarity='auto'" in told.lines[0]
    for polarity, expected in (("auto", IMAGES), ("light-on-dark", IMAGES), ("dark-on-light", 255 - IMAGES)):
        data = load_dataset(str(folder), reading=ReadOptions(polarity=polarity))  # type: ignore[arg-type]
        assert np.array_equal(by_number(data), expected)


def test_a_mixture_is_told_also_if_the_inverted_images_are_next_to_each_other(tmp_path: Path) -> None:
    many = np.concatenate([*[IMAGES] * 10, *[255 - IMAGES] * 10])
    np.save(tmp_path / "a.npy", many)
    told = Told()
    load_dataset(str(tmp_path / "a.npy"), report=told)
    assert "of the images of" in told.lines[0]
    assert 45 <= int(told.lines[0].split("%")[0]) <= 50


def test_a_picture_of_the_size_of_the_frame_stays_as_it_is(tmp_path: Path) -> None:
    squares = np.pad(IMAGES, ((0, 0), (3, 3), (0, 4)))
    folder = write(tmp_path / "a", lambda number, _: np.pad(squares[number], 1) if number == 5 else squares[number])
    framed = by_number(load_dataset(str(folder)))
    assert np.array_equal(np.delete(framed, 5, axis=0), np.delete(squares, 5, axis=0))


def test_polarities_that_cannot_be_told_apart_are_said(tmp_path: Path) -> None:
    draws = np.random.default_rng(0)
    told = Told()
    folder = write(tmp_path / "a", lambda number, _: draws.integers(0, 256, (12 + number % 3, 12), np.uint8))
    load_dataset(str(folder), report=told)
    assert "cannot be told apart for sure" in told.lines[-1]
    assert "polarity='light-on-dark'" in told.lines[-1]


def test_almost_black_pictures_are_told(tmp_path: Path) -> None:
    told = Told()
    load_dataset(str(write(tmp_path / "a", lambda number, image: image // 200 if number < 4 else image)), report=told)
    n_black = sum((image // 200).max() > 0 for image in IMAGES[:4])
    assert told.lines[-1].startswith(f"{n_black} images of")
    assert "almost black" in told.lines[-1]


def test_unequal_pictures_get_one_polarity(tmp_path: Path) -> None:
    told = Told()
    folder = write(tmp_path / "a", lambda number, image: np.pad(image, number % 4) if number % 3 else 255 - image)
    framed = by_number(load_dataset(str(folder), report=told))
    assert np.median(framed, axis=(1, 2)).max() == 0
    assert any("are inverted, so that all are light on dark" in line for line in told.lines)
    kept = by_number(load_dataset(str(folder), reading=ReadOptions(polarity="keep")))
    assert (np.median(kept, axis=(1, 2)) == 255).sum() == 14


def test_what_cannot_be_framed_is_listed_with_the_reason(unequal: Path) -> None:
    Image.new("L", (12, 30), 200).save(unequal / "003.png")
    Image.fromarray(np.tile(IMAGES[0], (1, 20))).save(unequal / "005.png")
    told = Told()
    with pytest.raises(DamagedInput, match="2 of 40 images") as raised:
        load_dataset(str(unequal), report=told)
    assert "skip_damaged=True" in raised.value.remedy
    assert told.lines[0].endswith("003.png has no ink: all its pixels are about equal")
    assert told.lines[1].endswith("005.png is 10×240: its aspect ratio is above 20")
    data = load_dataset(str(unequal), reading=ReadOptions(skip_damaged=True))
    assert (data.train.pixels.n + data.test.pixels.n, data.n_skipped) == (38, 2)


def test_a_folder_in_which_most_cannot_be_framed_stops(tmp_path: Path) -> None:
    blank = np.full((9, 9), 7, np.uint8)
    folder = write(tmp_path / "a", lambda number, image: blank if number % 5 < 3 else image)
    with pytest.raises(DamagedInput, match=r"24 of 40 images in .* cannot be framed"):
        load_dataset(str(folder), reading=ReadOptions(skip_damaged=True))


def test_a_picture_without_ink_or_too_long_is_not_framed() -> None:
    for image, words in ((np.zeros((9, 9)), "no ink"), (np.eye(3, 90), "aspect ratio is above 20")):
        with pytest.raises(Unframed, match=words):
            Preparation("pad", 16, 16).framed(image.astype(np.float32))


def digit_one(margin: int) -> NDArray[np.float32]:
    """A slanted stroke on dark ground."""
    image = np.zeros((20, 7), np.float32)
    for row in range(20):
        column = 4 - row // 6
        image[row, column : column + 3] = 1 if 0 < row < 19 else 0.4
    return np.pad(image[:, 1:], margin)


@pytest.mark.parametrize("margin", [0, 1, 4])
@pytest.mark.parametrize("light", [True, False])
def test_the_ink_of_a_stroke_is_found_also_without_a_margin(margin: int, light: bool) -> None:
    image = digit_one(margin) if light else 1 - digit_one(margin)
    assert is_light_ink(image) == light
    assert ground_level(image, light) == (0 if light else 1)


def test_noise_and_photos_are_not_told_apart(tmp_path: Path) -> None:
    draws = np.random.default_rng(0)
    for side in (8, 28, 64):
        assert not told_apart(draws.random((300, side, side), np.float32))[0]
    slopes = np.linspace(0, 1, 40, dtype=np.float32)[:, None] * np.ones(40, np.float32)
    assert not told_apart([np.clip(slopes + draws.normal(0, 0.1, (40, 40)), 0, 1).astype(np.float32)])[0]
    assert told_apart(IMAGES / np.float32(255)) == (True, 1.0)
    assert told_apart(1 - IMAGES / np.float32(255)) == (True, 0.0)


def test_pictures_cut_out_without_a_margin_get_one() -> None:
    tight = [image[np.ix_(image.any(axis=1), image.any(axis=0))] for image in map(digit_one, (0, 1, 2))]
    assert is_cut_tight(tight)
    assert not is_cut_tight([np.pad(image, 2) for image in tight])
    framed = Preparation("pad", 24, 24, "light-on-dark", margin=3).framed(tight[0])
    rows = np.flatnonzero(framed.max(axis=1) > 0.2)
    assert (rows[0], rows[-1]) == (3, 20)
