"""The home folder, where there is one."""

import os
import pwd
from pathlib import Path

import pytest

from mnistae_cli.common import NOWHERE, can_be_written, home_folder, in_home, sheltered, unfinished


@pytest.fixture
def unknown_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user id that the password file does not know, as in a container."""

    def unknown(number: int) -> object:
        raise KeyError(number)

    monkeypatch.setattr(pwd, "getpwuid", unknown)


@pytest.mark.usefixtures("unknown_user")
@pytest.mark.parametrize("home", [None, "", "~", "relative", "/nonexistent", os.devnull, "/proc/1/nothing"])
def test_without_a_folder_there_is_no_home(home: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOME") if home is None else monkeypatch.setenv("HOME", home)
    assert home_folder() is None
    assert in_home("~/.keras") is None
    assert in_home("/a/.keras") == Path("/a/.keras")


def test_an_empty_home_is_that_of_the_password_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(pwd, "getpwuid", lambda _: pwd.struct_passwd(("a", "x", 1, 1, "", str(tmp_path), "")))
    monkeypatch.setenv("HOME", "")
    assert home_folder() == tmp_path
    assert in_home("~/a/b") == tmp_path / "a" / "b"
    monkeypatch.setenv("HOME", "/nonexistent")
    assert home_folder() is None, "the variable counts"


def test_a_folder_below_a_file_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert can_be_written(tmp_path / "new" / "newer")
    assert not can_be_written(tmp_path / "file" / "new")
    assert not can_be_written(NOWHERE)


@pytest.mark.usefixtures("unknown_user")
def test_libraries_get_no_home_and_matplotlib_a_temporary_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("XDG_CONFIG_HOME", "MPLCONFIGDIR"):
        monkeypatch.setenv(name, "x")
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", "")
    monkeypatch.setenv("XDG_CACHE_HOME", "~/.cache")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with sheltered():
        (made,) = tmp_path.iterdir()
        assert Path(os.environ["MPLCONFIGDIR"]) == made
        assert made in unfinished
        assert not Path("~").expanduser().exists()
        assert "XDG_CACHE_HOME" not in os.environ
    assert not list(tmp_path.iterdir())
    assert made not in unfinished


def test_whoever_has_a_home_keeps_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "MPLCONFIGDIR"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("HOME", str(tmp_path))
    before = dict(os.environ)
    with sheltered():
        assert dict(os.environ) == before
