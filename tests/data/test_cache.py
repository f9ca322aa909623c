import errno
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from mnistae_cli.common.errors import DamagedInput, MissingInput
from mnistae_cli.common.progress import Notice
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


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        (OSError(errno.EIO, "Input/output error"), "pictures cannot be read: Input/output error."),
        (PermissionError(errno.EACCES, "Permission denied", "/data/a.png"), "/data/a.png cannot be read: Permission"),
        (OSError(errno.EROFS, "Read-only file system", b"/data/a.png"), "/data/a.png cannot be read: Read-only"),
        (OSError("no number"), "pictures cannot be read: no number"),
    ],
)
def test_data_that_cannot_be_read_is_not_a_problem_of_the_cache(problem: OSError, words: str, tmp_path: Path) -> None:
    def fails(into: Path) -> dict[str, Any]:
        raise problem

    told: list[Any] = []
    with pytest.raises(DamagedInput) as damaged:
        cache.find_or_make("key", tmp_path / "pictures", fails, told.append)
    assert words in damaged.value.problem
    assert not told
    assert not [each for each in cache.packed_folder().iterdir() if each.is_dir()]


def test_data_that_is_gone_is_missing(tmp_path: Path) -> None:
    def fails(into: Path) -> dict[str, Any]:
        (tmp_path / "a.png").read_bytes()
        return {}

    with pytest.raises(MissingInput, match=r"a\.png was removed"):
        cache.find_or_make("key", tmp_path, fails)


@pytest.mark.parametrize(
    "problem",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        PermissionError(errno.EACCES, "Permission denied", "{into}/a.bin"),
    ],
)
def test_a_cache_that_cannot_be_written_is_a_notice(problem: OSError, tmp_path: Path) -> None:
    def fails(into: Path) -> dict[str, Any]:
        if problem.filename:
            raise type(problem)(problem.errno, problem.strerror, problem.filename.format(into=into))
        raise problem

    told: list[Any] = []
    assert cache.find_or_make("key", tmp_path, fails, told.append) is None
    (notice,) = told
    assert isinstance(notice, Notice)
    assert f"cannot be used ({problem.strerror})" in notice.text


def test_an_error_of_either_is_one_of_the_cache_if_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(into: Path) -> dict[str, Any]:
        raise OSError(errno.EIO, "Input/output error")

    def keeps_nothing(path: Path, content: str) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(cache, "keep", keeps_nothing)
    assert cache.find_or_make("key", tmp_path, fails) is None


def test_a_cache_below_a_folder_of_another_user_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if HOME was that of root. Root may look into every folder, so the test must say no itself."""

    def forbidden(self: Path, *arguments: object, **options: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(self))

    for name in ("exists", "iterdir", "mkdir"):
        monkeypatch.setattr(Path, name, forbidden)
    told: list[Any] = []
    assert cache.find_or_make("key", tmp_path, made, told.append) is None
    assert "cannot be used (Permission denied)" in told[0].text
    assert cache.entries() == []
    assert cache.remove_entries() == 0


def test_without_a_home_nothing_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/nonexistent")
    monkeypatch.setenv("XDG_CACHE_HOME", "~/.cache")
    monkeypatch.chdir(tmp_path)
    told: list[Any] = []
    assert cache.find_or_make("key", tmp_path, made, told.append) is None
    assert "there is no home folder" in told[0].text
    assert cache.entries() == []
    assert not os.listdir(tmp_path)  # noqa: PTH208
