"""A folder of pictures: decoded once, damaged files told together, skipped ones where labels and names stay aligned."""

import errno
import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import IO, Any

import numpy as np
import pytest
from PIL import Image

from mnistae_cli.common.errors import DamagedInput, MnistaeError
from mnistae_cli.common.progress import Advance, Notice, StageEnded
from mnistae_cli.data import cache, decoding, image_files, packing
from mnistae_cli.data.datasets import has_other_images, load_dataset, load_recorded
from mnistae_cli.data.npy import NpyWriter
from mnistae_cli.data.opening import open_images
from mnistae_cli.data.splits import Dataset
from mnistae_cli.settings.read_options import ReadOptions
from tests.conftest import shapes

IMAGES, LABELS = shapes(30, 0)
SKIP = ReadOptions(skip_damaged=True)


class Heard:
    """Keeps the notices, and the numbers of files that were decoded."""

    def __init__(self) -> None:
        self.notices: list[str] = []
        self.decoded: list[float] = []

    def __call__(self, event: Advance | Notice | StageEnded) -> None:
        if isinstance(event, Notice):
            self.notices.append(event.text)
        elif isinstance(event, Advance):
            self.decoded.append(event.done)


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The lengths of the files that are decoded."""
    lengths: list[int] = []

    def counted(content: bytes) -> np.ndarray:
        lengths.append(len(content))
        return decode(content)

    decode = image_files.gray_levels
    monkeypatch.setattr("mnistae_cli.data.decoding.gray_levels", counted)
    monkeypatch.setattr("mnistae_cli.data.image_files.gray_levels", counted)
    return lengths


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Thirty pictures in three class folders."""
    for number, (image, label) in enumerate(zip(IMAGES, LABELS, strict=True)):
        into = tmp_path / "scans" / "abc"[label]
        into.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(into / f"{number:03}.png")
    return tmp_path / "scans"


