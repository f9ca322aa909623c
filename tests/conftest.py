"""What the tests share: small synthetic images, a finished artifacts directory, the command line in-process."""

import contextlib
import gc
import io
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from filelock import FileLock

from mnistae_cli.cli import main as command_line
from mnistae_cli.data.splits import Dataset, Images
from tests.blindfold import Blindfold

HEIGHT, WIDTH, N_CLASSES = 10, 12, 3
QUICK = ("--epochs", "3", "--batch-size", "16", "--latent-dim", "8")
SMALL = ("--clusters", "3", "--labels", "30", "--head-epochs", "10")
LEAN = ("--clusters", "3", "--labels", "30", "--head", "prototypes", "--no-figures")  # as quick as all stages can be
SECOND = (*QUICK, "--sparsity-weight", "0.01", *LEAN)  # of sweeps, and with the seed 2 of `second_once`
INVARIANT = (
    *("--model", "invariant", "--epochs", "12", "--batch-size", "32", "--latent-dim", "16", "--channels", "8"),
    *("--schedule", "one-cycle"),  # in so few steps it learns more
)
SPARSE = (
    *("--model", "sparse", "--epochs", "20", "--batch-size", "16"),
    *("--latent-dim", "30", "--learning-rate", "0.01"),
)
CODES: dict[str, tuple[str, ...]] = {
    "l1": ("--sparsity", "l1", "--sparsity-weight", "1e-3", "--sparsity-warmup", "0.2"),
    "kl": ("--sparsity", "kl", "--sparsity-weight", "0.1", "--sparsity-target", "0.1"),
    "topk": ("--sparsity", "topk", "--k", "4", "--aux-k", "10"),
    "batchtopk": ("--sparsity", "batchtopk", "--k", "4", "--aux-k", "0"),
    "convolutions": ("--k", "4", "--channels", "4,6", "--hidden", "20", "--augment", "0.5", "--noise", "0.1"),
}


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Do not look for garbage among what is imported, neither now nor whenever a training does: all of it stays."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No setting, cache or data set of this machine reaches a test."""
    for name in list(os.environ):
        if name.startswith("MNISTAE_") and name != "MNISTAE_DATA_DIR":
            monkeypatch.delenv(name)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    empty = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("XDG_CACHE_HOME", str(empty / "cache"))
    monkeypatch.setenv("KERAS_HOME", str(empty / "keras"))


@pytest.fixture(scope="session", autouse=True)
def blindfolded() -> Iterator[None]:
    """Whatever a test trains or clusters in its own process, labels raise there: see `tests.blindfold`."""
    with pytest.MonkeyPatch.context() as patch:
        for owner, name in ((Images, "labels"), (Dataset, "class_names")):
            patch.setattr(owner, name, Blindfold(name), raising=False)
        yield


