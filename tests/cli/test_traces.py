"""What a command leaves behind in places that are not its own: nothing."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.conftest import INVARIANT, QUICK, SMALL, shapes

UNKNOWN_USER = """
import os, pwd
def unknown(number):
    raise KeyError(number)
pwd.getpwuid = unknown
"""
NO_TEMPORARY_FOLDER = """
import tempfile
tempfile._candidate_tempdir_list = lambda: ["/nonexistent"]
"""
INVARIANT_SMALL = (*INVARIANT, "--epochs", "1", *SMALL, "--no-figures")


def write_pictures(folder: Path) -> None:
    """Shapes as a picture each, in a folder for each class."""
    for number, (image, label) in enumerate(zip(*shapes(60, 1), strict=True)):
        path = folder / str(label) / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)


class Elsewhere:
    """Empty folders for a process: its working directory, its home and its temporary files."""

    def __init__(self, folder: Path) -> None:
        self.work, self.home, self.temporary = (folder / name for name in ("work", "home", "temporary"))
        for each in (self.work, self.home, self.temporary):
            each.mkdir(parents=True)
        package = str(Path(__file__).parents[2])
        others = {name: os.environ[name] for name in ("PATH", "NO_COLOR", "COLUMNS")}
        self.environment = {**others, "PYTHONPATH": package, "HOME": str(self.home), "TMPDIR": str(self.temporary)}

    def start(self, *arguments: str | Path, before: str = "", **variables: str) -> "subprocess.Popen[str]":
        """Start `mnistae ARGUMENTS`; `before` is Python code that the process runs first."""
        code = f"{before}\nfrom mnistae_cli.__main__ import main\nmain()"
        return subprocess.Popen(
            [sys.executable, "-c", code, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.work,
            env={**self.environment, **variables},
        )

    def run(self, *arguments: str | Path, before: str = "", **variables: str) -> tuple[int, str]:
        """The exit code and stderr of `start`."""
        with self.start(*arguments, before=before, **variables) as process:
            _, told = process.communicate()
        return process.returncode, told

    def left(self) -> list[str]:
        """What is in the working directory and among the temporary files."""
        return sorted(each.name for folder in (self.work, self.temporary) for each in folder.iterdir())


@pytest.fixture
def elsewhere(tmp_path: Path) -> Elsewhere:
    return Elsewhere(tmp_path / "elsewhere")


@pytest.mark.parametrize(
    "options",
    [
        pytest.param((*QUICK, *SMALL), id="dense", marks=pytest.mark.slow),
        pytest.param(INVARIANT_SMALL, id="invariant", marks=pytest.mark.slow),
        pytest.param(("--model", "sparse", "--k", "3", *QUICK, *SMALL), id="sparse", marks=pytest.mark.slow),
    ],
)
def test_a_run_leaves_only_its_artifacts(options: tuple[str, ...], shapes_npz: Path, elsewhere: Elsewhere) -> None:
    """Among others, TensorFlow writes Python code into the temporary directory, and ONNX Runtime a session's number."""
    code, told = elsewhere.run("run", "--dataset", shapes_npz, *options)
    assert code == 0, told
    assert elsewhere.left() == ["artifacts"]
    at_home = {str(each.relative_to(elsewhere.home)) for each in elsewhere.home.rglob("*") if each.is_file()}
    assert not [name for name in at_home if "icrosoft" in name], "ONNX Runtime would report its use"


@pytest.mark.slow
def test_finetune_leaves_only_its_artifacts(finished: Path, elsewhere: Elsewhere) -> None:
    code, told = elsewhere.run("finetune", "-a", finished, "--epochs", "1")
    assert code == 0, told
    assert elsewhere.left() == []


