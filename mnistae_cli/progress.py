"""What a stage reports while it works. The stages send events; `cli/listener.py` decides how they look."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Advance:
    """`done` of `total` units of a task are done; `values` are the latest figures."""

    task: str
    done: float
    total: float
    unit: str
    values: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Notice:
    """One line of text for the user."""

    text: str


@dataclass(frozen=True)
class StageEnded:
    """A stage has ended: its folder was written, or was up to date already."""

    folder: Path
    up_to_date: bool
    seconds: float


Report = Callable[[Advance | Notice | StageEnded], None]


def silent(event: Advance | Notice | StageEnded) -> None:
    """The default listener, for notebooks and tests."""
