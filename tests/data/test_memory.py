"""What fits into memory, also in a container with a limit."""

import os
from pathlib import Path

import pytest

from mnistae_cli.data import fits_memory, memory

HOST = 8 * 2**30
NO_LIMIT = "9223372036854771712"  # of version 1
GiB = 2**30


@pytest.fixture
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine of 8 GiB, and a folder for its control groups."""
    sizes = {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": HOST // 4096}
    monkeypatch.setattr(os, "sysconf", sizes.__getitem__)
    monkeypatch.setattr(memory, "ALL_GROUPS", tmp_path / "groups")
    monkeypatch.setattr(memory, "OWN_GROUPS", tmp_path / "own")
    return tmp_path


def write(groups: Path, own: str, limits: dict[str, str]) -> None:
    (groups / "own").write_text(own)
    for name, limit in limits.items():
        path = groups / "groups" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{limit}\n")


def test_what_fits_into_memory_depends_on_the_share() -> None:
    assert fits_memory(10**6, 0.5)
    assert not fits_memory(10**6, 1e-9)


@pytest.mark.parametrize(
    ("own", "limits", "usable"),
    [
        ("0::/\n", {"memory.max": str(GiB)}, GiB),
        ("0::/\n", {"memory.max": "max"}, HOST),
        ("0::/\n", {"memory.max": "nonsense"}, HOST),
        ("0::/\n", {}, HOST),
        ("0::/\n", {"memory.max": str(16 * GiB)}, HOST),
        ("0::/a/b\n", {"a/b/memory.max": "max", "a/memory.max": str(2 * GiB)}, 2 * GiB),
        ("0::/a/b\n", {"a/b/memory.max": str(3 * GiB), "a/memory.max": str(2 * GiB), "memory.max": "max"}, 2 * GiB),
        ("0::/a/b\n", {"a/b/memory.max": str(GiB), "a/memory.max": str(2 * GiB)}, GiB),
        ("0::/a/b\n", {"a/other/memory.max": str(GiB)}, HOST),
        ("0::/docker/1\n", {"memory.max": str(GiB)}, GiB),
        ("0::/../../b\n", {"memory.max": str(GiB)}, GiB),
        ("0::/a:b\n", {"a:b/memory.max": str(GiB)}, GiB),
        ("5:memory:/\n", {"memory/memory.limit_in_bytes": NO_LIMIT}, HOST),
        ("7:cpu:/x\n5:memory:/x\n", {"memory/x/memory.limit_in_bytes": str(GiB)}, GiB),
        ("5:cpu,memory:/x\n", {"cpu,memory/x/memory.limit_in_bytes": str(GiB)}, GiB),
        ("5:memory:/docker/1\n", {"memory/memory.limit_in_bytes": str(GiB)}, GiB),
        (
            "5:memory:/x/y\n",
            {"memory/x/y/memory.limit_in_bytes": NO_LIMIT, "memory/x/memory.limit_in_bytes": str(GiB)},
            GiB,
        ),
        ("5:memory:/x\n0::/x\n", {"memory/x/memory.limit_in_bytes": str(GiB), "unified/x/memory.max": "max"}, GiB),
        ("4:cpu:/x\n", {"cpu/x/memory.limit_in_bytes": str(GiB), "memory.limit_in_bytes": str(GiB)}, HOST),
    ],
)
def test_the_least_limit_counts(own: str, limits: dict[str, str], usable: int, groups: Path) -> None:
    write(groups, own, limits)
    assert memory.usable_memory() == usable
    assert fits_memory(usable // 2, 0.5)
    assert not fits_memory(usable // 2 + 1, 0.5)


def test_without_control_groups_the_machine_counts(groups: Path) -> None:
    assert memory.usable_memory() == HOST
