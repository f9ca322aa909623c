"""What a file wants done: its hash taken, its bytes on the disk, its unfinished copy removed."""

import errno
import hashlib
import os
import shutil
from pathlib import Path

NO_PLACE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""Errors of a place that cannot be written; trying again does not mend them."""

unfinished: set[Path] = set()
"""Files and folders that this process is writing under another name; no use to anyone if it stops."""


def discard_unfinished() -> None:
    """Remove what this process has begun and will not finish."""
    for path in list(unfinished):
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
    unfinished.clear()


def sha256_of(path: Path) -> str:
    """Hex sha256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fsync(path: Path) -> None:
    """Return when a file's bytes, or a folder's names, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