def files_of(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.png"))


def assert_aligned(data: Dataset) -> int:
    """Each image, its label and its name belong together. Returns the number of images."""
    n = 0
    for _, images in data.splits():
        pixels, names = images.pixels.load(), images.pixels.names()
        assert images.labels is not None
        assert len(pixels) == len(names) == len(images.labels) == images.pixels.n
        for image, name, label in zip(pixels, names, images.labels, strict=True):
            number = int(Path(name).stem)
            assert np.array_equal(image, IMAGES[number])
            assert label == LABELS[number]
            assert Path(name).parent.name == "abc"[label]
        n += len(pixels)
    return n


def entry_of(folder: Path) -> Path:
    (entry,) = [each.folder for each in cache.entries() if each.source == str(folder)]
    return entry


def test_a_second_stage_decodes_nothing(folder: Path, decoded: list[int]) -> None:
    first = load_dataset(str(folder))
    assert len(decoded) == 31  # each once, and the first one for its size
    again = load_dataset(str(folder))
    assert assert_aligned(again) == 30
    assert again.record(labels=True) == first.record(labels=True)
    assert len(decoded) == 31


def test_the_fingerprint_is_of_the_files_with_a_cache_or_without(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def record() -> dict[str, str]:
        return dict(load_dataset(str(folder)).record(labels=False).sha256)

    made, packed = record(), record()
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert made == packed == record()
    images = load_dataset(str(folder)).train.pixels
    expected = hashlib.sha256(f"{images.n} 10 12".encode())
    for name in images.names():
        expected.update(hashlib.sha256(Path(name).read_bytes()).digest())
    assert made["train_images"] == expected.hexdigest()


@pytest.mark.parametrize("change", ["content", "time", "more", "fewer", "name"])
def test_a_changed_folder_is_decoded_anew(change: str, folder: Path, decoded: list[int]) -> None:
    load_dataset(str(folder))
    file = files_of(folder)[3]
    before = len(decoded)
    if change == "content":
        Image.fromarray(255 - np.asarray(Image.open(file))).save(file)
    elif change == "time":
        os.utime(file, ns=(0, file.stat().st_mtime_ns + 1))
    elif change == "more":
        (folder / "a" / "new.png").write_bytes(file.read_bytes())
    elif change == "fewer":
        file.unlink()
    else:
        file.rename(file.with_name("renamed.png"))
    data = load_dataset(str(folder))
    n = sum(images.pixels.n for _, images in data.splits())
    assert n == {"more": 31, "fewer": 29}.get(change, 30)
    assert len(decoded) == before + n + 1


@pytest.mark.parametrize("damage", ["flip", "cut", "gone", "record", "seal"])
def test_a_damaged_entry_is_made_again(damage: str, folder: Path, heard: Heard) -> None:
    load_dataset(str(folder))
    entry = entry_of(folder)
    path = entry / ("record.json" if damage in ("record", "seal") else packing.PIXELS)
    content = bytearray(path.read_bytes())
    if damage == "flip":
        content[-1] ^= 1
    elif damage == "cut":
        content = content[:-1]
    elif damage == "record":
        content = content[: len(content) // 2]
    else:
        content = content.replace(b'"unframed": 0', b'"unframed": 1')
    path.write_bytes(content)
    if damage == "gone":
        path.unlink()
    assert assert_aligned(load_dataset(str(folder), report=heard)) == 30
    assert len(heard.notices) == 1
    assert "is damaged and is made again" in heard.notices[0]
    silent = Heard()
    load_dataset(str(folder), report=silent)
    assert not silent.notices
    assert not silent.decoded


@pytest.mark.parametrize("held", [0, 2**20])
def test_without_a_cache_all_goes_on_and_is_said_once(
    held: int, folder: Path, heard: Heard, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, decoded: list[int]
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr(packing, "IN_MEMORY", held)
    data = load_dataset(str(folder), report=heard)
    assert len(heard.notices) == 1
    assert "cannot be used" in heard.notices[0]
    before = len(decoded)
    assert assert_aligned(data) == 30
    assert len(decoded) == before + (0 if held else 30)


def test_a_full_disk_leaves_nothing_behind(folder: Path, heard: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(writer: NpyWriter, batch: np.ndarray) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(NpyWriter, "write", full)
    assert assert_aligned(load_dataset(str(folder), report=heard)) == 30
    assert [each for each in heard.notices if "No space left" in each] == heard.notices[:1]
    assert not [each for each in cache.packed_folder().iterdir() if each.is_dir()]


def test_all_damaged_files_are_told_in_one_run(folder: Path, heard: Heard) -> None:
    broken, cut, small, empty = files_of(folder)[3:19:4]
    broken.write_bytes(b"hello")
    cut.write_bytes(cut.read_bytes()[:-30])
    small.write_bytes(small.read_bytes()[:-60])
    empty.write_bytes(b"")
    with pytest.raises(DamagedInput, match="4 of 30 images") as raised:
        load_dataset(str(folder), report=heard)
    assert str(broken) in raised.value.problem
    assert "skip_damaged=True" in raised.value.remedy
    assert [each.split()[0] for each in heard.notices] == [str(path) for path in (broken, cut, small, empty)]
    assert heard.notices[3].endswith("cannot be read as an image: it is empty")
    assert "format is unknown" in heard.notices[0]


def test_damaged_files_are_skipped_and_each_image_keeps_its_split(folder: Path, heard: Heard) -> None:
    whole = load_dataset(str(folder))
    splits = {name: split for split, images in whole.splits() for name in images.pixels.names()}
    bad = files_of(folder)[2::5]
    for path in bad:
        path.write_bytes(b"hello")
    data = load_dataset(str(folder), report=heard, reading=SKIP)
    assert assert_aligned(data) == 24
    for split, images in data.splits():
        assert all(splits[name] == split for name in images.pixels.names())
    assert [each.split()[0] for each in heard.notices[:-1]] == [str(path) for path in bad]
    assert heard.notices[-1].startswith("6 of 30 images")
    later = Heard()
    record = data.record(labels=True)
    assert record.n_skipped == 6
    assert load_recorded(record, None, later).record(labels=True) == record
    assert len(later.notices) == 1
    assert not later.decoded


@pytest.mark.parametrize("held", [0, 2**20])
def test_skipping_without_a_cache_is_the_same(
    held: int, folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(packing, "IN_MEMORY", held)
    for path in files_of(folder)[2::5]:
        path.write_bytes(b"hello")
    packed = load_dataset(str(folder), reading=SKIP).record(labels=True)
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    data = load_dataset(str(folder), reading=SKIP)
    assert data.record(labels=True) == packed
    assert assert_aligned(data) == 24


def test_a_file_damaged_after_encoding_is_a_changed_data_set(folder: Path) -> None:
    record = load_dataset(str(folder)).record(labels=True)
    files_of(folder)[0].write_bytes(b"hello")
    assert has_other_images(load_recorded(record, None, reading=SKIP), record)


def test_a_file_that_could_not_be_opened_is_tried_again(
    folder: Path, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = files_of(folder)[7]

    def refused(path: Path, *arguments: Any, **named: Any) -> IO[Any]:
        if path == locked:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        found: IO[Any] = opened(path, *arguments, **named)
        return found

    opened: Any = Path.open
    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", refused)
        for _ in range(2):
            assert assert_aligned(load_dataset(str(folder), report=heard, reading=SKIP)) == 29
    assert heard.notices[0] == f"{locked} cannot be read as an image: Permission denied"
    assert heard.decoded.count(30) == 1
    assert assert_aligned(load_dataset(str(folder))) == 30


@pytest.mark.parametrize("reading", [ReadOptions(), SKIP])
def test_nothing_that_can_be_read(reading: ReadOptions, folder: Path) -> None:
    for path in files_of(folder):
        path.write_bytes(b"hello")
    with pytest.raises(DamagedInput, match="30 of 30"):
        load_dataset(str(folder), reading=reading)


def test_train_and_test_folders_are_one_entry(tmp_path: Path) -> None:
    for split, images in (("train", IMAGES[:20]), ("test", IMAGES[20:])):
        (tmp_path / split).mkdir()
        for number, image in enumerate(images):
            Image.fromarray(image).save(tmp_path / split / f"{number:02}.png")
    data = load_dataset(str(tmp_path))
    assert np.array_equal(data.train.pixels.load(), IMAGES[:20])
    assert np.array_equal(data.test.pixels.load(), IMAGES[20:])
    assert len(cache.entries()) == 1


def test_images_of_no_data_set_skip_too(folder: Path) -> None:
    (folder / "a" / "bad.png").write_bytes(b"hello")
    with pytest.raises(DamagedInput, match=r"bad\.png"):
        open_images(folder / "a")
    images = open_images(folder / "a", SKIP)
    assert images.names() == [str(path) for path in files_of(folder / "a") if path.name != "bad.png"]
    assert np.array_equal(images.load(), IMAGES[LABELS == 0])


def test_a_file_that_changes_while_it_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def looked_at(paths: list[str]) -> np.ndarray:
        states = look(paths)
        Path(paths[5]).write_bytes(b"another")
        return states

    look = packing._states
    monkeypatch.setattr(packing, "_states", looked_at)
    with pytest.raises(DamagedInput, match="while it was read"):
        load_dataset(str(folder))
    assert not cache.entries()


def test_pixels_do_not_pile_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many files there are, a batch of them is decoded at a time."""
    monkeypatch.setattr(decoding, "TASK_FILES", 4)
    for number in range(40):
        Image.fromarray(IMAGES[number % 30]).save(tmp_path / f"{number:02}.png")
    images = open_images(tmp_path)
    assert [len(batch) for batch in images.batches(7)] == [7, 7, 7, 7, 7, 5]
    assert np.array_equal(images.load(), np.concatenate([IMAGES, IMAGES[:10]]))


SCRIPT = """
import sys
from mnistae_cli.data import load_dataset
from mnistae_cli.common.progress import Advance
events = []
data = load_dataset(sys.argv[1], report=events.append)
print(any(isinstance(each, Advance) for each in events), data.record(labels=True).sha256["train_images"])
"""


def test_processes_at_once_make_one_entry(tmp_path: Path) -> None:
    (tmp_path / "many").mkdir()
    for number in range(400):
        Image.fromarray(IMAGES[number % 30]).save(tmp_path / "many" / f"{number}.png")
    command = [sys.executable, "-c", SCRIPT, str(tmp_path / "many")]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    outcomes = [each.communicate()[0].split() for each in running]
    assert sorted(decoded for decoded, _ in outcomes) == ["False", "False", "True"]
    assert len({sha256 for _, sha256 in outcomes}) == 1
    assert [each.name for each in cache.packed_folder().iterdir() if each.is_dir()] == [
        entry_of(tmp_path / "many").name
    ]


def test_an_entry_that_goes_in_use_is_told(folder: Path) -> None:
    data = load_dataset(str(folder))
    assert cache.remove_entries() > 30 * 10 * 12
    with pytest.raises(MnistaeError, match="removed while it was in use"):
        data.train.pixels.load()
    assert not cache.entries()
