"""The campaign of faults of `benchmarks/faults.py`, in short: its own program, on small artifacts, with other draws."""

import errno
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks.faulty.flips import flip_artifacts
from benchmarks.faulty.full_disk import fill_disk
from benchmarks.faulty.kills import kill_commands
from benchmarks.faulty.scene import Scene
from tests.conftest import Mnistae, assert_two_lines
from tests.pipeline.conftest import bytes_of

COMMANDS = {
    "encode": ("encode",),
    "classify": ("classify", "--labels", "30", "--epochs", "10"),
    "cluster": ("cluster", "--clusters", "3"),
}


@pytest.fixture
def scene(finished_once: Path, tmp_path: Path) -> Scene:
    return Scene(finished_once, tmp_path / "artifacts", COMMANDS)


@pytest.mark.slow
def test_killed_commands_run_again_to_the_same_bytes(scene: Scene) -> None:
    tally = kill_commands(scene, 5, seed=1)
    assert tally.tried == 5
    assert tally.cases() == []


def test_a_flipped_bit_is_noticed(scene: Scene) -> None:
    tally = flip_artifacts(scene, 50, seed=1)
    assert tally.tried == 50
    assert tally.cases() == []


def test_a_changed_input_is_read_or_refused_in_two_sentences(scene: Scene, tmp_path: Path) -> None:
    """In a process of its own: it forks, and damaged files may end it."""
    arguments = (str(scene.reference), str(tmp_path / "inputs"), 250)
    script = f"""
from pathlib import Path
from benchmarks.faulty import inputs
reference, root, n = {arguments!r}
tally = inputs.mutate_inputs(Path(reference), Path(root), n, seed=1)
assert tally.tried == n
assert tally.cases() == [], tally.cases()
"""
    ended = subprocess.run([sys.executable, "-W", "ignore", "-c", script], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler: the disk cannot be filled")
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_a_full_or_read_only_disk_loses_nothing(scene: Scene, number: int) -> None:
    tally = fill_disk(scene, {"encode": 9}, number)
    assert tally.tried >= 3
    assert tally.cases() == []


@contextmanager
def files_of_at_most(n_bytes: int) -> Iterator[None]:
    """Within the block, a write beyond that fails, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("n_bytes", [0, 200, 1000, 1500])
@pytest.mark.parametrize("stage", COMMANDS)
def test_a_file_that_cannot_be_written_to_its_end_loses_nothing(
    stage: str, n_bytes: int, finished_once: Path, finished: Path, mnistae: Mnistae
) -> None:
    """In this process, at some moments; `test_a_full_or_read_only_disk_loses_nothing` tries other ones."""
    command = (*COMMANDS[stage], "-a", finished, "-q")
    with files_of_at_most(n_bytes):
        assert_two_lines(mnistae(*command, "--force"), 2, "File too large")
    assert not {path.name for path in finished.iterdir()} - {path.name for path in finished_once.iterdir()}
    assert bytes_of(finished / stage) == bytes_of(finished_once / stage)
    assert mnistae("status", "-a", finished).code == 0
    shutil.rmtree(finished / stage)
    with files_of_at_most(n_bytes):
        assert mnistae(*command).code == 2
    assert not (finished / stage).exists()
    assert mnistae(*command).code == 0
    assert bytes_of(finished / stage) == bytes_of(finished_once / stage)
