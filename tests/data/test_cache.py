import stat
from pathlib import Path

import pytest

from mnistae_cli.common.errors import DamagedInput
from mnistae_cli.data import cache


def made(into: Path) -> dict[str, int]:
    (into / "a.bin").write_bytes(b"12345")
    return {"n": 5}


def test_an_entry_is_made_once(tmp_path: Path) -> None:
    first = cache.find_or_make("key", tmp_path, made)
    again = cache.find_or_make("key", tmp_path, lambda into: pytest.fail("made again"))
    assert first is not None
    assert again is not None
    assert (first.fresh, again.fresh) == (True, False)
    assert (again.folder / "a.bin").read_bytes() == b"12345"
    assert again.facts == {"n": 5}
    assert again.source == str(tmp_path)
    assert stat.S_IMODE(again.folder.stat().st_mode) == cache.PRIVATE


def test_what_fails_leaves_nothing(tmp_path: Path) -> None:
    def fails(into: Path) -> dict[str, int]:
        made(into)
        raise DamagedInput("no", "help")

    with pytest.raises(DamagedInput):
        cache.find_or_make("key", tmp_path, fails)
    assert not [each for each in cache.packed_folder().iterdir() if each.is_dir()]


def test_what_a_killed_process_left_goes(tmp_path: Path) -> None:
    left = cache.packed_folder() / ".key.partial"
    other = cache.packed_folder() / ".other.partial"
    for folder in (left, other):
        folder.mkdir(parents=True)
        (folder / "a.bin").write_bytes(b"123")
    assert cache.find_or_make("key", tmp_path, made)
    assert not left.exists()
    assert other.exists()
    assert cache.remove_entries() > 3 + 5
    assert not [each for each in cache.packed_folder().iterdir() if each.is_dir()]


def test_what_is_being_made_is_not_removed(tmp_path: Path) -> None:
    def slow(into: Path) -> dict[str, int]:
        (into / "a.bin").write_bytes(b"12345")
        cache.remove_entries()
        return {}

    entry = cache.find_or_make("key", tmp_path, slow)
    assert entry is not None
    assert (entry.folder / "a.bin").exists()


@pytest.mark.parametrize("record", [b"", b"[]", b"{}", b'{"seal": 1}', b"[" * 10_000])
def test_a_record_of_any_content_is_no_entry(record: bytes, tmp_path: Path) -> None:
    first = cache.find_or_make("key", tmp_path, made)
    assert first is not None
    (first.folder / cache.RECORD).write_bytes(record)
    assert not cache.entries()
    again = cache.find_or_make("key", tmp_path, made)
    assert again is not None
    assert again.fresh