@pytest.mark.slow
@pytest.mark.parametrize("scheduler", [("--jobs", "2"), ("--scheduler", "local", "--jobs", "2")])
def test_a_sweep_leaves_only_its_artifacts(scheduler: tuple[str, ...], shapes_npz: Path, elsewhere: Elsewhere) -> None:
    sweep: tuple[str | Path, ...] = (
        "sweep",
        "--seeds",
        "0,1",
        *scheduler,
        "--dataset",
        shapes_npz,
        *QUICK,
        *SMALL,
        "--no-figures",
    )
    code, told = elsewhere.run(*sweep)
    assert code == 0, told
    assert elsewhere.left() == ["artifacts"]


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGKILL, marks=pytest.mark.slow)])
def test_a_stopped_training_leaves_no_temporary_file(
    number: signal.Signals, shapes_npz: Path, elsewhere: Elsewhere
) -> None:
    train = ("train", "--dataset", shapes_npz, *QUICK, "--epochs", "100000")
    with elsewhere.start(*train) as running:
        assert running.stderr
        assert any(re.match(r"train [1-9]", line) for line in running.stderr)  # a held-out loss was computed
        running.send_signal(number)
        running.communicate()
    assert not list(elsewhere.temporary.iterdir())


# Not even root can make a folder below a file, so that these tests are of use in a container.
HOMES = [
    pytest.param({"HOME": ""}, marks=pytest.mark.slow),
    pytest.param({"HOME": "/nonexistent"}, marks=pytest.mark.slow),
    pytest.param({"HOME": os.devnull}, marks=pytest.mark.slow),
    pytest.param({"HOME": "~"}, marks=pytest.mark.slow),
    pytest.param({"XDG_CACHE_HOME": "~/.cache", "KERAS_HOME": "~/.keras", "HOME": ""}, marks=pytest.mark.slow),
    pytest.param({"MPLCONFIGDIR": f"{os.devnull}/a", "HOME": ""}, marks=pytest.mark.slow),
]


@pytest.mark.parametrize("variables", HOMES)
def test_a_user_without_a_home_can_run_all(variables: dict[str, str], elsewhere: Elsewhere, tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    write_pictures(pictures)
    before = set(Path("/").iterdir()) | set(Path("/tmp").glob(".keras"))
    code, told = elsewhere.run("run", "--dataset", pictures, *QUICK, *SMALL, before=UNKNOWN_USER, **variables)
    assert code == 0, told
    for line in told.splitlines():
        assert re.match("(…|✓|train|encode|decode|classify) ", line), line
    assert "there is no home folder for a cache" in told
    assert elsewhere.left() == ["artifacts"]
    assert set(Path("/").iterdir()) | set(Path("/tmp").glob(".keras")) == before


@pytest.mark.parametrize("command", ["data --json", "status", "data --remove-packed -q --json"])
def test_commands_that_read_need_no_home(command: str, elsewhere: Elsewhere) -> None:
    assert elsewhere.run(*command.split(), before=UNKNOWN_USER, HOME="") == (0, "")
    assert elsewhere.left() == []


@pytest.mark.parametrize("command", ["data --fetch mnist", "run --dataset mnist", "--install-completion bash"])
def test_what_needs_a_home_says_so(command: str, elsewhere: Elsewhere) -> None:
    code, told = elsewhere.run(*command.split(), before=UNKNOWN_USER, HOME="")
    assert (code, [line.split(":")[0] for line in told.splitlines()]) == (2, ["error", "help"]), told
    assert "home" in told
    assert elsewhere.left() == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("train", *QUICK),
        pytest.param(("sweep", "--seeds", "0,1", "--scheduler", "local", *QUICK), marks=pytest.mark.slow),
    ],
)
def test_without_a_folder_for_temporary_files_the_variable_is_named(
    arguments: tuple[str, ...], shapes_npz: Path, elsewhere: Elsewhere
) -> None:
    code, told = elsewhere.run(*arguments, "--dataset", shapes_npz, "-q", before=NO_TEMPORARY_FOLDER)
    assert (code, [line.split(":")[0] for line in told.splitlines()]) == (2, ["error", "help"]), told
    assert "Set TMPDIR" in told


def test_figures_without_home_and_temporary_folder_name_the_variable(finished: Path, elsewhere: Elsewhere) -> None:
    """Matplotlib needs one of both."""
    code, told = elsewhere.run(
        "evaluate", "--force", "-q", "-a", finished, before=UNKNOWN_USER + NO_TEMPORARY_FOLDER, HOME=""
    )
    assert (code, [line.split(":")[0] for line in told.splitlines()]) == (2, ["error", "help"]), told
    assert "Set TMPDIR" in told
