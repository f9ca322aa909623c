"""What is removed if this process stops."""

import shutil
from pathlib import Path

unfinished: set[Path] = set()
"""Files and folders that this process is writing under a temporary name. They are useless if it stops."""


def discard_unfinished() -> None:
    """Remove the files and folders that this process will not finish."""
    for path in list(unfinished):
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
    unfinished.clear()
