"""What only a process of its own shows: signals, closed streams, native messages, the code it ends with."""

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from filelock import FileLock

from tests.conftest import QUICK


def test_closed_streams_are_no_error(finished: Path) -> None:
    for closed in (">&-", "2>&-"):
        command = f"{sys.executable} -m mnistae_cli status -a {finished} {closed}"
        assert subprocess.run(["bash", "-c", command], capture_output=True, check=False).returncode == 0


def wait_for(path: Path) -> None:
    for _ in range(600):
        if path.exists():
            return
        time.sleep(0.05)
    raise TimeoutError(path)


def wait_for_handlers(pid: int) -> None:
    """Wait until a process handles SIGTERM, which Python by itself does not."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():  # not Linux
        time.sleep(0.7)
        return
    for _ in range(600):
        caught = re.search(r"SigCgt:\s*(\w+)", status.read_text())
        if caught and int(caught[1], 16) >> (signal.SIGTERM - 1) & 1:
            return
        time.sleep(0.05)
    raise TimeoutError(status)


@pytest.mark.parametrize(
    ("moment", "number", "code"),
    [
        ("start", signal.SIGTERM, 143),
        ("training", signal.SIGINT, 130),
        pytest.param("start", signal.SIGINT, 130, marks=pytest.mark.slow),
        pytest.param("imports", signal.SIGINT, 130, marks=pytest.mark.slow),
        pytest.param("imports", signal.SIGTERM, 143, marks=pytest.mark.slow),
        pytest.param("training", signal.SIGTERM, 143, marks=pytest.mark.slow),
    ],
)
def test_a_stopped_process_says_so_and_leaves_what_was_there(
    moment: str, number: signal.Signals, code: int, finished: Path, shapes_npz: Path
) -> None:
    before = (finished / "train" / "manifest.json").read_bytes()
    arguments = ["train", "--dataset", str(shapes_npz), "--epochs", "100000", "-a", str(finished)]
    command = [sys.executable, "-m", "mnistae_cli", *arguments]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr
        if moment == "start":
            wait_for_handlers(running.pid)
        elif moment == "imports":
            wait_for(finished / ".train.partial")
            time.sleep(1.0)
        else:
            assert any(line.startswith("train ") for line in running.stderr)  # it tells how far it is
        running.send_signal(number)
        assert running.wait(30) == code
        lines = [line for line in running.stderr.read().splitlines() if line.startswith(("error", "help", "Trace"))]
    assert [line.split(":")[0] for line in lines] == ["error", "help"]
    assert (finished / "train" / "manifest.json").read_bytes() == before
    assert not {".train.partial", ".holder"} & {path.name for path in finished.iterdir()}


@pytest.mark.slow
def test_a_stopped_sweep_stops_its_jobs(shapes_npz: Path, tmp_path: Path) -> None:
    options = ["--dataset", str(shapes_npz), "--epochs", "100000", "-a", str(tmp_path), "--jobs", "2", "--seeds", "0-3"]
    command = [sys.executable, "-m", "mnistae_cli", "sweep", *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as running:
        wait_for(tmp_path / "seed-1" / ".train.partial")
        running.send_signal(signal.SIGTERM)
        assert running.wait(30) == 143
    for seed in (0, 1):
        with FileLock(tmp_path / f"seed-{seed}" / ".lock", timeout=10):  # nobody holds it any more
            pass
    assert not (tmp_path / "seed-2").exists()


# Runs `mnistae` and writes, when the process ends, which modules are loaded, into the file of its first argument.
NOTING = """
import os, sys
from pathlib import Path
from mnistae_cli.__main__ import main
noted, end = Path(sys.argv.pop(1)), os._exit
def noting(code):
    noted.write_text(" ".join(sys.modules))
    end(code)
os._exit = noting
main()
"""
FOR_OTHERS = {"sklearn.base", "matplotlib.artist", "pandas.core", "IPython.core"}  # Keras would load them


def train_apart(data: Path, root: Path, *arguments: str) -> CompletedProcess[str]:
    """`mnistae train` in a process of its own, which loads TensorFlow. Beside `root` it notes what it loaded."""
    train = ["train", "--dataset", str(data), *QUICK, "-a", str(root), "--json", *arguments]
    command = [sys.executable, "-c", NOTING, str(root.with_name("loaded")), *train]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_process_that_loaded_tensorflow_ends_well_and_nothing_but_ours_reaches_a_pipe(
    shapes_npz: Path, tmp_path: Path
) -> None:
    """TensorFlow's own chatter comes from C++, so only a process of its own shows it."""
    ended = train_apart(shapes_npz, tmp_path / "a")
    assert ended.returncode == 0
    assert json.loads(ended.stdout)["stage"] == "train"
    for line in ended.stderr.splitlines():
        assert re.match("…|✓|train ", line), line
    loaded = set((tmp_path / "loaded").read_text().split())
    assert {"tensorflow", "keras"} < loaded
    assert not loaded & FOR_OTHERS


@pytest.mark.slow
def test_a_process_that_loaded_tensorflow_ends_with_its_own_code(shapes_npz: Path, tmp_path: Path) -> None:
    ended = train_apart(shapes_npz, tmp_path / "a", "--verbose", "--learning-rate", "1e30")
    assert ended.returncode == 2
    assert "diverged" in ended.stderr
    loaded = set((tmp_path / "loaded").read_text().split())
    assert {"tensorflow", "keras"} < loaded
    assert not loaded & FOR_OTHERS


AS_WITH_TENSORFLOW = """
import sys
from mnistae_cli.__main__ import main
sys.modules["tensorflow"] = None
main()
"""


@pytest.mark.parametrize(("arguments", "code"), [(["data", "--json"], 0), (["encode"], 3), (["train", "--k", "3"], 2)])
def test_the_short_end_after_tensorflow_keeps_code_and_output(arguments: list[str], code: int, tmp_path: Path) -> None:
    """A process that loaded TensorFlow ends without its usual shutdown. It needs not be loaded to see that."""
    command = [sys.executable, "-c", AS_WITH_TENSORFLOW, *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert ended.returncode == code
    assert bool(ended.stderr) == bool(code)
    assert not code or "help: " in ended.stderr.splitlines()[-1]
    assert code or json.loads(ended.stdout)["data_sets"]


@pytest.mark.parametrize("command", ["status", "cluster --clusters 3 --force 2>&1"])
def test_a_reader_that_leaves_early_is_no_error(command: str, finished: Path) -> None:
    before = (finished / "cluster" / "manifest.json").stat().st_mtime_ns
    name, _, options = command.partition(" ")
    piped = f"{sys.executable} -m mnistae_cli {name} -a {finished} {options} | true"
    ended = subprocess.run(["bash", "-o", "pipefail", "-c", piped], capture_output=True, text=True, check=False)
    assert ended.stderr == ""
    assert ended.returncode == 0
    assert ((finished / "cluster" / "manifest.json").stat().st_mtime_ns > before) == (name == "cluster")
