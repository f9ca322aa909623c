"""Training with Keras' `fit` on indices: the arrays stay in place, and a compiled step gathers its batch from them."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import keras
import numpy as np
import tensorflow as tf

from mnistae_cli.common import Report, UsageError, setting
from mnistae_cli.data import hold_out
from mnistae_cli.store import Checkpoint, Interrupts
from mnistae_cli.training.batches import Batches, Examples, plan_steps
from mnistae_cli.training.callbacks import HeldOutLosses, Progress, StopsWhenDiverged
from mnistae_cli.training.losses import Loss
from mnistae_cli.training.memory import KeepsFreedMemory
from mnistae_cli.training.resuming import Keeper, Part
from mnistae_cli.training.schedules import learning_rate

WHOLE = Part()
LEAST_XLA_STEPS = 500  # of a whole training; with fewer, compiling takes longer than it saves


@dataclass(frozen=True)
class Optimization:
    """How a network is trained. The names are those of the configs."""

    epochs: int
    batch_size: int
    learning_rate: float
    schedule: str
    seed: int
    patience: int = 0
    validation_fraction: float = 0.1
    beta_2: float = 0.999
    ema: float = 0.0

    @classmethod
    def from_settings(cls, settings: object, seed: int) -> Self:
        """The training settings of a config, by the names of the fields."""
        found = {each.name: getattr(settings, each.name) for each in fields(cls) if hasattr(settings, each.name)}
        return cls(**{**found, "seed": seed})


@dataclass(frozen=True)
class Fitted:
    """The result of training: the losses of each epoch, and the epoch whose weights were kept (from 1)."""

    history: Mapping[str, list[float]]
    best_epoch: int

    def followed_by(self, later: "Fitted") -> "Fitted":
        """This training and a later one, joined."""
        history = {name: values + later.history[name] for name, values in self.history.items()}
        return Fitted(history, len(self.history["loss"]) + later.best_epoch)


class IndexedTrainer(keras.Model):
    """Trains `network` on batches of indices into `examples`, with a loss per example.

    The `losses` of its layers, for example a penalty on its code, are added to the mean loss.
    """

    def __init__(self, network: keras.Model, loss: Loss, examples: Examples) -> None:
        super().__init__()
        self.network = network
        self._example_loss = loss
        self._examples = examples
        self._penalty_tracker = keras.metrics.Mean("penalty")

    def call(self, indices: Any, training: bool = False) -> Any:
        """Losses (B,) of the examples at `indices` (B,), or at pairs of indices (B, 2)."""
        inputs, targets = self._examples.take(indices)
        return self._example_loss(targets, self.network(inputs, training=training))

    def train_step(self, batches: Any) -> dict[str, Any]:
        """Steps of the optimizer on batches (S, B, …), in order. Returns the mean loss of a batch, and penalties.

        The loop is compiled with its steps. With Keras' `steps_per_execution`, the steps take a seventh longer.
        """
        n_steps = batches.shape[0]

        def step(number: Any, losses: Any, penalties: Any) -> tuple[Any, Any, Any]:
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(self(batches[number], training=True))
                penalty = tf.add_n(self.losses) if self.losses else tf.constant(0.0)
                total = loss + penalty
            weights = self.network.trainable_variables
            self.optimizer.apply(tape.gradient(total, weights), weights)
            return number + 1, losses + loss, penalties + penalty

        start = [tf.constant(0), tf.constant(0.0), tf.constant(0.0)]
        _, losses, penalties = tf.while_loop(lambda number, *_: number < n_steps, step, start, parallel_iterations=1)
        self._loss_tracker.update_state(losses / n_steps)
        if not self.losses:
            return {"loss": self._loss_tracker.result()}
        self._penalty_tracker.update_state(penalties / n_steps)
        return {"loss": self._loss_tracker.result(), "penalty": self._penalty_tracker.result()}


def _adam(optimization: Optimization, total_steps: int) -> keras.optimizers.Optimizer:
    return keras.optimizers.Adam(
        learning_rate(optimization.schedule, optimization.learning_rate, total_steps),
        beta_2=optimization.beta_2,
        use_ema=optimization.ema > 0,
        ema_momentum=optimization.ema,
    )


def train_network(
    network: keras.Model,
    loss: Loss,
    examples: Examples,
    optimization: Optimization,
    report: Report,
    *,
    task: str,
    xla: bool,
    shown: Mapping[str, Examples] | None = None,
    checkpoint: Checkpoint | None = None,
    part: Part = WHOLE,
) -> Fitted:
    """Train `network` by Adam on the mean of `loss`.

    Args:
        task: its name in progress reports.
        xla: compile the step with XLA, if the training has at least `LEAST_XLA_STEPS` steps: faster for large dense
            layers, slower for convolutions.
        shown: name → examples whose loss is recorded each epoch, but has no influence.
        checkpoint: keeps the state; an interrupted training continues from it.
        part: the part of a training with several parts. For a part before the interrupted one, only the losses are
            returned.

    With `patience`, a share of `examples` is held out. Training stops when their loss has not fallen for that many
    epochs, and the best epoch's weights are kept.

    Raises:
        UsageError: the loss is no longer a number.
    """
    learned = np.arange(len(examples))
    watched = {name: (each, np.arange(len(each))) for name, each in (shown or {}).items()}
    if optimization.patience:
        learned, held_out = hold_out(len(examples), optimization.validation_fraction, optimization.seed)
        watched = {"val": (examples, held_out), **watched}
    n = len(learned)
    batch_size = min(optimization.batch_size, n)
    steps = plan_steps(n, batch_size)
    early = None
    if optimization.patience:
        early = keras.callbacks.EarlyStopping("val_loss", patience=optimization.patience, restore_best_weights=True)
    trainer = IndexedTrainer(network, loss, examples)
    total_steps = steps.per_epoch * optimization.epochs
    adam = _adam(optimization, total_steps)
    adam.build(network.trainable_variables)
    trainer.compile(adam, jit_compile=xla and total_steps >= LEAST_XLA_STEPS)
    with Interrupts() as interrupts:
        keeper = Keeper(checkpoint, part, steps.per_epoch, optimization.epochs, early, interrupts, report)
        callbacks = [
            StopsWhenDiverged(),
            KeepsFreedMemory(),
            HeldOutLosses(network, loss, watched),
            *([early] if early else []),
            Progress(task, steps.per_epoch, optimization.epochs, part, batch_size, report),
            keeper,
        ]
        batches = Batches(examples, learned, steps, batch_size, optimization.epochs, optimization.seed)
        _fit(trainer, batches, keeper, callbacks)
    return _fitted(keeper.history, task)


def _fit(trainer: IndexedTrainer, batches: Batches, keeper: Keeper, callbacks: Sequence[Any]) -> None:
    """Run the steps that are left. Keras starts an epoch at its first step, so the rest of one needs its own `fit`."""

    def fit(first: int, last: int, steps: int) -> None:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*shuffle=True.*")
            trainer.fit(
                batches.after(keeper.steps),
                initial_epoch=first,
                epochs=last,
                steps_per_epoch=steps // batches.steps.per_execution,
                callbacks=callbacks,
                verbose=0,
            )

    if keeper.skipped:
        return
    per_epoch, epochs = batches.steps.per_epoch, batches.epochs
    epoch, done = divmod(keeper.steps, per_epoch)
    if done:
        fit(epoch, epoch + 1, per_epoch - done)
        epoch += 1
    if not (done and keeper.over):
        fit(epochs if keeper.over else epoch, epochs, per_epoch)


def _fitted(losses: dict[str, list[float]], task: str) -> Fitted:
    if not np.isfinite(list(losses.values())).all():
        raise UsageError(
            f"{task} diverged in epoch {len(losses['loss'])}: its loss is {losses['loss'][-1]}.",
            f"Give a smaller {setting('learning_rate')}, or a smaller {setting('code_gain')} or penalty weight, "
            "if one is used.",
        )
    best = int(np.argmin(losses["val_loss"])) + 1 if "val_loss" in losses else len(losses["loss"])
    return Fitted(losses, best)
