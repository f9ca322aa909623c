"""Reading without the lock, while another process replaces stages."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mnistae_cli.common import DamagedInput, MissingInput
from mnistae_cli.settings import TrainConfig
from mnistae_cli.store import Plan, Verified, Work, entry_of, open_stage, steady
from mnistae_cli.store import files as store_files
from tests.making import make_stage


def make(root: Path, content: str) -> None:
    def fill(work: Work) -> None:
        (work.folder / "model").write_text(content)
        (work.folder / "other").write_text(content * 2)
        work.metrics = {"content": content}

    make_stage(root, Plan("train", TrainConfig()), fill, force=True)


def reading(root: Path, between: Callable[[], object]) -> Callable[[], tuple[str, str]]:
    """Reads what the manifest and the file say. `between` is called after the hashes were checked."""

    def read() -> tuple[str, str]:
        stored = open_stage(root, "train")
        between()
        return stored.manifest.metrics["content"], (stored.folder / "model").read_text()

    return read


def test_what_is_read_belongs_together_although_the_stage_is_replaced(tmp_path: Path) -> None:
    make(tmp_path, "first")
    times: list[int] = []

    def replace_once() -> None:
        times.append(1)
        if len(times) == 1:
            make(tmp_path, "second")

    assert steady(tmp_path, reading(tmp_path, replace_once)) == ("second", "second")
    assert len(times) == 2


def test_an_error_of_a_stage_that_was_replaced_meanwhile_is_not_told(tmp_path: Path) -> None:
    make(tmp_path, "first")
    calls: list[int] = []

    def read() -> str:
        calls.append(1)
        if len(calls) == 1:
            make(tmp_path, "second")
            raise FileNotFoundError("between two renames")
        return (tmp_path / "train" / "model").read_text()

    assert steady(tmp_path, read) == "second"


def test_an_error_is_told_if_nothing_changed(tmp_path: Path) -> None:
    make(tmp_path, "first")
    (tmp_path / "train" / "model").write_text("third")
    with pytest.raises(DamagedInput):
        steady(tmp_path, reading(tmp_path, lambda: None))


def test_a_directory_that_never_rests_is_told(tmp_path: Path) -> None:
    make(tmp_path, "0")
    numbers = iter(range(1, 100))
    with pytest.raises(MissingInput, match="changed each time that it was read"):
        steady(tmp_path, reading(tmp_path, lambda: make(tmp_path, str(next(numbers)))))


def test_a_swap_that_is_going_on_is_not_waited_for_with_the_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes microseconds, but the process that does it may hold the lock for hours."""
    make(tmp_path, "first")
    (tmp_path / "train").rename(tmp_path / ".train.previous")
    monkeypatch.setattr("mnistae_cli.store.reading.hold", lambda *_: pytest.fail("it would wait"))
    monkeypatch.setattr(time, "sleep", lambda _: (tmp_path / ".train.previous").rename(tmp_path / "train"))
    assert open_stage(tmp_path, "train").manifest.metrics == {"content": "first"}


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files whose bytes are hashed."""
    names: list[str] = []
    sha256_of = store_files.sha256_of

    def noting(path: Path) -> str:
        names.append(path.name)
        return sha256_of(path)

    monkeypatch.setattr(store_files, "sha256_of", noting)
    return names


def test_a_file_that_has_not_changed_is_read_once(tmp_path: Path, hashed: list[str]) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)
    files = {name: entry_of(tmp_path / name) for name in ("a", "b")}
    time.sleep(0.05)  # its time of change is known to be over
    verified = Verified()
    hashed.clear()
    for _ in range(3):
        assert verified.damage(tmp_path, {"a": files["a"]}) == ""
    assert hashed == ["a"]
    assert verified.damage(tmp_path, files) == ""
    assert hashed == ["a", "b"]
    os.utime(tmp_path / "a")
    assert verified.damage(tmp_path, files) == ""
    assert hashed == ["a", "b", "a"]
    (tmp_path / "a").write_text("x")
    assert "sha256" in verified.damage(tmp_path, files)
    assert "sha256" in verified.damage(tmp_path, files)
    (tmp_path / "b").unlink()
    assert "b is missing" in verified.damage(tmp_path, {"b": files["b"]})


def test_a_file_that_was_changed_just_now_is_read_again(tmp_path: Path, hashed: list[str]) -> None:
    """A second change in the same tick of the clock would leave no trace."""
    (tmp_path / "a").write_text("a")
    files, verified = {"a": entry_of(tmp_path / "a")}, Verified()
    now = time.time_ns()
    hashed.clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "time_ns", lambda: min(now, (tmp_path / "a").stat().st_ctime_ns))
        for _ in range(2):
            assert verified.damage(tmp_path, files) == ""
    assert hashed == ["a", "a"]


def test_only_the_named_files_of_a_stage_are_read(tmp_path: Path, hashed: list[str]) -> None:
    make(tmp_path, "first")
    (tmp_path / "train" / "other").write_text("wrong")
    hashed.clear()
    assert open_stage(tmp_path, "train", names=("model", "absent")).manifest.stage == "train"
    assert hashed == ["model"]
    with pytest.raises(DamagedInput):
        open_stage(tmp_path, "train")
