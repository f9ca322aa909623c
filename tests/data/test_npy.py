import os
from pathlib import Path

import numpy as np
import pytest

from mnistae_cli.common.errors import DamagedInput, MissingInput
from mnistae_cli.data.formats.archives import Archive
from mnistae_cli.data.npy import NpyWriter, load_npy, read_header, read_rows


@pytest.mark.parametrize("shape", [(7,), (7, 3), (7, 3, 2), (0, 3), ()])
def test_arrays_come_back(shape: tuple[int, ...], tmp_path: Path) -> None:
    array = np.random.default_rng(0).random(shape)
    np.save(tmp_path / "a.npy", array)
    assert np.array_equal(load_npy(tmp_path / "a.npy"), array)


def test_rows_come_in_batches(tmp_path: Path) -> None:
    array = np.arange(14, dtype=np.float32).reshape(7, 2)
    np.save(tmp_path / "a.npy", array)
    batches = list(read_rows(tmp_path / "a.npy", *read_header(tmp_path / "a.npy"), 3))
    assert [len(batch) for batch in batches] == [3, 3, 1]
    assert np.array_equal(np.concatenate(batches), array)


def test_the_writer_writes_what_numpy_reads(tmp_path: Path) -> None:
    with NpyWriter(tmp_path / "a.npy", (5, 2)) as file:
        file.write(np.ones((3, 2)))
        file.write(np.zeros((2, 2)))
    assert np.load(tmp_path / "a.npy").tolist() == [[1, 1]] * 3 + [[0, 0]] * 2
    assert np.load(tmp_path / "a.npy").dtype == np.float32


def test_an_interrupted_writer_leaves_what_was_there(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.ones(3))
    with pytest.raises(RuntimeError), NpyWriter(tmp_path / "a.npy", (5,)) as file:
        file.write(np.zeros(2))
        raise RuntimeError
    assert np.load(tmp_path / "a.npy").tolist() == [1, 1, 1]
    assert [path.name for path in tmp_path.iterdir()] == ["a.npy"]


def test_too_few_rows_are_a_bug(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="2 rows"), NpyWriter(tmp_path / "a.npy", (5,)) as file:
        file.write(np.zeros(2))
    assert not list(tmp_path.iterdir())


def test_python_objects_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(DamagedInput, match="Python objects"):
        load_npy(tmp_path / "a.npy")
    np.savez(tmp_path / "a.npz", x_train=np.array([{}], dtype=object))
    with pytest.raises(DamagedInput):
        Archive(tmp_path / "a.npz").array("x_train")


def test_cut_empty_and_foreign_files_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.ones(100))
    content = (tmp_path / "a.npy").read_bytes()
    for name, damaged in (("cut", content[:-1]), ("long", content + b"1"), ("empty", b""), ("foreign", b"hello" * 20)):
        path = tmp_path / f"{name}.npy"
        path.write_bytes(damaged)
        with pytest.raises(DamagedInput, match=name):
            load_npy(path)
    with pytest.raises(MissingInput):
        load_npy(tmp_path / "none.npy")
    (tmp_path / "a.npz").write_bytes(b"PK" + content)
    with pytest.raises(DamagedInput):
        Archive(tmp_path / "a.npz").array("x_train")


@pytest.mark.parametrize("lost", [1, 8, 80])
def test_an_array_that_is_cut_after_its_header_was_read_is_damaged(
    lost: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.npy"
    np.save(path, np.ones((2, 5)))
    header = read_header(path)
    os.truncate(path, path.stat().st_size - lost)
    monkeypatch.setattr("mnistae_cli.data.npy.read_header", lambda path: header)
    with pytest.raises(DamagedInput, match=r"a\.npy was cut short while it was read"):
        load_npy(path)
    path.unlink()
    with pytest.raises(MissingInput, match="was removed while it was in use"):
        load_npy(path)
