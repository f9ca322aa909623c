"""`.npz` archives are checked before they are unpacked, and large arrays of them are streamed."""

import io
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mnistae_cli.common.errors import DamagedInput
from mnistae_cli.data import cache
from mnistae_cli.data.datasets import load_dataset, load_recorded
from mnistae_cli.data.formats import archives
from mnistae_cli.data.formats.archives import Archive
from mnistae_cli.settings import read_options as rules
from mnistae_cli.settings.read_options import ReadOptions
from tests.conftest import shapes

IMAGES, LABELS = shapes(50, 0)
TRUST = ReadOptions(trust_sizes=True)


def as_npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def zipped(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return path


def without_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("where", ["memory", "cache", "stream"])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_images_are_the_same_however_they_are_read(
    save: Callable[..., None], where: str, dtype: type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = IMAGES if dtype == np.uint8 else (IMAGES / 255).astype(dtype)
    save(tmp_path / "a.npz", x_train=images[..., None], y_train=LABELS)
    expected = load_dataset(str(tmp_path / "a.npz")).record(labels=True)
    if where != "memory":
        monkeypatch.setattr(archives, "IN_MEMORY", 100)
    if where == "stream":
        without_cache(monkeypatch, tmp_path)
    data = load_dataset(str(tmp_path / "a.npz"))
    assert data.record(labels=True) == expected
    source = Archive(tmp_path / "a.npz").images("x_train")
    assert [len(batch) for batch in source.batches(20)] == [20, 20, 10]
    assert np.array_equal(source.load(), images)
    if where != "stream":
        assert len(cache.entries()) == (where == "cache")


def test_a_changed_archive_is_unpacked_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "IN_MEMORY", 100)
    for images in (IMAGES, 255 - IMAGES):
        np.savez(tmp_path / "a.npz", x_train=images)
        assert np.array_equal(Archive(tmp_path / "a.npz").images("x_train").load(), images)


def test_wrong_pixels_of_a_large_array_are_named_by_the_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "IN_MEMORY", 100)
    images = IMAGES / 255
    images[40, 1, 2] = 7
    np.savez(tmp_path / "a.npz", x_train=images)
    with pytest.raises(DamagedInput, match=r"a\.npz, x_train: pixel \(1, 2\) of image 40 is 7"):
        load_dataset(str(tmp_path / "a.npz")).record(labels=False)


def test_fortran_order_is_read_in_memory_and_refused_beyond(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.savez(tmp_path / "a.npz", x_train=np.asfortranarray(IMAGES))
    assert np.array_equal(Archive(tmp_path / "a.npz").images("x_train").load(), IMAGES)
    monkeypatch.setattr(archives, "IN_MEMORY", 100)
    with pytest.raises(DamagedInput, match="Fortran"):
        Archive(tmp_path / "a.npz").images("x_train")


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("damage", ["flip", "cut", "no zip"])
def test_damaged_archives(damage: str, large: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if large:
        monkeypatch.setattr(archives, "IN_MEMORY", 100)
    path = tmp_path / "a.npz"
    np.savez(path, x_train=IMAGES)
    content = bytearray(path.read_bytes())
    content[1000] ^= 1
    path.write_bytes({"flip": bytes(content), "cut": bytes(content[: len(content) // 2]), "no zip": b"hello"}[damage])
    with pytest.raises(DamagedInput, match=r"a\.npz"):
        load_dataset(str(path)).record(labels=False)
    assert not cache.entries()


@pytest.mark.parametrize("shape", [(10**7, 28, 28), (2**32, 2**32, 1), (2**40, 2**20, 2**10), (-1, -50, 120)])
def test_a_header_that_says_more_than_its_member_holds_is_refused_at_once(
    shape: tuple[int, ...], tmp_path: Path
) -> None:
    header = as_npy(IMAGES)[:128].replace(b"(50, 10, 12)", str(shape).encode())
    path = zipped(tmp_path / "a.npz", x_train=header + IMAGES.tobytes())
    tracemalloc.start()
    try:
        with pytest.raises(DamagedInput, match=r"header says|no \.npy"):
            load_dataset(str(path))
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


def test_an_absurd_size_is_refused_before_it_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "MOST_BYTES", 2**22)
    path = zipped(tmp_path / "bomb.npz", x_train=as_npy(np.zeros((8000, 28, 28), np.uint8)))
    assert path.stat().st_size < 10_000
    tracemalloc.start()
    try:
        with pytest.raises(DamagedInput, match=r"6,272,128") as raised:
            load_dataset(str(path))
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()
    assert "trust_sizes=True" in raised.value.remedy
    data = load_dataset(str(path), reading=TRUST)
    assert data.train.pixels.n + data.test.pixels.n == 8000
    assert load_recorded(data.record(labels=False), None).train.pixels.n == data.train.pixels.n


def test_sizes_that_may_be_true_are_not_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "MOST_BYTES", 1000)
    np.savez_compressed(tmp_path / "a.npz", x_train=IMAGES)
    assert IMAGES.nbytes < 200 * (tmp_path / "a.npz").stat().st_size
    assert load_dataset(str(tmp_path / "a.npz")).train.pixels.n == 42


def test_a_member_that_lies_about_its_size_is_damaged(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.npz", x_train=as_npy(IMAGES))
    true, said = (len(as_npy(IMAGES))).to_bytes(4, "little"), (10**9).to_bytes(4, "little")
    path.write_bytes(path.read_bytes().replace(true, said))
    with pytest.raises(DamagedInput, match=r"a\.npz"):
        load_dataset(str(path))
