"""Features written batch by batch into one `.npy`, by mnistae and by NumPy's `open_memmap`, each in a fresh process.

Both end with the bytes on the disk (fsync). Peak: VmHWM, in which the pages of a mapped file count. `--full` names a
folder on a disk with less space than the array takes, as a small tmpfs, and tells how each ends there.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from benchmarks.measuring import ROOT, Contender, Table, medians, process, report, take_turns
from mnistae_cli.data import NpyWriter

BATCH = 1000
UNITS = 512
NUMBERS = (60_000, 1_000_000)
WRITERS = {"own": "mnistae", "memmap": "open_memmap"}


def write(name: str, path: Path, n: int) -> None:
    """Write n rows; prints its seconds."""
    batch = np.random.default_rng(0).random((BATCH, UNITS), np.float32)
    rows = range(0, n, BATCH)
    started, busy = time.perf_counter(), time.process_time()
    if name == "own":
        with NpyWriter(path, (n, UNITS)) as file:
            for _ in rows:
                file.write(batch)
    else:
        array = np.lib.format.open_memmap(path, "w+", np.float32, (n, UNITS))
        for start in rows:
            array[start : start + BATCH] = batch
        array.flush()
        descriptor = os.open(path, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)
    print(json.dumps({"seconds": time.perf_counter() - started, "processor seconds": time.process_time() - busy}))


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()), help="where 2 GB are written")
    parser.add_argument("--full", type=Path, help="a folder on a small disk")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--keep", action="store_true", help="write results/, which README.md shows")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        write(given.one[0], Path(given.one[1]), int(given.one[2]))
        return

    def contender(name: str, n: int) -> Contender:
        def measure() -> Mapping[str, float]:
            path = given.folder / "written.npy"
            ended = process(*_command(name, path, n))
            path.unlink()
            return {**json.loads(ended.out), "peak_mib": ended.peak_mib}

        return measure

    measured = take_turns(
        {f"{label}, {n:,}": contender(name, n) for n in NUMBERS for name, label in WRITERS.items()}, given.rounds
    )
    of = medians(measured)
    endings = dict(_on_a_full_disk(given.full)) if given.full else {}
    rows = [
        [
            name,
            f"{each['seconds']:.2f}",
            f"{each['processor seconds']:.2f}",
            f"{each['peak_mib']:.0f}",
            endings.get(name.partition(",")[0], ""),
        ]
        for name, each in of.items()
    ]
    header = ["rows", "s", "processor s", "peak MiB", "on a full disk"]
    report("writing", measured, Table(header, rows), given.rounds)


def _on_a_full_disk(folder: Path) -> Iterator[tuple[str, str]]:
    for name, label in WRITERS.items():
        ended = subprocess.run(
            _command(name, folder / "full.npy", NUMBERS[0]), capture_output=True, cwd=ROOT, check=False
        )
        killed = ended.returncode < 0
        how = (
            f"killed by {signal.Signals(-ended.returncode).name}" if killed else ended.stderr.decode().splitlines()[-1]
        )
        left = [each for each in folder.iterdir() if each.is_file()]
        yield label, f"{how}; leaves {'a file' if left else 'nothing'}"
        for each in left:
            each.unlink()


def _command(name: str, path: Path, n: int) -> list[str]:
    return [sys.executable, "-m", "benchmarks.writing", "--one", name, str(path), str(n)]


if __name__ == "__main__":
    main()
