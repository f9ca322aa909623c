"""The campaign of faults of `benchmarks/faults.py`, in short: its own program, on small artifacts, with other draws."""

import errno
import shutil
from pathlib import Path

import pytest

from benchmarks.faulty.flips import flip_artifacts
from benchmarks.faulty.full_disk import fill_disk
from benchmarks.faulty.inputs import mutate_inputs
from benchmarks.faulty.kills import kill_commands
from benchmarks.faulty.scene import Scene

COMMANDS = {
    "encode": ("encode",),
    "classify": ("classify", "--labels", "30", "--epochs", "10"),
    "cluster": ("cluster", "--clusters", "3"),
}


@pytest.fixture
def scene(finished_once: Path, tmp_path: Path) -> Scene:
    return Scene(finished_once, tmp_path / "artifacts", COMMANDS)


def test_killed_commands_run_again_to_the_same_bytes(scene: Scene) -> None:
    tally = kill_commands(scene, 5, seed=1)
    assert tally.tried == 5
    assert tally.cases() == []


def test_a_flipped_bit_is_noticed(scene: Scene) -> None:
    tally = flip_artifacts(scene, 50, seed=1)
    assert tally.tried == 50
    assert tally.cases() == []


def test_a_changed_input_is_read_or_refused_in_two_sentences(scene: Scene, tmp_path: Path) -> None:
    tally = mutate_inputs(scene.reference, tmp_path / "inputs", 800, seed=1)
    assert tally.tried == 800
    assert tally.cases() == []


@pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler: the disk cannot be filled")
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_a_full_or_read_only_disk_loses_nothing(scene: Scene, number: int) -> None:
    tally = fill_disk(scene, {"encode": 9}, number)
    assert tally.tried >= 3
    assert tally.cases() == []
