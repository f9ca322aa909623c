"""The disk is full, or read-only, from each write of a command on."""

import errno
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from benchmarks.faulty.scene import Scene, Tally

SOURCE = Path(__file__).with_suffix(".c")
QUIET = ("a bug in mnistae", "Traceback")


def fill_disk(scene: Scene, steps: Mapping[str, int], number: int = errno.ENOSPC) -> Tally:
    """Let every write from the k-th on fail, for k = 1, 2, …, until the command succeeds.

    Lost: an earlier stage, or the result of the same command, run again with free space. Unnoticed: the command ends
    with 0 but its result is missing or different.

    Args:
        scene: finished artifacts, and where they are copied to.
        steps: stage → step of k; 1 tries each write.
        number: of the error.
    """
    library = _built(scene.root.parent)
    tally = Tally()
    for stage, step in steps.items():
        k = 1
        while True:
            scene.set_up(stage)
            fault = {
                "LD_PRELOAD": str(library),
                "FAULT_ROOT": str(scene.root.resolve()),
                "FAULT_AFTER": str(k),
                "FAULT_ERRNO": str(number),
            }
            ended = scene.run(stage, fault)
            tally.tried += 1
            where = f"{stage}, write {k}"
            if any(word in ended.err for word in QUIET):
                tally.tracebacks.append(f"{where}: {ended.err[-400:]}")
            tally.lost += [f"{where}: {earlier}" for earlier in scene.before(stage) if not scene.same(earlier)]
            if ended.code == 0:
                if not scene.same(stage):
                    tally.unnoticed.append(f"{where}: other bytes")
                break
            again = scene.run(stage)
            if again.code or not scene.same(stage):
                tally.lost.append(f"{where}: run again, it ends with {again.code}: {again.err[-300:]}")
            k += step
        print(f"full disk: {stage}, {k} writes", file=sys.stderr)
    return tally


def _built(folder: Path) -> Path:
    library = (folder / "full_disk.so").resolve()
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, SOURCE, "-ldl"], check=True)
    return library
