"""A plugin for pytest, beside a copy of a tree: it writes down what each test runs, or runs chosen tests in an order.

`MUTANTS_RECORD` names a folder for what it writes down. What is made once for many tests (a fixture of a module or of
the session, or a folder of `tests.conftest.Shared`) has a context of its own, so that a line that makes it is known as
one of all tests that use it. `MUTANTS_CHOSEN` names a file with the tests to run, and the seconds of a processor that
each may take; `FILE.at` and `FILE.failed` say which one began last and which failed.
"""

import json
import os
import resource
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

MOST_MEMORY = 8 * 2**30  # bytes of a process: a mutant may ask for all there is


class Recorder:
    """Which context runs now, how long it takes the processor by itself, and which uses which."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names: list[str] = []
        self._inner: list[float] = []
        self.seconds: dict[str, float] = {}
        self.uses: dict[str, set[str]] = {}
        self.groups: dict[str, str] = {}
        self.failed: set[str] = set()

    @contextmanager
    def context(self, name: str) -> Iterator[None]:
        """All that runs in here is of `name`."""
        if self._names:
            self.uses.setdefault(self._names[-1], set()).add(name)
        self._names.append(name)
        self._inner.append(0.0)
        self._switch()
        started = _processor_seconds()
        yield
        seconds = _processor_seconds() - started
        self.seconds[name] = max(self.seconds.get(name, 0.0), seconds - self._inner.pop())
        self._names.pop()
        if self._inner:
            self._inner[-1] += seconds
        self._switch()

    def _switch(self) -> None:
        import coverage

        name = self._names[-1] if self._names else ""
        os.environ["MUTANTS_CONTEXT"] = name  # for the processes that a test starts
        recording = coverage.Coverage.current()
        assert recording is not None
        recording.switch_context(name)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        with self.context(item.nodeid):
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Generator[None, Any, Any]:
        if fixturedef.scope == "function":
            return (yield)
        with self.context(f"fixture {fixturedef.argname}"):
            return (yield)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_teardown(self, item: Any) -> None:
        self.uses.setdefault(item.nodeid, set()).update(f"fixture {name}" for name in item._request.fixturenames)
        scopes = {each.scope for each in item._request._fixture_defs.values()}
        if scopes & {"module", "class"}:
            self.groups[item.nodeid] = item.nodeid.split("::")[0]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed.add(report.nodeid)

    def pytest_collection_finish(self) -> None:
        from tests import conftest

        once = conftest.Shared.once

        def recorded(shared: Any, name: str, make: Callable[[Path], None]) -> Path:
            with self.context(f"shared {name}"):
                return once(shared, name, make)

        conftest.Shared.once = recorded  # type: ignore[method-assign,assignment]

    def pytest_unconfigure(self) -> None:
        import coverage

        recording = coverage.Coverage.current()
        assert recording is not None
        recording.stop()
        recording.save()
        uses = {name: sorted(used) for name, used in self.uses.items()}
        written = {"seconds": self.seconds, "uses": uses, "groups": self.groups, "failed": sorted(self.failed)}
        (self._folder / f"tests-{os.getpid()}.json").write_text(json.dumps(written), encoding="utf-8")


def _processor_seconds() -> float:
    """Of this process and those that it has waited for: the clock would count other work too."""
    return sum(os.times()[:4])


class Chosen:
    """The tests of a file, in its order. pytest itself keeps those of one parametrized fixture together."""

    def __init__(self, file: Path) -> None:
        self._seconds: dict[str, float] = json.loads(file.read_text(encoding="utf-8"))
        self._places = {name: place for place, name in enumerate(self._seconds)}
        self._at, self._failed = file.with_name(f"{file.name}.at"), file.with_name(f"{file.name}.failed")
        resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY, resource.RLIM_INFINITY))

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = sorted((each for each in items if each.nodeid in self._places), key=self._place)

    def _place(self, item: pytest.Item) -> int:
        return self._places[item.nodeid]

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._at.write_text(nodeid, encoding="utf-8")
        most = sum(resource.getrusage(resource.RUSAGE_SELF)[:2]) + self._seconds[nodeid]
        resource.setrlimit(resource.RLIMIT_CPU, (round(most), resource.RLIM_INFINITY))  # then comes SIGXCPU

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            with self._failed.open("a", encoding="utf-8") as file:
                file.write(f"{report.nodeid}\n")


def pytest_configure(config: pytest.Config) -> None:
    for variable, plugin in (("MUTANTS_RECORD", Recorder), ("MUTANTS_CHOSEN", Chosen)):
        if variable in os.environ:
            config.pluginmanager.register(plugin(Path(os.environ[variable])), f"mutants-{variable}")
