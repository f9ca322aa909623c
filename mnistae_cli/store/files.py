"""Operations on files: compute a hash, write through to the disk, remove unfinished copies."""

import errno
import hashlib
import os
import shutil
from pathlib import Path

NO_PLACE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""Errors of a path that cannot be written. Trying again does not help."""

unfinished: set[Path] = set()
"""Files and folders that this process is writing under a temporary name. They are useless if it stops."""


def discard_unfinished() -> None:
    """Remove the files and folders that this process will not finish."""
    for path in list(unfinished):
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
    unfinished.clear()


def sha256_of(path: Path) -> str:
    """Hex sha256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fsync(path: Path) -> None:
    """Wait until a file's bytes, or the names of a folder's files, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
