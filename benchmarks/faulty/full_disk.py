"""The disk is full, or becomes read-only, at each write of a command in turn."""

import errno
import subprocess
import sys
from pathlib import Path

from benchmarks.faulty.scene import COMMANDS, STAGES, Tally, bytes_of, copy_before, run

SOURCE = Path(__file__).with_suffix(".c")
QUIET = ("a bug in mnistae", "Traceback")


def fill_disk(reference: Path, root: Path, commands: dict[str, int], number: int = errno.ENOSPC) -> Tally:
    """Let every write from the k-th on fail, for k = 1, 2, …, until the command succeeds.

    Lost: an earlier stage, or what running the command again with free space should give. Unnoticed: the command ends
    with 0 but did not leave its result.

    Args:
        reference: finished artifacts.
        root: where they are copied to.
        commands: stage → step of k; 1 tries each write.
        number: of the error.
    """
    library = _built(root.parent)
    tally = Tally()
    for stage, step in commands.items():
        k = 1
        while True:
            copy_before(reference, stage, root)
            fault = {
                "LD_PRELOAD": str(library),
                "FAULT_ROOT": str(root.resolve()),
                "FAULT_AFTER": str(k),
                "FAULT_ERRNO": str(number),
            }
            ended = run(root, *COMMANDS[stage], environment=fault)
            tally.tried += 1
            where = f"{stage}, write {k}"
            if any(word in ended.err for word in QUIET):
                tally.tracebacks.append(f"{where}: {ended.err[-400:]}")
            for earlier in STAGES[: STAGES.index(stage)]:
                if bytes_of(root / earlier) != bytes_of(reference / earlier):
                    tally.lost.append(f"{where}: {earlier}")
            if ended.code == 0:
                if bytes_of(root / stage) != bytes_of(reference / stage):
                    tally.unnoticed.append(f"{where}: other bytes")
                break
            again = run(root, *COMMANDS[stage])
            if again.code or bytes_of(root / stage) != bytes_of(reference / stage):
                tally.lost.append(f"{where}: run again, it ends with {again.code}: {again.err[-300:]}")
            k += step
        print(f"full disk: {stage}, {k} writes", file=sys.stderr)
    return tally


def _built(folder: Path) -> Path:
    library = (folder / "full_disk.so").resolve()
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, SOURCE, "-ldl"], check=True)
    return library
