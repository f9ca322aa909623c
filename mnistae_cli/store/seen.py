"""The files of a data set as a stage saw them: a count, and one hash over their names, sizes and times of change."""

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

MOST_LEVELS = 2  # a data set's folder may hold `train/`, which holds a folder per class


def see(location: Path, names: Sequence[str] = (), endings: Sequence[str] = ()) -> dict[str, Any]:
    """Look at a data set's files without opening them. `changed` compares the result with the files at a later time.

    Args:
        location: a file or a folder.
        names: the files in the folder that belong to the data set.
        endings: if no names are given, the endings, in lower case, of all its files, also in subfolders.

    Returns:
        `names` and `endings`; `count`; `sha256`, hex, over the relative names, sizes and times in ns, in order.

    Raises:
        OSError: a folder cannot be listed.
    """
    digest, count = hashlib.sha256(), 0
    for name, found in _files(location, names, tuple(endings)):
        digest.update(os.fsencode(f"{name}\0{found.st_size}\0{found.st_mtime_ns}\0"))
        count += 1
    return {"names": list(names), "endings": list(endings), "count": count, "sha256": digest.hexdigest()}


def changed(location: Path, seen: Mapping[str, Any]) -> tuple[bool, str]:
    """Whether the files have changed since they were seen; and a message if they are gone, which is not a change."""
    try:
        now = see(location, seen["names"], seen["endings"])
    except OSError as problem:
        return False, f"its data set at {location} cannot be read: {problem.strerror or problem}"
    if not now["count"]:
        return False, f"its data set is not at {location} any more"
    return now != dict(seen), ""


def _files(location: Path, names: Sequence[str], endings: tuple[str, ...]) -> Iterator[tuple[str, os.stat_result]]:
    if location.is_file():
        yield location.name, location.stat()
    elif names:
        yield from ((name, (location / name).stat()) for name in sorted(names) if (location / name).is_file())
    elif location.is_dir():
        yield from _below(location, "", endings, MOST_LEVELS)


def _below(folder: Path, inside: str, endings: tuple[str, ...], levels: int) -> Iterator[tuple[str, os.stat_result]]:
    with os.scandir(folder) as listed:
        entries = sorted(listed, key=lambda each: each.name)
    for entry in entries:
        name = f"{inside}{entry.name}"
        try:
            is_file, is_folder = entry.is_file(), entry.is_dir()
        except OSError:  # a link to itself
            continue
        if entry.name.lower().endswith(endings) and not entry.name.startswith(".") and is_file:
            yield name, entry.stat()
        elif levels and is_folder:
            yield from _below(folder / entry.name, f"{name}/", endings, levels - 1)
