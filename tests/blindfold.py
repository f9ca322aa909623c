"""Labels that raise where none may be looked at. Every stage that a test runs in its own process is held to it."""

import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any, NoReturn

UNSUPERVISED = tuple(
    f"mnistae_cli.{name}"
    for name in ("stages.train", "stages.cluster", "stages.label", "training.", "clusters.", "api.clusters")
)
LOADING = "load_dataset"  # reads the labels with the images, to see whether they fit


class LabelSeenError(AssertionError):
    """A label was looked at, or the name of a class."""


class Blindfold:
    """In the place of a field of a class: refuses it to unsupervised modules, and to whatever they call.

    They may not even ask whether there are labels: `images.labels is None` reads the field.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None:
            raise AttributeError(self.name)  # the field has no default
        callers = list(_callers())
        seen_by = [module for module, _ in callers if module.startswith(UNSUPERVISED)]
        if seen_by and LOADING not in {function for _, function in callers}:
            raise LabelSeenError(f"{type(instance).__name__}.{self.name} was read within {seen_by[-1]}")
        return vars(instance)[self.name]

    def __set__(self, instance: Any, value: Any) -> None:
        vars(instance)[self.name] = value


def _callers() -> Iterator[tuple[str, str]]:
    """Module and function of everybody who waits for the field."""
    frame: FrameType | None = sys._getframe(2)
    while frame:
        yield str(frame.f_globals.get("__name__")), frame.f_code.co_name
        frame = frame.f_back


class Untouchable:
    """In the place of labels that are handed over: raises on whatever is done with it."""

    def __getattribute__(self, name: str) -> NoReturn:
        raise LabelSeenError(name)

    def _refuse(self, *_: object) -> NoReturn:
        raise LabelSeenError

    __len__ = __iter__ = __getitem__ = __contains__ = __array__ = __bool__ = __repr__ = _refuse
    __eq__ = _refuse

    def __hash__(self) -> int:
        raise LabelSeenError
