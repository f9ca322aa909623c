"""What a folder of pictures means: classes, splits, and what programs leave beside them."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mnistae_cli.common import DamagedInput, MissingInput, Notice
from mnistae_cli.data.datasets import load_dataset
from mnistae_cli.data.splits import Dataset
from tests.conftest import shapes

IMAGES, LABELS = shapes(60, 0)


def fill(folder: Path, numbers: Iterable[int], *, classes: bool = False) -> Path:
    for number in numbers:
        into = folder / "abc"[LABELS[number]] if classes else folder
        into.mkdir(parents=True, exist_ok=True)
        Image.fromarray(IMAGES[number]).save(into / f"{number:03}.png")
    return folder


def opened(folder: Path) -> tuple[Dataset, list[str]]:
    told: list[str] = []
    data = load_dataset(
        str(folder), report=lambda event: told.append(event.text) if isinstance(event, Notice) else None
    )
    return data, told


def numbers_of(data: Dataset) -> tuple[list[int], list[int]]:
    train, test = (sorted(int(Path(name).stem) for name in images.pixels.names()) for _, images in data.splits())
    return train, test


MADE = (".ipynb_checkpoints", ".thumbnails", "@eaDir", "__MACOSX", "#recycle", "$RECYCLE.BIN", "lost+found")


@pytest.mark.parametrize("made", MADE)
@pytest.mark.parametrize("classes", [True, False])
def test_folders_that_programs_made_are_no_classes_and_are_told(made: str, classes: bool, tmp_path: Path) -> None:
    fill(tmp_path, range(30), classes=classes)
    fill(tmp_path / made, range(40, 44))
    data, told = opened(tmp_path)
    assert data.class_names == (("a", "b", "c") if classes else ())
    assert data.train.pixels.n + data.test.pixels.n == 30
    assert told == [f"folders that programs made in {tmp_path} are left out: {made}"]


@pytest.mark.parametrize("name", ["@", "#", "_", "$", "train", "test", "a.b", "tmp"])
def test_a_class_may_have_an_odd_name(name: str, tmp_path: Path) -> None:
    fill(tmp_path, range(30), classes=True)
    fill(tmp_path / name, range(40, 50))
    data, told = opened(tmp_path)
    assert data.class_names == tuple(sorted(("a", "b", "c", name)))
    assert not told


@pytest.mark.parametrize("classes", [True, False])
@pytest.mark.parametrize(
    ("train", "test"),
    [("train", "test"), ("training", "testing"), ("Train", "Test"), ("TRAIN", "t10k"), ("train", "val")],
)
def test_splits_in_folders_are_kept(train: str, test: str, classes: bool, tmp_path: Path) -> None:
    fill(tmp_path / train, range(30), classes=classes)
    fill(tmp_path / test, range(30, 40), classes=classes)
    data, told = opened(tmp_path)
    assert numbers_of(data) == (list(range(30)), list(range(30, 40)))
    assert data.class_names == (("a", "b", "c") if classes else ())
    expected = [f"the validation split {tmp_path / test} is used as the test split"] if test == "val" else []
    assert told == expected


@pytest.mark.parametrize("classes", [True, False])
@pytest.mark.parametrize("val", ["val", "valid", "Validation"])
def test_a_validation_split_beside_a_test_split_is_left_out(val: str, classes: bool, tmp_path: Path) -> None:
    for name, numbers in (("train", range(30)), (val, range(30, 35)), ("test", range(40, 50))):
        fill(tmp_path / name, numbers, classes=classes)
    data, told = opened(tmp_path)
    assert numbers_of(data) == (list(range(30)), list(range(40, 50)))
    assert told == [f"the validation split {tmp_path / val} is left out"]


def test_a_lone_training_folder_is_split(tmp_path: Path) -> None:
    fill(tmp_path / "train", range(30), classes=True)
    data, _ = opened(tmp_path)
    assert (data.train.pixels.n, data.test.pixels.n, data.class_names) == (25, 5, ("a", "b", "c"))


def test_class_folders_deeper_are_named(tmp_path: Path) -> None:
    fill(tmp_path / "mydata", range(30), classes=True)
    with pytest.raises(MissingInput, match="class folders or splits are in mydata/") as raised:
        opened(tmp_path)
    assert f"dataset='{tmp_path / 'mydata'}'" in raised.value.remedy


def test_pictures_and_class_folders_together_are_refused_by_name(tmp_path: Path) -> None:
    fill(tmp_path, range(30), classes=True)
    fill(tmp_path, [50])
    with pytest.raises(DamagedInput, match=r"both images \(050.png\) and class folders \(a, b, c\)"):
        opened(tmp_path)


def test_class_folders_may_be_links(tmp_path: Path) -> None:
    fill(tmp_path / "real", range(30), classes=True)
    (tmp_path / "links").mkdir()
    for name in "abc":
        (tmp_path / "links" / name).symlink_to(tmp_path / "real" / name)
    data, told = opened(tmp_path / "links")
    assert (data.train.pixels.n + data.test.pixels.n, told) == (30, [])


def test_other_files_are_counted(tmp_path: Path) -> None:
    fill(tmp_path, range(30), classes=True)
    fill(tmp_path / "a" / "deeper", range(40, 43))
    (tmp_path / "notes.txt").touch()
    (tmp_path / ".hidden.png").touch()
    _, told = opened(tmp_path)
    assert told[0].startswith(f"4 files in {tmp_path} are left out")


def test_more_class_folders_than_classes_are_refused(tmp_path: Path) -> None:
    for number in range(257):
        fill(tmp_path / f"{number:03}", [number % 60])
    with pytest.raises(DamagedInput, match="257 class folders, and at most 256"):
        opened(tmp_path)


def test_the_range_and_the_side_are_those_of_the_training_pictures(tmp_path: Path) -> None:
    fill(tmp_path / "train", range(30))
    for number in range(30, 60):
        (tmp_path / "test").mkdir(exist_ok=True)
        Image.fromarray(np.pad(IMAGES[number], 30)).save(tmp_path / "test" / f"{number:03}.png")
    data, _ = opened(tmp_path)
    assert (data.train.pixels.height, data.train.pixels.width) == (16, 16)


def test_a_link_to_itself_is_passed_over(tmp_path: Path) -> None:
    fill(tmp_path, range(30), classes=True)
    for place in (tmp_path / "loop", tmp_path / "a" / "loop.png"):
        place.symlink_to(place)
    data, _ = opened(tmp_path)
    assert data.train.pixels.n + data.test.pixels.n == 30


def test_splits_with_and_without_class_folders_are_refused_by_name(tmp_path: Path) -> None:
    fill(tmp_path / "train", range(30), classes=True)
    fill(tmp_path / "test", range(30, 40))
    with pytest.raises(DamagedInput, match=r"test holds images without class folders \(030.png\)"):
        opened(tmp_path)
