"""The artifacts directory as a whole: its lock, the names of its folders, and how a folder is replaced."""

import os
import shlex
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mnistae_cli.common import MissingInput, Notice, Report, UsageError, setting, silent, unfinished
from mnistae_cli.store.files import fsync
from mnistae_cli.store.manifests import command_line

DEFAULT_ROOT = Path("artifacts")
STAGES = ("train", "encode", "classify", "finetune", "cluster", "label", "review", "evaluate", "report")
"""The folders of the artifacts directory. Each has the name of the command that makes it."""


def command_for(root: Path, stage: str) -> str:
    """The command line that makes `stage` in `root`."""
    return f"mnistae {stage}" + ("" if root == DEFAULT_ROOT else f" --artifacts {shlex.quote(str(root))}")


@contextmanager
def hold(root: Path, report: Report = silent, *, create: bool = True) -> Iterator[None]:
    """Lock the artifacts directory. If another process holds it, report which one, and wait.

    Args:
        root: the directory.
        report: listener.
        create: make the directory if it does not exist.

    Raises:
        MissingInput: `root` does not exist, and `create` is False.
        UsageError: `root` cannot be written.
    """
    from filelock import FileLock, Timeout

    holder = root / ".holder"
    if not create and not root.exists():
        raise MissingInput(f"{setting('artifacts', root)} does not exist.", f"Run: {command_for(root, 'train')}")
    try:
        root.mkdir(parents=True, exist_ok=True)
        # The stages inside `run` take the lock again: a singleton allows that.
        lock = FileLock(root / ".lock", is_singleton=True)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            who = holder.read_text(encoding="utf-8") if holder.exists() else "another process"
            report(Notice(f"waiting for {root}: in use by {who}"))
            lock.acquire()
    except OSError as problem:
        raise UsageError(
            f"{setting('artifacts', root)} cannot be written: {problem.strerror or problem}.",
            "Name a directory where you may write, on a disk with free space.",
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
    """Finish or undo a swap if a process was killed between its two renames."""
    for stage in STAGES:
        for folder in (root / stage, checkpoint_of(root, stage)):
            previous = hidden_sibling(folder, "previous")
            if previous.exists() and not folder.exists():
                previous.rename(folder)
            shutil.rmtree(previous, ignore_errors=True)
            shutil.rmtree(hidden_sibling(folder, "partial"), ignore_errors=True)


def checkpoint_of(root: Path, stage: str) -> Path:
    """The folder from which an interrupted stage continues."""
    return root / f".{stage}.checkpoint"


def hidden_sibling(folder: Path, what: str) -> Path:
    """The hidden folder for the unfinished (`partial`) or the `previous` content of `folder`."""
    return folder.with_name(f".{folder.name.removeprefix('.')}.{what}")


@contextmanager
def replaced(folder: Path) -> Iterator[Path]:
    """An empty hidden folder. When the block ends without an error, it takes the place of `folder`."""
    partial, previous = hidden_sibling(folder, "partial"), hidden_sibling(folder, "previous")
    shutil.rmtree(partial, ignore_errors=True)
    unfinished.add(partial)  # before it exists: a signal may come in between
    try:
        partial.mkdir()
        yield partial
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    finally:
        unfinished.discard(partial)
    if folder.exists():
        folder.rename(previous)
    partial.rename(folder)
    fsync(folder.parent)
    shutil.rmtree(previous, ignore_errors=True)


def drop_stage(root: Path, stage: str) -> None:
    """Remove a stage's folder that cannot be made again because its inputs are gone."""
    shutil.rmtree(root / stage, ignore_errors=True)


def keep(path: Path, content: str | bytes) -> None:
    """Write `content` to `path`. The file is complete, or as it was before."""
    partial = path.with_name(f".{path.name}.partial")
    partial.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "backslashreplace"))
    fsync(partial)
    partial.replace(path)
