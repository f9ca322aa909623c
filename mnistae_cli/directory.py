"""The artifacts directory as a whole: its lock, its names, what is swapped in and out of it."""

import os
import shlex
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mnistae_cli.configs import STAGE_CONFIGS
from mnistae_cli.errors import MissingInput, UsageError
from mnistae_cli.files import fsync, unfinished
from mnistae_cli.manifests import command_line
from mnistae_cli.progress import Notice, Report, silent

DEFAULT_ROOT = Path("artifacts")
CONFIG_HEADER = "# The resolved configuration of the last `mnistae run` here.\n\n"
STAGES = tuple(STAGE_CONFIGS)


def command_for(root: Path, stage: str) -> str:
    """The command line that makes `stage` in `root`."""
    return f"mnistae {stage}" + ("" if root == DEFAULT_ROOT else f" --artifacts {shlex.quote(str(root))}")


@contextmanager
def hold(root: Path, report: Report = silent, *, create: bool = True) -> Iterator[None]:
    """Hold the artifacts directory: waits for another process, and tells who that is.

    Args:
        create: make the directory if it is not there, as the first stage does.

    Raises:
        MissingInput: `root` is not there, and not to be made.
        UsageError: `root` is no place to write in.
    """
    from filelock import FileLock, Timeout

    holder = root / ".holder"
    if not create and not root.exists():
        raise MissingInput(f"--artifacts {root} is not there.", f"Run: {command_for(root, 'train')}")
    try:
        root.mkdir(parents=True, exist_ok=True)
        # A singleton can be taken again by the stages inside `run`.
        lock = FileLock(root / ".lock", is_singleton=True)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            who = holder.read_text(encoding="utf-8") if holder.exists() else "another process"
            report(Notice(f"waiting for {root}: held by {who}"))
            lock.acquire()
    except OSError as problem:
        raise UsageError(
            f"--artifacts {root} cannot be written: {problem.strerror or problem}.",
            "Name a directory where you may write, on a disk with room.",
        ) from None
    try:
        if lock.lock_counter == 1:
            unfinished.add(holder)
            holder.write_text(f"process {os.getpid()} ({command_line()})", "utf-8", "backslashreplace")
            _restore_interrupted_swaps(root)
        yield
    finally:
        if lock.lock_counter == 1:
            holder.unlink(missing_ok=True)
            unfinished.discard(holder)
        lock.release()


def _restore_interrupted_swaps(root: Path) -> None:
    """Finish or undo what a killed process left between the two renames of a swap."""
    for stage in STAGES:
        previous = root / f".{stage}.previous"
        if previous.exists() and not (root / stage).exists():
            previous.rename(root / stage)
        shutil.rmtree(previous, ignore_errors=True)
        shutil.rmtree(root / f".{stage}.partial", ignore_errors=True)


def swap_in(root: Path, stage: str) -> None:
    """Put the stage's finished `.partial` folder in the place of the one that is there."""
    current, previous = root / stage, root / f".{stage}.previous"
    if current.exists():
        current.rename(previous)
    (root / f".{stage}.partial").rename(current)
    fsync(root)
    shutil.rmtree(previous, ignore_errors=True)


def drop_stage(root: Path, stage: str) -> None:
    """Remove a stage's folder: its inputs are gone and it cannot be made again from what is there."""
    shutil.rmtree(root / stage, ignore_errors=True)


def check_config_place(root: Path) -> None:
    """Refuse to write over a `config.toml` that `run` did not leave.

    Raises:
        UsageError: there is one.
    """
    path = root / "config.toml"
    if path.exists() and not path.read_bytes().startswith(CONFIG_HEADER.encode()):
        raise UsageError(f"{path} is not of mnistae run, and it would replace it.", "Move it away.")


def keep(path: Path, text: str) -> None:
    """Write `path`, which is whole or as it was before."""
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(text, encoding="utf-8", errors="backslashreplace")
    fsync(partial)
    partial.replace(path)
