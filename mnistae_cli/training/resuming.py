"""A training that can be interrupted: its state goes to a checkpoint, and the same training continues from there.

Keras' BackupAndRestore keeps weights and optimizer, at the end of an epoch. Here the draws of the layers, the running
means of the losses, early stopping and the step in the epoch are kept too, so that the result has the same bytes as
without an interruption.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import keras
import numpy as np

from mnistae_cli.common import Notice, Report
from mnistae_cli.store import Checkpoint, Interrupts

STATE = "state.npz"
LONGEST = 45.0  # seconds between two checkpoints
SHARE = 0.01  # of the time; at the end of an epoch, a checkpoint that would take more is not written
STOPPING = ("wait", "stopped_epoch", "best", "best_epoch")  # of Keras' EarlyStopping, besides its best weights

State = Mapping[str, Any]


@dataclass(frozen=True)
class Part:
    """A part of a training.

    Args:
        number: its number, from 0.
        before: number of epochs of the earlier parts.
        in_all: number of epochs of all parts; 0 if this is the only one.
    """

    number: int = 0
    before: int = 0
    in_all: int = 0


class Keeper(keras.callbacks.Callback):
    """Keeps the state of a training in a checkpoint, and restores it when the same training is started again.

    It must come after the callbacks that change the losses of an epoch or end the training. A signal that `interrupts`
    has noted stops the training after the step. Without a checkpoint, nothing is kept.

    Attributes:
        history: the losses of the epochs so far.
        steps: number of steps so far.
        over: whether this part of the training has ended.
        skipped: whether a later part was interrupted, so that only the losses of this part are left.
    """

    def __init__(
        self,
        checkpoint: Checkpoint | None,
        part: Part,
        steps_per_epoch: int,
        epochs: int,
        early: keras.callbacks.EarlyStopping | None,
        interrupts: Interrupts,
        report: Report,
    ) -> None:
        super().__init__()
        self._checkpoint, self._part, self._early = checkpoint, part, early
        self._interrupts, self._report = interrupts, report
        self._steps_per_epoch, self._epochs = steps_per_epoch, epochs
        parts = (checkpoint.notes if checkpoint else {}).get("parts", [])
        self._earlier_parts = parts[: part.number]
        notes = parts[part.number] if part.number < len(parts) else {}
        self.history: dict[str, list[float]] = notes.get("history", {})
        self.steps: int = notes.get("steps", 0)
        self.over: bool = notes.get("over", False)
        self.skipped = part.number + 1 < len(parts)
        self._within = self.steps % steps_per_epoch > 0
        self._state: State | None = None
        path = checkpoint.find(STATE) if checkpoint and part.number + 1 == len(parts) else None
        if path:
            self._state = {**_read(path), "stopping": notes["stopping"]}
            report(Notice(f"continuing from {self._place()}"))
        self._seconds, self._saved = 0.0, perf_counter()

    def on_train_begin(self, logs: Any = None) -> None:
        """Restore the state, since Keras has reset early stopping."""
        if self._state is not None:
            _restore(self.model, self._early, self._state)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Restore the running means within an epoch, since Keras has reset them."""
        if self._state is not None and self._within:
            _restore(self.model, None, self._state)
        self._state = None

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Save the state if it is time, or if the training is to be interrupted."""
        self.steps = int(self.model.optimizer.iterations)
        if self.steps % self._steps_per_epoch:  # otherwise `on_epoch_end` follows at once
            self._keep(self._interrupts.asked or perf_counter() - self._saved > LONGEST)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float]) -> None:
        """Note the losses, and save the state."""
        for name, value in logs.items():
            self.history.setdefault(name, []).append(float(value))
        self.over = self.model.stop_training or epoch + 1 == self._epochs
        is_cheap = self._seconds <= SHARE * (perf_counter() - self._saved)
        self._keep(self._interrupts.asked or self.over or is_cheap)
        if self._within:  # the next call of `fit` continues here: Keras ends this one as if it were the last
            self._state, self._within = _state_of(self.model, self._early), False

    def _keep(self, due: bool) -> None:
        diverged = not np.isfinite([values[-1] for values in self.history.values()]).all()
        if due and self._checkpoint and not diverged:
            started = perf_counter()
            self._save(self._checkpoint)
            self._saved = perf_counter()
            self._seconds = self._saved - started
        if self._interrupts.asked:
            kept = "; the same command continues from there" if self._checkpoint else ""
            self._report(Notice(f"interrupted at {self._place()}{kept}"))
            self._interrupts.stop()

    def _save(self, checkpoint: Checkpoint) -> None:
        state = _state_of(self.model, self._early)
        arrays = {name: value for name, value in state.items() if name != "stopping"}
        notes = {"history": self.history, "steps": self.steps, "over": self.over, "stopping": state["stopping"]}
        write = partial(_write, arrays=arrays)
        checkpoint.save({STATE: write}, {"parts": [*self._earlier_parts, notes], "place": self._place()})

    def _place(self) -> str:
        in_all = self._part.in_all or self._epochs
        done = self._part.before + self.steps // self._steps_per_epoch
        return f"epoch {min(done + 1, in_all)} of {in_all}"


def _state_of(model: Any, early: keras.callbacks.EarlyStopping | None) -> State:
    """Every variable of network, optimizer and running means, and the state of early stopping."""
    variables = {f"variable_{i:05d}": each.numpy() for i, each in enumerate(_variables(model))}
    if early is None:
        return {**variables, "stopping": {}}
    best = {f"best_{i:05d}": each for i, each in enumerate(early.best_weights or [])}
    stopping = {name: getattr(early, name) for name in STOPPING}
    return {**variables, **best, "stopping": {name: _plain(value) for name, value in stopping.items()}}


def _restore(model: Any, early: keras.callbacks.EarlyStopping | None, state: State) -> None:
    for i, variable in enumerate(_variables(model)):
        variable.assign(state[f"variable_{i:05d}"])
    if early:
        best = [state[name] for name in sorted(state) if name.startswith("best_")]
        vars(early).update(state["stopping"], best_weights=best or None)


def _variables(model: Any) -> list[Any]:
    metrics = [variable for metric in model.metrics for variable in metric.variables]
    every = [*model.network.variables, *model.optimizer.variables, *metrics]
    return list({id(each): each for each in every}.values())


def _read(path: Path) -> State:
    with np.load(path, allow_pickle=False) as arrays:
        return dict(arrays)


def _write(path: Path, arrays: State) -> None:
    with path.open("wb") as file:
        np.savez(file, **arrays)


def _plain(value: Any) -> Any:
    """A number that JSON can hold."""
    return value if value is None else float(value) if isinstance(value, float | np.floating) else int(value)
