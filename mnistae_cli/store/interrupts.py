"""Ctrl-C and SIGTERM wait for a moment when nothing is lost."""

import signal
import threading
from types import FrameType, TracebackType
from typing import Any, Self


class Interrupts:
    """Inside the `with` block, the first signal to stop is only noted; a second one acts at once.

    Signals reach only the main thread; in another one nothing is changed. A signal that is ignored stays ignored, for
    example in a background process of a shell.
    """

    def __init__(self) -> None:
        self._asked: int | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                if signal.getsignal(number) != signal.SIG_IGN:
                    self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._restore()

    @property
    def asked(self) -> bool:
        """Whether the process was asked to stop."""
        return self._asked is not None

    def stop(self) -> None:
        """Do now what the noted signal would have done."""
        self._restore()
        if self._asked is not None:
            signal.raise_signal(self._asked)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._asked = number
        self._restore()

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        self._before = {}
