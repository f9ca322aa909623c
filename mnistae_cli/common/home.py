"""The user's home folder, and what libraries would write there.

In a container, a user is often a number that no file knows. HOME is not set then, or names a folder that does not exist
or that belongs to another user. Without a home folder, some libraries make one in the working directory, called `~`.
"""

import os
import pwd
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mnistae_cli.common.leftovers import unfinished

NOWHERE = Path(os.devnull, "no-home-folder")  # nothing can be made below a file, not even by root
XDG = ("XDG_CACHE_HOME", "XDG_CONFIG_HOME")


def home_folder() -> Path | None:
    """The user's home folder; None if there is none."""
    given = os.environ.get("HOME") or _recorded()
    home = Path(given)
    return home if home.is_absolute() and _is_folder(home) else None


def in_home(path: str) -> Path | None:
    """A path that may begin with `~/`, for the home folder; None if there is no such folder."""
    if not path.startswith("~/"):
        return Path(path)
    home = home_folder()
    return home / path[2:] if home else None


def can_be_written(folder: Path) -> bool:
    """Whether this user may write into a folder, or make it."""
    there = next(each for each in (folder, *folder.absolute().parents) if os.path.lexists(each))
    return _is_folder(there) and os.access(there, os.W_OK | os.X_OK)


@contextmanager
def sheltered() -> Iterator[None]:
    """In this block, for the process of a command: libraries that look for the home folder find it, or none.

    Matplotlib needs a folder. If it may not write into its own, it gets a temporary one, and does not warn.
    """
    os.environ["HOME"] = str(home_folder() or NOWHERE)
    for name in XDG:
        if not Path(os.environ.get(name, "/")).is_absolute():  # to be ignored, says the XDG specification
            del os.environ[name]
    temporary = None
    if not all(map(can_be_written, _folders_of_matplotlib())):
        import logging
        import tempfile

        logging.getLogger("matplotlib").setLevel(logging.ERROR)
        with suppress(OSError):  # no place for temporary files: Matplotlib says so, if it is needed
            temporary = Path(tempfile.mkdtemp(prefix="mnistae-"))
            unfinished.add(temporary)
            os.environ["MPLCONFIGDIR"] = str(temporary)
    try:
        yield
    finally:
        if temporary:
            shutil.rmtree(temporary, ignore_errors=True)
            unfinished.discard(temporary)


def _recorded() -> str:
    """The home folder of this user in the password file, or nothing."""
    try:
        return pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        return ""


def _folders_of_matplotlib() -> list[Path]:
    if os.environ.get("MPLCONFIGDIR"):
        return [Path(os.environ["MPLCONFIGDIR"])]
    home = Path(os.environ["HOME"])
    bases = (os.environ.get(name) or home / folder for name, folder in zip(XDG, (".cache", ".config"), strict=True))
    return [Path(base) / "matplotlib" for base in bases]


def _is_folder(path: Path) -> bool:
    with suppress(OSError):  # a folder above it may not be entered
        return path.is_dir()
    return False
