"""A campaign of faults: kills, flipped bytes, changed input files, a full disk, a disk that becomes read-only.

    python -m benchmarks.faults --artifacts DIR          # about two hours
    python -m benchmarks.faults --artifacts DIR --only flips,inputs

The faults happen to artifacts of the digits in DIR, which are made first. It ends with 1 if anything was lost or not
noticed, or ended with a traceback; each such case is printed.
"""

import argparse
import errno
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from benchmarks.faulty.flips import flip_artifacts, flip_checkpoints
from benchmarks.faulty.full_disk import fill_disk
from benchmarks.faulty.inputs import mutate_inputs
from benchmarks.faulty.kills import kill_commands
from benchmarks.faulty.scene import Scene, Tally, finished
from benchmarks.measuring import Table, report

HEADER = ("fault", "tried", "lost", "unnoticed", "tracebacks")
EVERY_WRITE = {"encode": 1, "classify": 1, "cluster": 1, "label": 1, "evaluate": 1, "train": 5}
SOME_WRITES = {"encode": 5, "cluster": 5, "train": 20}


def main() -> None:
    """Try each kind of fault and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--artifacts", type=Path, required=True, help="directory for everything")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--flips", type=int, default=480, help="of artifacts")
    parser.add_argument("--checkpoint-flips", type=int, default=20)
    parser.add_argument("--inputs", type=int, default=10_000)
    parser.add_argument("--only", default="kills,flips,checkpoints,inputs,full,readonly")
    parser.add_argument("--keep", action="store_true", help="write results/, which README.md shows")
    options = parser.parse_args()
    scene = Scene(finished(options.artifacts / "reference"), options.artifacts / "root")
    seed = options.seed
    campaigns: dict[str, tuple[str, Callable[[], Tally]]] = {
        "kills": ("killed at a random moment", lambda: kill_commands(scene, options.kills, seed)),
        "flips": ("a bit of an artifact flipped", lambda: flip_artifacts(scene, options.flips, seed)),
        "checkpoints": (
            "a bit of a checkpoint flipped",
            lambda: flip_checkpoints(scene, options.checkpoint_flips, seed),
        ),
        "inputs": (
            "an input file changed",
            lambda: mutate_inputs(scene.reference, options.artifacts / "inputs", options.inputs, seed),
        ),
        "full": ("the disk full from the k-th write on", lambda: fill_disk(scene, EVERY_WRITE)),
        "readonly": (
            "writes refused from the k-th on (EROFS)",
            lambda: fill_disk(scene, SOME_WRITES, errno.EROFS),
        ),
    }
    tallies = {name: campaigns[name][1]() for name in options.only.split(",")}
    rows = [tally.row(campaigns[name][0]) for name, tally in tallies.items()]
    report("faults", {name: asdict(tally) for name, tally in tallies.items()}, Table(HEADER, rows), 1)
    cases = [f"{name}: {case}" for name, tally in tallies.items() for case in tally.cases()]
    print(*cases, sep="\n", file=sys.stderr)
    sys.exit(1 if cases else 0)


if __name__ == "__main__":
    main()
