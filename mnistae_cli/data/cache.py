"""The user's cache of decoded images: a folder for each decoded data set, complete or absent.

An entry is found by a key: a hash over the names, sizes and times of the decoded files. After a change of a file, the
key is another one, and a new entry is made. Folders are swapped in, sealed and checked by the functions of the store.
"""

import errno
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mnistae_cli.common import DamagedInput, MissingInput, MnistaeError, Notice, Report, UsageError, home_folder, silent
from mnistae_cli.store import damage_of, entry_of, fsync, keep, replaced, seal_of, time_of_writing

RECORD = "record.json"  # written last
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)  # what only writing raises
PRIVATE = 0o700  # mode of an entry: the images may be private, and the cache may be anywhere


@dataclass(frozen=True)
class Entry:
    """A complete entry.

    Args:
        folder: the folder of its files.
        source: the path of the data that it was made from.
        finished: time when it was made, in seconds since 1970.
        facts: notes of the function that made it.
        files: name → the `sha256` and the `bytes` of a file in it.
        fresh: whether it was made just now.
    """

    folder: Path
    source: str
    finished: float
    facts: Mapping[str, Any]
    files: Mapping[str, Mapping[str, Any]]
    fresh: bool = False

    def source_is_there(self) -> bool:
        """Whether its source exists, so that it may be used again."""
        return Path(self.source).exists()

    def n_bytes(self) -> int:
        """The bytes of its files."""
        return _bytes_in(self.folder)


def user_cache() -> Path:
    """The folder for files that can be made or downloaded again, for this user.

    Raises:
        UsageError: there is none, because there is no home folder.
    """
    import platformdirs

    known = home_folder() or Path(os.environ.get("XDG_CACHE_HOME", "")).is_absolute()
    found = platformdirs.user_cache_path("mnistae") if known else None
    if found is None or not found.is_absolute():
        raise UsageError("there is no home folder for a cache.", "Set HOME to a folder where you may write.")
    return found


def packed_folder() -> Path:
    """The folder of all entries; `UsageError` without a home folder."""
    return user_cache() / "packed"


def find_or_make(
    key: str,
    source: Path,
    make: Callable[[Path], dict[str, Any]],
    report: Report = silent,
    *,
    holds: Callable[[Mapping[str, Any]], bool] = lambda facts: True,
) -> Entry | None:
    """The entry of a key. If it does not exist, or is damaged, it is made. If two processes make one, the other waits.

    Args:
        key: the entry's name.
        source: the path of the data that it is made from.
        make: fills a folder for it, and returns its `facts`.
        report: listener.
        holds: whether the facts are still true; if not, the entry is made again.

    Returns:
        None if the cache cannot be written; a notice says why.

    Raises:
        MnistaeError: whatever `make` raises, or it cannot read the data; nothing is kept then.
    """
    try:
        root = packed_folder()
    except UsageError:
        report(Notice(f"there is no home folder for a cache, so each stage decodes {source} again"))
        return None
    try:
        found = _open(root / key, report)
        if found and holds(found.facts):
            return found
        root.mkdir(parents=True, exist_ok=True)
        with _alone(root, key, report):
            again = _open(root / key)  # another process may have made it
            return again if again and holds(again.facts) else _made(root, key, source, make)
    except OSError as problem:
        why = problem.strerror or problem
        report(Notice(f"the cache {root} cannot be used ({why}), so each stage decodes {source} again"))
        return None


def peek(key: str) -> Entry | None:
    """The entry of a key if its record can be read; its files are not checked."""
    try:
        return _read(packed_folder() / key)
    except UsageError:  # there is no home folder
        return None


def entries() -> list[Entry]:
    """All entries whose record can be read, the newest first."""
    found = [_read(folder) for folder in _folders()]
    return sorted((each for each in found if each), key=lambda each: -each.finished)