@pytest.fixture
def without_data_dir(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MNISTAE_DATA_DIR", raising=False)


def shapes(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Bars across, bars down and blocks, at random places: (N, 10, 12) uint8 and (N,) uint8 labels."""
    rng = np.random.default_rng(seed)
    images = np.zeros((n, HEIGHT, WIDTH), np.uint8)
    labels = rng.integers(0, N_CLASSES, n).astype(np.uint8)
    for image, label in zip(images, labels, strict=True):
        row, column = rng.integers(0, HEIGHT - 4), rng.integers(0, WIDTH - 4)
        light = rng.integers(150, 256)
        if label == 0:
            image[row : row + 2, 1:-1] = light
        elif label == 1:
            image[1:-1, column : column + 2] = light
        else:
            image[row : row + 4, column : column + 4] = light
    return images, labels


def write_shapes(path: Path, *, labelled: bool = True, permuted: bool = False, n: int = 240) -> Path:
    """An `.npz` of shapes in Keras' layout."""
    train, test = shapes(n, 1), shapes(60, 2)
    arrays = {"x_train": train[0], "x_test": test[0]}
    if labelled:
        rng = np.random.default_rng(3)
        arrays |= {
            f"y_{split}": rng.permutation(labels) if permuted else labels
            for split, labels in (("train", train[1]), ("test", test[1]))
        }
    np.savez(path, **arrays)  # type: ignore[arg-type]
    return path


@dataclass(frozen=True)
class Shared:
    """What is made once for all tests, whichever of the processes of a test run needs it first."""

    folder: Path

    def once(self, name: str, make: Callable[[Path], None]) -> Path:
        """The folder `name`, filled by `make`. Do not touch what is in it."""
        made = self.folder / name
        with FileLock(f"{made}.lock"):
            if not (self.folder / f"{name}.done").exists():
                shutil.rmtree(made, ignore_errors=True)
                made.mkdir(parents=True)
                make(made)
                (self.folder / f"{name}.done").touch()
        return made

    def run(self, name: str, *arguments: str | Path, command: str = "run") -> Path:
        """The artifacts directory of `mnistae COMMAND ARGUMENTS --json`, which the real command line made, once.

        What it wrote to stdout is beside it, in a file of its name and `.json`.
        """

        def make(folder: Path) -> None:
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                assert exit_code(["mnistae", command, *map(str, arguments), "-a", str(folder), "--json", "-q"]) == 0
            printed_by(folder).write_text(printed.getvalue())

        return self.once(name, make)

    def copy(self, name: str, other: Path, *commands: Sequence[str | Path]) -> Path:
        """A copy of other artifacts in which some more commands were run, once."""

        def make(folder: Path) -> None:
            shutil.copytree(other, folder, dirs_exist_ok=True)
            with contextlib.redirect_stdout(io.StringIO()):
                for command in commands:
                    assert exit_code(["mnistae", *map(str, command), "-a", str(folder), "-q"]) == 0

        return self.once(name, make)


def printed_by(root: Path) -> Path:
    """What `Shared.run` printed."""
    return root.with_name(f"{root.name}.json")


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Shared:
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shared"
    folder.mkdir(exist_ok=True)
    return Shared(folder)


def _shapes_once(shared: Shared, name: str, *, labelled: bool = True, permuted: bool = False) -> Path:
    def make(folder: Path) -> None:
        write_shapes(folder / f"{name}.npz", labelled=labelled, permuted=permuted)

    return shared.once(f"data-{name}", make) / f"{name}.npz"


@pytest.fixture(scope="session")
def shapes_npz(shared: Shared) -> Path:
    return _shapes_once(shared, "shapes")


@pytest.fixture(scope="session")
def permuted_npz(shared: Shared) -> Path:
    """The same images with permuted labels."""
    return _shapes_once(shared, "permuted", permuted=True)


@pytest.fixture(scope="session")
def plain_npz(shared: Shared) -> Path:
    """The same images without labels."""
    return _shapes_once(shared, "plain", labelled=False)


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str


def exit_code(command: list[str]) -> int:
    """Run a command line in this process, through its console script's function."""
    argv, sys.argv = sys.argv, command
    try:
        command_line()
    except SystemExit as stop:
        return int(stop.code or 0)
    finally:
        sys.argv = argv
    return 0


def call(capture: pytest.CaptureFixture[str], *arguments: str | Path) -> Result:
    """Run `mnistae ARGUMENTS` and take what it wrote."""
    capture.readouterr()
    code = exit_code(["mnistae", *map(str, arguments)])
    out, err = capture.readouterr()
    return Result(code, out, err)


Mnistae = Callable[..., Result]


@pytest.fixture
def mnistae(capsys: pytest.CaptureFixture[str]) -> Mnistae:
    return lambda *arguments: call(capsys, *arguments)


@pytest.fixture(scope="session")
def finished_once(shared: Shared, shapes_npz: Path) -> Path:
    """An artifacts directory with all five stages done. Do not touch."""
    return shared.run("finished", "--dataset", shapes_npz, *QUICK, *SMALL)


@pytest.fixture(scope="session")
def reseeded_once(shared: Shared, finished_once: Path, shapes_npz: Path) -> Path:
    """`finished_once`, trained again with the seed 1: all later stages are stale. Do not touch."""
    return shared.copy("reseeded", finished_once, ("train", "--dataset", shapes_npz, *QUICK, "--seed", "1"))


@pytest.fixture
def reseeded(reseeded_once: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(reseeded_once, tmp_path / "reseeded"))


@pytest.fixture(scope="session")
def second_once(shared: Shared, shapes_npz: Path) -> Path:
    """All five stages with the seed 2, as a sweep runs them. Do not touch."""
    return shared.run("second", "--dataset", shapes_npz, *SECOND, "--seed", "2")


@pytest.fixture(scope="session")
def invariant_once(shared: Shared, shapes_npz: Path) -> Path:
    """An artifacts directory of an invariant code. Do not touch."""
    return shared.run("invariant", "--dataset", shapes_npz, *INVARIANT, *SMALL, "--no-calibrate", "--no-figures")


@pytest.fixture(scope="session")
def found_once(shared: Shared, shapes_npz: Path) -> Path:
    """An invariant code that is told no number of clusters, and the number that the graph finds. Do not touch."""
    small = ("--model", "invariant", *QUICK, "--channels", "8", "--labels", "30", "--head-epochs", "10")
    return shared.run("found", "--dataset", shapes_npz, *small, "--method", "graph", "--no-figures", "--seed", "2")


@pytest.fixture(scope="session")
def sparse_once(shared: Shared, shapes_npz: Path) -> Callable[[str], Path]:
    """By the name of a sparse code, an artifacts directory of it. Do not touch."""

    def of(code: str) -> Path:
        small = (*SMALL, "--no-calibrate", "--probe")
        return shared.run(f"sparse-{code}", "--dataset", shapes_npz, *SPARSE, *CODES[code], *small)

    return of


@pytest.fixture
def finished(finished_once: Path, tmp_path: Path) -> Path:
    """A copy of the finished artifacts directory, to be damaged."""
    return Path(shutil.copytree(finished_once, tmp_path / "artifacts"))


def assert_two_lines(result: Result, code: int, *words: str) -> None:
    """An error as every error should be: one line of what is wrong, one of what to do, nothing on stdout."""
    lines = [line for line in result.err.splitlines() if not line.startswith(("…", "✓", "decode "))]
    assert result.code == code, result
    assert len(lines) == 2, result.err
    assert lines[0].startswith("error: ")
    assert lines[1].startswith("help: ")
    assert result.out == ""
    for word in words:
        assert word in result.err


def the_object(text: str) -> dict[str, Any]:
    """stdout of a --json command: exactly one object with a schema_version, that of manifests if it is one."""
    found = json.loads(text)
    assert found["schema_version"] == (2 if "inputs" in found else 1)
    return dict(found)
