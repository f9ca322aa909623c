import os
from pathlib import Path

import pytest

from mnistae_cli.store.seen import changed, see

ENDINGS = (".png", "ubyte")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("train/a/1.png", "train/a/2.PNG", "train/b/1.png", "test/a/3.png", "t-ubyte", "notes.txt", ".4.png"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path


def test_only_the_files_of_the_data_set_are_seen(folder: Path) -> None:
    seen = see(folder, endings=ENDINGS)
    assert seen["count"] == 5
    (folder / "notes.txt").write_text("more notes")
    (folder / ".5.png").touch()
    assert changed(folder, seen) == (False, "")
    assert see(folder, names=("t-ubyte", "missing"))["count"] == 1
    assert see(folder / "t-ubyte")["count"] == 1


def later(path: Path) -> None:
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))


@pytest.mark.parametrize(
    "change",
    [
        later,
        lambda path: path.write_text("longer than it was"),
        lambda path: path.rename(path.with_name("9.png")),
        lambda path: path.unlink(),
        lambda path: path.with_name("new.png").touch(),
    ],
    ids=["time", "size", "name", "gone", "new"],
)
def test_another_name_size_or_time_is_a_change(change: object, folder: Path) -> None:
    seen = see(folder, endings=ENDINGS)
    change(folder / "train" / "b" / "1.png")  # type: ignore[operator]
    assert changed(folder, seen) == (True, "")


def test_what_is_gone_is_told_and_is_no_change(folder: Path) -> None:
    for location in (folder / "train" / "a" / "1.png", folder / "train" / "b", folder / "nowhere"):
        seen = see(location, endings=ENDINGS)
        for path in [location, *location.glob("*")] if location.exists() else []:
            path.unlink() if path.is_file() else None
        assert changed(location, seen) == (False, f"its data set is not at {location} any more")


def test_a_loop_of_links_has_an_end(folder: Path) -> None:
    (folder / "train" / "loop").symlink_to(folder)
    assert see(folder, endings=ENDINGS)["count"] < 20
