"""How many small changes of the source do the tests notice? A mutation run, on a copy of the tree.

First all tests that are not slow run once, with the lines that each of them runs written down. Then each mutant of a
sample runs against the tests of its line alone, cheapest first, until one fails. Results are written after each mutant:
the same command goes on where it was stopped, and with a larger `--bound` tries the survivors with the tests left out.
"""

import argparse
import json
import math
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from time import perf_counter, sleep
from typing import Any

from benchmarks.measuring import ROOT, Table, report
from benchmarks.mutating import plugin
from benchmarks.mutating.candidates import Mutant, candidates

PACKAGE = "mnistae_cli"
ROOMS = {  # those of 0.7.0 too
    "scores": ("scores",),
    "clusters": ("clusters",),
    "networks": ("networks", "heads", "inference.py", "fitting/classifier.py"),
    "data": ("data",),
    "store": ("store",),
    "settings": ("settings", "codes", "fields.py", "flat.py", "reading.py"),
}
MOVED = {"scores/calibration.py": "networks", "scores/probing.py": "networks"}
MIRRORED_TEST, MIRRORED = 1.0, 10.0  # seconds of one, and of all tests of a room that are tried although not of a line
LEAST = 20.0  # seconds of a processor that a test may take, beside three times those that it took
LOOK = 0.2  # seconds between two looks at pytest
TOO_LONG = (-signal.SIGXCPU, -signal.SIGALRM)
STATES = ("killed", "timeout", "survived", "not covered")
THREADS = dict.fromkeys(("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), "1")
COVERAGE = """
[run]
branch = false
parallel = true
sigterm = true
data_file = {folder}/lines
source = {source}
context = ${{MUTANTS_CONTEXT-}}
[report]
"""


def main() -> None:
    """Run what is left to run, and report."""
    given = _arguments()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell has what it starts in the background ignore it
    results = Results(given.results)
    with tempfile.TemporaryDirectory() as folder:
        tree = Copy(given.tree.resolve(), Path(folder))
        drawn = tree.drawn(given.seed, given.n)
        tests = Tests(**_recorded(tree, given.results.with_suffix(".tests.json"), given.processes))
        results.keep(drawn)
        while waiting := results.waiting(drawn, given.bound):
            for number, mutant in enumerate(waiting, start=1):
                found = _tried(mutant, tree, tests, (results.bound_of(mutant), given.bound), results.unsteady)
                results.add(mutant, found | {"diff": mutant.diff(tree.source(mutant.file))})
                print(f"{number}/{len(waiting)} {found['state']}: {mutant.identity}", file=sys.stderr, flush=True)
            results.doubt(_failing(tree, tests, results.killers()))
    _show(results, Results(given.against) if given.against else None)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--n", type=int, default=300, help="mutants that are drawn (default: %(default)s)")
    parser.add_argument("--tree", type=Path, default=ROOT, help="a clone, also of an older version; it is only read")
    parser.add_argument("--results", type=Path, default=Path("mutants.json"), help="the file that says what was done")
    parser.add_argument("--against", type=Path, help="results of another tree, to be shown beside these")
    parser.add_argument("--bound", type=float, default=60, help="seconds of tests a mutant (default: %(default)s)")
    parser.add_argument("--processes", type=int, default=2, help="of the first run of all tests (default: %(default)s)")
    parser.add_argument("--keep", action="store_true", help="write results/, which README.md shows")
    return parser.parse_args()


class Copy:
    """A copy of a tree, in which one file at a time is changed."""

    def __init__(self, tree: Path, folder: Path) -> None:
        self.folder, self.root = folder, folder / "tree"
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=tree, capture_output=True, text=True, check=True).stdout
        for name in filter(None, listed.split("\0")):
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(tree / name, self.root / name)
        self.hooks = folder / "hooks"
        self.hooks.mkdir()
        shutil.copy(plugin.__file__, self.hooks / "mutants_plugin.py")
        self._writings = 0

    def source(self, file: str) -> str:
        """The source of a file as it is now."""
        return (self.root / file).read_text(encoding="utf-8")

    def write(self, file: str, source: str) -> None:
        """Change a file. Python tells an old `.pyc` by seconds and size: no two writings have the same second."""
        (self.root / file).write_text(source, encoding="utf-8")
        self._writings += 1
        os.utime(self.root / file, (self._writings, self._writings))

    def digest(self) -> str:
        """Tells one tree from another."""
        paths = sorted(path for part in (PACKAGE, "tests") for path in (self.root / part).rglob("*.py"))
        return sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()

    def drawn(self, seed: int, n: int) -> list[Mutant]:
        """The mutants of the lowest ranks."""
        every = [each for file in self._files() for each in candidates(file, self.source(file))]
        return sorted(every, key=lambda mutant: (mutant.rank(seed), mutant.file))[:n]

    def _files(self) -> Iterable[str]:
        for places in ROOMS.values():
            for place in places:
                path = self.root / PACKAGE / place
                for file in sorted(path.rglob("*.py")) if path.is_dir() else [path] if path.exists() else []:
                    yield str(file.relative_to(self.root))

    def pytest(self, *options: str, variables: Mapping[str, str], is_late: Callable[[], bool] | None = None) -> "Ended":
        """Run pytest in the copy; it is asked every now and then whether that takes too long."""
        environment = {**os.environ, **THREADS, **variables, "PYTHONPATH": f"{self.hooks}{os.pathsep}{self.root}"}
        command = [sys.executable, "-m", "pytest", "-q", "-p", "mutants_plugin", "-p", "no:cacheprovider"]
        command += ["--basetemp", str(self.folder / "pytest"), "-o", "addopts=", *options]
        with (self.folder / "log").open("w+") as log:
            streams: dict[str, Any] = {"stdout": log, "stderr": subprocess.STDOUT, "stdin": subprocess.DEVNULL}
            started = perf_counter()
            running = subprocess.Popen(command, cwd=self.root, env=environment, start_new_session=True, **streams)
            try:
                while (code := running.poll()) is None:
                    sleep(LOOK)
                    if is_late and is_late():
                        code = -signal.SIGALRM
                        break
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(running.pid, signal.SIGKILL)  # and what it has left behind
                running.wait()
            log.seek(0)
            return Ended(code, perf_counter() - started, log.read())


@dataclass(frozen=True)
class Ended:
    code: int
    seconds: float
    out: str


def _recorded(tree: Copy, file: Path, processes: int) -> dict[str, Any]:
    """What each test runs, from a file or by running all."""
    digest = tree.digest()
    if file.exists():
        found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        if found.pop("digest") == digest:
            return found
    folder = tree.folder / "record"
    folder.mkdir()
    config = folder / "coveragerc"
    config.write_text(COVERAGE.format(folder=folder, source=tree.root / PACKAGE), encoding="utf-8")
    start = tree.hooks / "sitecustomize.py"  # in each process that a test starts too
    start.write_text("import coverage\ncoverage.process_startup()\n", encoding="utf-8")
    variables = {"MUTANTS_RECORD": str(folder), "COVERAGE_PROCESS_START": str(config), "MUTANTS_CONTEXT": ""}
    ended = tree.pytest("-n", str(processes), "--dist", "worksteal", "-m", "not slow", variables=variables)
    start.unlink()
    file.with_suffix(".log").write_text(ended.out, encoding="utf-8")
    if ended.code not in (0, 1):
        raise SystemExit(f"pytest ended with {ended.code}:\n{ended.out}")
    print("\n".join(ended.out.splitlines()[-5:]), file=sys.stderr)
    found = {"lines": _lines(folder, tree.root), **_tests(folder)}
    found["failed"] = _failing(tree, Tests(**found), found["failed"])  # once more, with nothing written down
    file.write_text(json.dumps({"digest": digest, **found}), encoding="utf-8")
    return found


def _lines(folder: Path, root: Path) -> dict[str, dict[str, list[str]]]:
    """File → line → contexts."""
    from coverage import CoverageData

    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for path in folder.glob("lines.*"):
        data = CoverageData(str(path))
        data.read()
        for file in data.measured_files():
            for line, contexts in data.contexts_by_lineno(file).items():
                found[str(Path(file).relative_to(root))][str(line)].update(contexts)
    return {file: {line: sorted(names) for line, names in lines.items()} for file, lines in found.items()}


def _tests(folder: Path) -> dict[str, Any]:
    """What the processes of pytest have written down, in one."""
    seconds: dict[str, float] = {}
    uses: dict[str, set[str]] = defaultdict(set)
    groups: dict[str, str] = {}
    failed: set[str] = set()
    for path in folder.glob("tests-*.json"):
        found = json.loads(path.read_text(encoding="utf-8"))
        for name, value in found["seconds"].items():
            seconds[name] = max(seconds.get(name, 0.0), value)
        for name, used in found["uses"].items():
            uses[name].update(used)
        groups |= found["groups"]
        failed.update(found["failed"])
    used_by = {name: sorted(used & set(seconds)) for name, used in uses.items()}
    return {"seconds": seconds, "uses": used_by, "groups": groups, "failed": sorted(failed)}


@dataclass(frozen=True)
class Tests:
    """Which tests run which lines, and how long they take.

    Attributes:
        lines: file → line → contexts: tests, and what is made for several tests.
        seconds: context → how long it takes by itself.
        uses: context → the contexts that it needs.
        groups: test → its module, where they share what is made for that module.
        failed: tests that fail without any mutant.
    """

    lines: Mapping[str, Mapping[str, Sequence[str]]]
    seconds: Mapping[str, float]
    uses: Mapping[str, Sequence[str]]
    groups: Mapping[str, str] = field(default_factory=dict)
    failed: Sequence[str] = ()

    @cached_property
    def _needs(self) -> dict[str, frozenset[str]]:
        """Test → all that is made for it."""
        found = {}
        for test in filter(_is_test, self.seconds):
            needed: set[str] = set()
            left = list(self.uses.get(test, ()))
            while left:
                name = left.pop()
                if name not in needed and name != test:
                    needed.add(name)
                    left += self.uses.get(name, ())
            found[test] = frozenset(needed)
        return found

    def of(self, mutant: Mutant, skipped: Iterable[str]) -> list[list[str]]:
        """Tests that run what is changed; quick ones of its room; the others, where all of them import it."""
        contexts = self._contexts(mutant)
        if not contexts:
            return []
        anywhere = mutant.at_import or "" in contexts
        if anywhere:
            contexts |= {name for names in self.lines.get(mutant.file, {}).values() for name in names}
        passing = set(self._needs).difference(self.failed, skipped)
        near = {test for test in passing if test in contexts or self._needs[test] & contexts}
        mirrored = self._mirrored(mutant.file) & passing - near
        return [sorted(near), sorted(mirrored), sorted(passing - near - mirrored) if anywhere else []]

    def _mirrored(self, file: str) -> set[str]:
        places = f"tests/{_room(file)}/", f"tests/{Path(file).parent.name}/"
        found: set[str] = set()
        seconds = 0.0
        for test in sorted(self._needs, key=self.seconds.__getitem__):
            if test.startswith(places) and self.seconds[test] < MIRRORED_TEST and seconds < MIRRORED:
                seconds += self.seconds[test]
                found.add(test)
        return found

    def _contexts(self, mutant: Mutant) -> set[str]:
        lines = self.lines.get(mutant.file, {})
        for first, last in (mutant.lines, mutant.statement):
            if found := {name for line in range(first, last + 1) for name in lines.get(str(line), ())}:
                return found
        return set()

    def cheapest(self, tests: Sequence[Sequence[str]], bound: float) -> tuple[list[str], int]:
        """Tests in the order to run them, those of the first list first, and how many do not fit."""
        order: list[str] = []
        made: set[str] = set()
        seconds = 0.0
        for part in tests:
            left = set(part)
            while left:
                cost, test = min((self._cost(test, made), test) for test in left)
                if order and seconds + cost > bound:
                    break
                seconds += cost
                order.append(test)
                left.remove(test)
                made |= self._needs[test]
        first: dict[str, int] = {}
        for place, test in enumerate(order):
            first.setdefault(self.groups.get(test, test), place)
        order.sort(key=lambda test: first[self.groups.get(test, test)])
        return order, sum(map(len, tests)) - len(order)

    def seconds_of(self, test: str) -> float:
        """Those of a test alone, with all that is made for it."""
        return self._cost(test, set())

    def _cost(self, test: str, made: set[str]) -> float:
        return self.seconds[test] + sum(self.seconds[name] for name in self._needs[test] - made)


def _is_test(name: str) -> bool:
    return not name.startswith(("fixture ", "shared "))


def _room(file: str) -> str:
    inside = file.removeprefix(f"{PACKAGE}/")
    if inside in MOVED:
        return MOVED[inside]
    return next(
        room for room, places in ROOMS.items() for each in places if inside == each or inside.startswith(f"{each}/")
    )


def _tried(
    mutant: Mutant, tree: Copy, tests: Tests, bounds: tuple[float, float], skipped: Iterable[str]
) -> dict[str, Any]:
    """Whether the tests notice a mutant, and which does; those below the first bound have been tried."""
    of_line = tests.of(mutant, skipped)
    done, _ = tests.cheapest(of_line, bounds[0]) if bounds[0] else ([], 0)
    every, left = tests.cheapest(of_line, bounds[1])
    counts = {"tests": len(every), "left": left, "bound": bounds[1]}
    if not every:
        return {"state": "not covered", "seconds": 0.0, "by": None, **counts}
    order = [test for test in every if test not in set(done)]
    if not order:
        return {"state": "survived", "seconds": 0.0, "by": None, **counts}
    source = tree.source(mutant.file)
    tree.write(mutant.file, mutant.applied(source))
    try:
        ran = _run(tree, tests, order, "-x")
    finally:
        tree.write(mutant.file, source)
    state = "survived" if ran.code == 0 else "timeout" if ran.code in TOO_LONG else "killed"
    by = None if state == "survived" else (*ran.failed, ran.at)[0] or "collection"
    return {"state": state, "seconds": round(ran.seconds, 1), "by": by, **counts}


@dataclass(frozen=True)
class Ran(Ended):
    """The last test that began, and those that failed."""

    at: str
    failed: list[str]


def _run(tree: Copy, tests: Tests, order: Sequence[str], *options: str) -> Ran:
    """Run tests in this order."""
    chosen = tree.folder / "chosen.json"
    may_take = {test: LEAST + 3 * tests.seconds_of(test) for test in order}
    chosen.write_text(json.dumps(may_take), encoding="utf-8")
    said = [chosen.with_name(f"{chosen.name}.{word}") for word in ("at", "failed")]
    for file in said:
        file.write_text("", encoding="utf-8")
    files = dict.fromkeys(test.split("::")[0] for test in order)
    variables = {"MUTANTS_CHOSEN": str(chosen)}
    watch = _Watch(said[0], may_take)
    ended = tree.pytest("-p", "no:xdist", *options, *files, variables=variables, is_late=watch.is_late)
    at, failed = (file.read_text(encoding="utf-8") for file in said)
    return Ran(ended.code, ended.seconds, ended.out, at, failed.splitlines())


class _Watch:
    """Tells when a test waits without end. It counts its looks, not the clock, which goes on while all is stopped."""

    def __init__(self, at: Path, may_take: Mapping[str, float]) -> None:
        self._at, self._may_take = at, may_take
        self._test, self._looks = "", 0

    def is_late(self) -> bool:
        test = self._at.read_text(encoding="utf-8")
        self._looks = self._looks + 1 if test == self._test else 0
        self._test = test
        return self._looks * LOOK > 10 * self._may_take.get(test, LEAST)


def _failing(tree: Copy, tests: Tests, doubted: Sequence[str]) -> list[str]:
    """Those of the tests that fail when nothing is changed: they have noticed nothing."""
    order, _ = tests.cheapest([doubted], math.inf)
    return _run(tree, tests, order).failed if order else []


class Results:
    """What was found of each mutant, in a file."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.content: dict[str, Any] = {"unsteady": [], "drawn": [], "mutants": {}}
        if file.exists():
            self.content = json.loads(file.read_text(encoding="utf-8"))

    @property
    def unsteady(self) -> list[str]:
        """Tests that failed when nothing was changed."""
        return list(self.content["unsteady"])

    def keep(self, drawn: Sequence[Mutant]) -> None:
        """Say which are drawn."""
        self.content["drawn"] = [_key(mutant) for mutant in drawn]

    def of_drawn(self) -> dict[str, dict[str, Any]]:
        """What was found of each mutant that is drawn."""
        mutants = self.content["mutants"]
        return {key: mutants[key] for key in self.content["drawn"] if key in mutants}

    def waiting(self, drawn: Sequence[Mutant], bound: float) -> list[Mutant]:
        """Those that were not tried, or survived and have tests left for a larger bound."""
        found = self.content["mutants"]
        return [each for each in drawn if _key(each) not in found or _is_open(found[_key(each)], bound)]

    def bound_of(self, mutant: Mutant) -> float:
        """That of its last trial, or 0."""
        return float(self.content["mutants"].get(_key(mutant), {"bound": 0})["bound"])

    def add(self, mutant: Mutant, found: dict[str, Any]) -> None:
        """What was found of one more, safely in the file."""
        lines = {"file": mutant.file, "function": mutant.function, "line": mutant.lines[0]}
        room = _room(mutant.file)
        self.content["mutants"][_key(mutant)] = {"room": room, **lines, "operator": mutant.operator, **found}
        self._write()

    def killers(self) -> list[str]:
        """The tests that have noticed something."""
        by = {each["by"] for each in self.of_drawn().values() if each["state"] == "killed"}
        return sorted(by - {"collection"})

    def doubt(self, failing: Sequence[str]) -> None:
        """Forget what these tests have noticed."""
        self.content["unsteady"] = sorted({*self.unsteady, *failing})
        mutants = self.content["mutants"].items()
        self.content["mutants"] = {key: found for key, found in mutants if found["by"] not in failing}
        self._write()

    def _write(self) -> None:
        partial = self._file.with_name(f"{self._file.name}.partial")
        partial.write_text(json.dumps(self.content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        partial.replace(self._file)


def _key(mutant: Mutant) -> str:
    return f"{mutant.identity} | {mutant.file}"


def _is_open(found: Mapping[str, Any], bound: float) -> bool:
    return bool(found["state"] == "survived" and found["left"] > 0 and found["bound"] < bound)


def _show(results: Results, against: Results | None) -> None:
    """Rooms in rows; of two trees, the other one is `before`."""
    trees = {"before": against, "now": results} if against else {"": results}
    header = ["room"]
    for name in trees:
        header += [f"{name} {column}".strip() for column in ("mutants", *STATES, "noticed")]
    rows = []
    counts = {}
    for room in (*ROOMS, "all"):
        row = [room]
        for name, each in trees.items():
            states = [found["state"] for found in each.of_drawn().values() if room in (found["room"], "all")]
            of = {state: states.count(state) for state in STATES}
            counts[f"{name} {room}".strip()] = of
            noticed = of["killed"] + of["timeout"]
            row += [str(len(states)), *map(str, of.values()), f"{noticed / max(len(states), 1):.0%}"]
        rows.append(row)
    report("mutants", counts, Table(header, rows), 1)


if __name__ == "__main__":
    main()
