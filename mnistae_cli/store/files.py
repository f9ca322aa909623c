"""Operations on files: compute a hash, compare with a record, wait for the disk."""

import errno
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

NO_PLACE = (
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO),
    errno.ENOTDIR,
)
"""Errors of a path that cannot be written. Trying again does not help."""

SWAP_SECONDS = 10  # a record is on the disk at most this long after the time in it


def sha256_of(path: Path) -> str:
    """Hex sha256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def seal_of(record: Mapping[str, Any]) -> str:
    """Hex sha256 of everything in a record except its `seal`, which must be equal to it."""
    return hashlib.sha256(json.dumps({**record, "seal": ""}, sort_keys=True).encode()).hexdigest()


def entry_of(path: Path) -> dict[str, Any]:
    """The sha256 and the size of a file, for the record of its folder. The file is on the disk afterwards."""
    fsync(path)
    return {"sha256": sha256_of(path), "bytes": path.stat().st_size}


def time_of_writing(record: Path, finished: float) -> int:
    """When the file of a record was written, in ns; 0 if it was copied or touched after `finished` (s), or is gone."""
    try:
        changed = record.stat().st_ctime_ns  # unlike mtime, no program can set it
    except FileNotFoundError:  # another process is swapping the folder
        return 0
    return changed if changed < (finished + SWAP_SECONDS) * 1e9 else 0


def damage_of(folder: Path, files: Mapping[str, Mapping[str, Any]], since: int) -> str:
    """What is wrong with the files of a folder; empty if nothing is.

    Args:
        folder: the folder of the files.
        files: name → `entry_of`, as recorded.
        since: time in ns. A file of the right size is read only if it was changed after this time.
    """
    for name, expected in files.items():
        path = folder / name
        if not path.is_file():
            return f"{path} is missing"
        found = path.stat()
        if found.st_size != expected["bytes"]:
            return f"{path} is damaged: it has {found.st_size} bytes, but its manifest says {expected['bytes']}"
        if found.st_ctime_ns > since and sha256_of(path) != expected["sha256"]:
            return f"{path} is damaged: its sha256 is not the one in its manifest"
    return ""


def fsync(path: Path) -> None:
    """Wait until a file's bytes, or the names of a folder's files, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
