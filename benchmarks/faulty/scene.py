"""What the faults happen to: finished artifacts of the digits; and how the result of a fault is checked."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.measuring import ROOT, mnistae

STAGES = ("train", "encode", "classify", "finetune", "cluster", "label", "evaluate")
DIGITS = ("--dataset", "digits")
NAMES = ("--names", ",".join("abcdefghij"))
COMMANDS: Mapping[str, tuple[str, ...]] = {
    "train": ("train", *DIGITS),
    "encode": ("encode",),
    "classify": ("classify",),
    "finetune": ("finetune", "--epochs", "4"),
    "cluster": ("cluster",),
    "label": ("label", *NAMES),
    "evaluate": ("evaluate",),
}
"""Stage → the command that makes it. The stages before it must exist."""
SAME = (".npy", ".onnx", ".csv")  # a second run gives the same bytes of these files


@dataclass(frozen=True)
class Scene:
    """Finished artifacts, the directory where the faults happen to a copy of them, and the command of each stage."""

    reference: Path
    root: Path
    commands: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: COMMANDS)

    def set_up(self, stage: str) -> None:
        """Copy the stages before `stage`."""
        shutil.rmtree(self.root, ignore_errors=True)
        self.root.mkdir(parents=True)
        for each in self.before(stage):
            shutil.copytree(self.reference / each, self.root / each)

    def before(self, stage: str) -> list[str]:
        """The stages of the reference that come before `stage`."""
        return [each for each in STAGES[: STAGES.index(stage)] if (self.reference / each).exists()]

    def start(self, stage: str, environment: Mapping[str, str] | None = None) -> "Running":
        """Start the command of `stage`."""
        return Running(self.root, *self.commands[stage], environment=environment)

    def run(self, stage: str, environment: Mapping[str, str] | None = None) -> "Ended":
        """Run the command of `stage` to its end."""
        return self.start(stage, environment).end()

    def same(self, stage: str) -> bool:
        """Whether `stage` has the bytes of the reference."""
        return bytes_of(self.root / stage) == bytes_of(self.reference / stage)


@dataclass
class Tally:
    """How often a fault was tried, and what went wrong, in words."""

    tried: int = 0
    lost: list[str] = field(default_factory=list)
    unnoticed: list[str] = field(default_factory=list)
    tracebacks: list[str] = field(default_factory=list)

    def cases(self) -> list[str]:
        """Everything that went wrong."""
        return [*self.lost, *self.unnoticed, *self.tracebacks]

    def row(self, name: str) -> list[str]:
        """The row of the table."""
        return [name, str(self.tried), *(str(len(each)) for each in (self.lost, self.unnoticed, self.tracebacks))]


@dataclass(frozen=True)
class Ended:
    """Exit code and stderr of a command; the code is negative if a signal killed it."""

    code: int
    err: str


class Running:
    """A command of mnistae in the background, its output discarded except for stderr."""

    def __init__(self, root: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> None:
        command = [sys.executable, "-m", "mnistae_cli", *arguments, "--artifacts", str(root)]
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )

    def end(self) -> Ended:
        """Wait for its end."""
        _, err = self.process.communicate()
        return Ended(self.process.returncode, err)


def run(root: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> Ended:
    """Run a command of mnistae to its end."""
    return Running(root, *arguments, environment=environment).end()


def finished(root: Path) -> Path:
    """Artifacts of every stage; made if they do not exist."""
    for stage, command in COMMANDS.items():
        if not (root / stage).exists():
            mnistae(*command, "--artifacts", root)
    return root


def bytes_of(folder: Path) -> dict[str, str]:
    """File → sha256, for the files of which a second run gives the same bytes."""
    files = sorted(path for path in folder.iterdir() if path.suffix in SAME)
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
