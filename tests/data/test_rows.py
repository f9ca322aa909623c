import os
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mnistae_cli.common.errors import DamagedInput, MissingInput
from mnistae_cli.data import Rows

ARRAY = np.arange(60, dtype=np.float32).reshape(10, 2, 3)


def test_rows_are_those_of_the_array(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", ARRAY)
    rows = Rows.open(tmp_path / "a.npy")
    assert (len(rows), rows.n_bytes) == (10, ARRAY.nbytes)
    assert [len(batch) for batch in rows.batches(4)] == [4, 4, 2]
    assert np.array_equal(np.concatenate(list(rows.batches(4))), ARRAY)
    chosen = np.array([7, 0, 9, 0])
    assert np.array_equal(rows.take(chosen), ARRAY[chosen])
    assert rows.take(chosen[:0]).shape == (0, 2, 3)


def test_a_file_cut_short_is_damaged(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", ARRAY)
    whole = (tmp_path / "a.npy").read_bytes()
    (tmp_path / "a.npy").write_bytes(whole[:-1])
    with pytest.raises(DamagedInput):
        Rows.open(tmp_path / "a.npy")


def test_rows_of_a_file_of_another_format_are_read_by_their_place(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a header of any kind" + ARRAY.tobytes())
    rows = Rows(tmp_path / "a", ARRAY.shape, ARRAY.dtype, 20)
    for chosen in (np.arange(10), np.array([3, 1])):
        assert np.array_equal(rows.take(chosen), ARRAY[chosen])
    assert Rows(tmp_path / "a", (0, 2), ARRAY.dtype, 20).load().shape == (0, 2)


ALL = np.arange(10)


@pytest.mark.parametrize("chosen", [ALL, np.array([9, 1]), np.array([0, 9]), np.array([9])], ids=str)
@pytest.mark.parametrize("lost", [1, 24, 25, 239])
def test_rows_that_were_cut_after_the_file_was_opened_are_not_made_up(
    chosen: NDArray[np.int64], lost: int, tmp_path: Path
) -> None:
    path = tmp_path / "a.npy"
    np.save(path, ARRAY)
    rows = Rows.open(path)
    os.truncate(path, path.stat().st_size - lost)
    for read in (lambda: rows.take(chosen), rows.load, lambda: list(rows.batches(3))):
        with pytest.raises(DamagedInput, match=r"a\.npy was cut short while it was read"):
            read()
    assert np.array_equal(rows.take(ALL[:0]), ARRAY[:0])


@pytest.mark.parametrize("chosen", [ALL, ALL[:3]], ids=str)
def test_rows_of_a_file_that_is_gone_are_missing(chosen: NDArray[np.int64], tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", ARRAY)
    rows = Rows.open(tmp_path / "a.npy")
    (tmp_path / "a.npy").unlink()
    with pytest.raises(MissingInput, match=r"a\.npy was removed while it was in use"):
        rows.take(chosen)
