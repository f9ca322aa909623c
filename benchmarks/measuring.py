"""What the benchmarks share: contenders run in turns; medians and ratios are reported together with the machine."""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results"
PACKAGES = ("numpy", "scikit-learn", "tensorflow", "keras", "onnxruntime")
Contender = Callable[[], Mapping[str, float]]
"""Measures once: name of each figure → its value; one of them is `seconds`."""


@dataclass(frozen=True)
class Ended:
    """A process that ended without an error: wall seconds, its largest resident size, its stdout."""

    seconds: float
    peak_mib: float
    out: str


def process(*command: str | Path) -> Ended:
    """Run a command from its start to its end, from the root of the repository."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        started = time.perf_counter()
        child = subprocess.Popen([*map(str, command)], stdout=out, stderr=err, cwd=ROOT)
        peak_mib = 0.0
        while child.poll() is None:
            peak_mib = max(peak_mib, _resident_mib(child.pid))
            time.sleep(0.005)
        seconds = time.perf_counter() - started
        for file in (out, err):
            file.seek(0)
        if not peak_mib:  # no /proc: the largest of all children so far
            peak_mib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
        if child.returncode:
            raise SystemExit(f"{' '.join(map(str, command))} ended with {child.returncode}:\n{err.read()}")
        return Ended(seconds, peak_mib, out.read())


def _resident_mib(pid: int) -> float:
    """Largest resident size of a process so far; `wait4` would include that of the parent before the exec."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return 0.0


def mnistae(*arguments: str | Path) -> Ended:
    """Run the command line of this checkout."""
    return process(sys.executable, "-m", "mnistae_cli", *arguments)


def plain(script: str, *arguments: str | Path) -> Ended:
    """Run one of the plain scripts."""
    return process(sys.executable, "-m", f"benchmarks.plain.{script}", *arguments)


def take_turns(contenders: Mapping[str, Contender], rounds: int) -> dict[str, dict[str, list[float]]]:
    """Each contender once per round, A B A B …, so that a slow time of the machine affects all of them."""
    measured: dict[str, dict[str, list[float]]] = {name: {} for name in contenders}
    for number in range(rounds):
        for name, contender in contenders.items():
            figures = contender()
            for figure, value in figures.items():
                measured[name].setdefault(figure, []).append(value)
            shown = ", ".join(f"{figure} {value:.4g}" for figure, value in figures.items())
            print(f"round {number + 1}, {name}: {shown}", file=sys.stderr)
    return measured


def medians(measured: Mapping[str, Mapping[str, Sequence[float]]]) -> dict[str, dict[str, float]]:
    """The median of each figure of each contender."""
    return {name: {each: median(values) for each, values in figures.items()} for name, figures in measured.items()}


def machine() -> dict[str, Any]:
    """What the figures depend on."""
    cpu = next(
        (line.split(":")[1].strip() for line in _lines(Path("/proc/cpuinfo")) if line.startswith("model name")),
        platform.processor(),
    )
    return {
        "cpu": cpu,
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "python": platform.python_version(),
        **{name: metadata.version(name) for name in PACKAGES},
    }


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


@dataclass(frozen=True)
class Table:
    """Rows of text under a header."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]

    def markdown(self) -> str:
        """The table as Markdown."""
        lines = [self.header, ["---"] * len(self.header), *self.rows]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def report(claim: str, measured: Mapping[str, Any], table: Table, rounds: int) -> None:
    """Print the table; with `--keep` write it, each measurement and the machine to `results/CLAIM.json`."""
    print(table.markdown())
    if "--keep" not in sys.argv:
        return
    RESULTS.mkdir(exist_ok=True)
    content = {
        "claim": claim,
        "command": f"python -m benchmarks.{claim} " + " ".join(each for each in sys.argv[1:] if each != "--keep"),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "rounds": rounds,
        "measured": measured,
        "table": asdict(table),
    }
    (RESULTS / f"{claim}.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def parser_of_artifacts(description: str | None) -> argparse.ArgumentParser:
    """A parser with the options of a benchmark on finished artifacts: `--artifacts` and `--keep`."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--artifacts", type=Path, default=Path("artifacts"))
    parser.add_argument("--keep", action="store_true", help="write results/, which README.md shows")
    return parser


def arguments(description: str | None, rounds: int) -> argparse.Namespace:
    """The options of a benchmark: `--rounds` and `--keep`."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument(
        "--rounds", type=int, default=rounds, help="how often each contender runs (default: %(default)s)"
    )
    parser.add_argument("--keep", action="store_true", help="write results/, which README.md shows")
    if "MNISTAE_DATA_DIR" not in os.environ:
        parser.error("MNISTAE_DATA_DIR must name the folder with MNIST's four .gz files")
    return parser.parse_args()
