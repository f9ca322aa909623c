"""What a stage tells while it works. The core reports, `console.py` decides how that looks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Advance:
    """`done` of `total` units of a task are behind us; `values` are the latest figures."""

    task: str
    done: float
    total: float
    unit: str
    values: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Notice:
    """One line for the person who waits."""

    text: str


@dataclass(frozen=True)
class StageEnded:
    """A stage is over: its folder was written anew, or was found up to date."""

    folder: Path
    up_to_date: bool
    seconds: float


Report = Callable[[Advance | Notice | StageEnded], None]


def silent(event: Advance | Notice | StageEnded) -> None:
    """The default listener, for notebooks and tests."""
