"""Reading without the lock: what is read belongs together, although another process may replace a stage meanwhile."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from mnistae_cli.common import MissingInput
from mnistae_cli.store.directory import STAGES
from mnistae_cli.store.files import damage_of
from mnistae_cli.store.manifests import MANIFEST

ATTEMPTS = 10
TICK = 20_000_000  # ns; two changes of a file in this time may have the same time

Result = TypeVar("Result")
State = tuple[int, int, int, int]
"""Inode, size, time of the content and of the file in ns."""


def steady(root: Path, read: Callable[[], Result]) -> Result:
    """What `read` returns. If a stage was replaced meanwhile, it is called again.

    A stage's folder is replaced as a whole, with its manifest. So if all manifests are the same after the reading as
    before, whatever was opened, checked and read in between belongs to them. A lock would also say so, but a reader may
    not write into the directory, and should not wait until a training has ended.

    Args:
        root: the artifacts directory.
        read: opens stages and reads all that it needs of them.

    Raises:
        MissingInput: stages were replaced again and again.
    """
    for _ in range(ATTEMPTS):
        before = _manifests(root)
        try:
            result = read()
        except Exception:
            if _manifests(root) == before:
                raise
            continue
        if _manifests(root) == before:
            return result
    raise MissingInput(
        f"{root} changed each time that it was read.", "Run the same command again when nothing else writes there."
    )


class Verified:
    """Files that were as recorded when they were last read. One that has not changed since is not read again."""

    def __init__(self) -> None:
        self._states: dict[tuple[Path, str], State] = {}

    def damage(self, folder: Path, files: Mapping[str, Mapping[str, Any]]) -> str:
        """What is wrong with the files of a folder, name → `entry_of`; empty if nothing is."""
        for name, expected in files.items():
            before, key = _state(folder / name), (folder / name, str(expected["sha256"]))
            if before is None or self._states.get(key) != before:
                started = time.time_ns()
                problem = damage_of(folder, {name: expected}, 0)
                if problem:
                    return problem
                if before and before[-1] < started - TICK:
                    self._states[key] = before
        return ""


def _manifests(root: Path) -> list[bytes]:
    return [_content(root / stage / MANIFEST) for stage in STAGES]


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _state(path: Path) -> State | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