def remove_entries() -> int:
    """Remove all entries except those that are being made, and leftovers of killed processes. Returns freed bytes."""
    freed = 0
    for folder in _folders():
        root, key = folder.parent, folder.name.removeprefix(".").partition(".")[0]
        if folder.is_dir() and not _in_the_making(root, key):
            freed += _bytes_in(folder)
            shutil.rmtree(folder)
    return freed


def _folders() -> list[Path]:
    """Everything in the cache; nothing if it is not there, or cannot be looked at."""
    with suppress(OSError, UsageError):
        return list(packed_folder().iterdir())
    return []


def _read(folder: Path) -> Entry | None:
    """An entry by its record; None if it cannot be read or was changed."""
    try:
        record = json.loads((folder / RECORD).read_bytes())
        return _entry(folder, record) if record["seal"] == seal_of(record) else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _entry(folder: Path, record: Mapping[str, Any], *, fresh: bool = False) -> Entry:
    return Entry(folder, record["source"], record["finished"], record["facts"], record["files"], fresh)


def _open(folder: Path, report: Report = silent) -> Entry | None:
    """An undamaged entry."""
    if not folder.exists():
        return None
    found = _read(folder)
    try:
        problem = _damage(found) if found else "its record cannot be read"
    except OSError as error:
        problem = str(error)
    if problem:
        report(Notice(f"the cache {folder} is damaged and is made again: {problem}"))
    return None if problem else found


def _damage(entry: Entry) -> str:
    """What is wrong with the files of an entry; empty if nothing is.

    Their sizes are compared each time. Their bytes are read only if a file was changed at the time of the record or
    later, or if the record itself was copied or touched (then its time proves nothing): reading them each time would
    take as long as the stage's own reading. So changes by a program are noticed, but not those by a faulty disk.
    """
    before = max(time_of_writing(entry.folder / RECORD, entry.finished) - 1, 0)  # a file of the same tick is read too
    return damage_of(entry.folder, entry.files, before)


def _made(root: Path, key: str, source: Path, make: Callable[[Path], dict[str, Any]]) -> Entry:
    """Make an entry, in place of a damaged one."""
    with replaced(root / key) as folder:
        with suppress(OSError):  # a file system without modes
            folder.chmod(PRIVATE)
        try:
            facts = make(folder)
        except OSError as problem:
            if _is_of_cache(problem, folder):
                raise
            raise _unreadable(problem, source) from None
        files = {path.name: entry_of(path) for path in sorted(folder.iterdir())}
        record = {"source": str(source), "finished": time.time(), "facts": facts, "files": files}
        keep(folder / RECORD, json.dumps({**record, "seal": seal_of(record)}))
        fsync(folder)
        shutil.rmtree(root / key, ignore_errors=True)  # it is damaged; a kill must not leave it as `previous`
    return _entry(root / key, record, fresh=True)


def _is_of_cache(problem: OSError, folder: Path) -> bool:
    """Whether writing into `folder` raised it, and not reading the data."""
    if isinstance(problem.filename, str | bytes):
        return Path(os.fsdecode(problem.filename)).is_relative_to(folder)
    if problem.errno in FULL:
        return True
    try:
        keep(folder / RECORD, "")
    except OSError:
        return True
    return False


def _unreadable(problem: OSError, source: Path) -> MnistaeError:
    where = os.fsdecode(problem.filename) if isinstance(problem.filename, str | bytes) else source
    if isinstance(problem, FileNotFoundError):
        return MissingInput(f"{where} was removed while it was in use.", "Run the same command again.")
    return DamagedInput(f"{where} cannot be read: {problem.strerror or problem}.", "Check its disk and permissions.")


@contextmanager
def _alone(root: Path, key: str, report: Report) -> Iterator[None]:
    """Hold the lock of a key. If another process holds it, wait."""
    from filelock import FileLock, Timeout

    lock = FileLock(root / f".{key}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        report(Notice("waiting for another process that decodes the same images"))
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _in_the_making(root: Path, key: str) -> bool:
    from filelock import FileLock, Timeout

    try:
        with FileLock(root / f".{key}.lock", timeout=0):
            return False
    except Timeout:
        return True


def _bytes_in(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
