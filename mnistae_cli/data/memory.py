"""Whether an array fits into memory: that of the machine, or what a container may use of it."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

OWN_GROUPS = Path("/proc/self/cgroup")
ALL_GROUPS = Path("/sys/fs/cgroup")


def fits_memory(n_bytes: int, share: float) -> bool:
    """Whether `n_bytes` are at most this share of the memory that this process may use."""
    return n_bytes <= share * usable_memory()


def usable_memory() -> int:
    """Bytes of memory that this process may use: the machine's, or the least limit of its control groups (Linux)."""
    return min((os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"), *_limits()))


def _limits() -> Iterator[int]:
    """The limits of the control groups of this process, and of all groups around them, in bytes."""
    for file in _files_of_limits():
        with suppress(OSError, ValueError):  # it does not exist, or says "max"
            yield int(file.read_text(encoding="ascii"))


def _files_of_limits() -> Iterator[Path]:
    """Where limits may be. A container may see its own group as the outermost one, but still be told its full path."""
    try:
        lines = OWN_GROUPS.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:  # not Linux
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers:  # version 2; beside version 1 it may be mounted as `unified`
            name, roots = "memory.max", (ALL_GROUPS, ALL_GROUPS / "unified")
        elif "memory" in controllers.split(","):
            name, roots = "memory.limit_in_bytes", (ALL_GROUPS / controllers, ALL_GROUPS / "memory")
        else:
            continue
        inside = Path(path.lstrip("/"))
        for root in roots:
            yield from (root / group / name for group in (inside, *inside.parents) if ".." not in group.parts)
