"""What a stage reports while it works. The stages send events; `cli/listener.py` decides how they look."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mnistae_cli.common.errors import Face, in_python, worded


@dataclass(frozen=True)
class Advance:
    """A task has advanced.

    Args:
        task: its name, for example `train`.
        done: units that are done, from 0 to `total`.
        total: units of the whole task.
        unit: the name of the units, for example `epochs`.
        values: name → latest figure, for example of `loss`.
    """

    task: str
    done: float
    total: float
    unit: str
    values: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Notice:
    """A message for the user.

    Args:
        message: one line; it mentions settings by `errors.setting`.
    """

    message: str

    @property
    def text(self) -> str:
        """The message, with settings as Python parameters."""
        return self.worded(in_python)

    def worded(self, face: Face) -> str:
        """The message with settings written by `face`."""
        return worded(self.message, face)


@dataclass(frozen=True)
class StageEnded:
    """A stage has ended.

    Args:
        folder: the stage's folder.
        up_to_date: whether the folder was up to date already; if not, it was written.
        seconds: since the stage began.
    """

    folder: Path
    up_to_date: bool
    seconds: float


Report = Callable[[Advance | Notice | StageEnded], None]
"""A listener for the progress of a stage. It is called with each event, in the thread of the stage."""


def silent(event: Advance | Notice | StageEnded) -> None:
    """The default listener, for notebooks and tests."""
