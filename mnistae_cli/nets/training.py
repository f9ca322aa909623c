"""Training by Keras' `fit` on indices: the arrays stay in place, and a compiled step gathers its batch from them."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, fields
from time import perf_counter
from typing import Any, Self

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from mnistae_cli.errors import UsageError
from mnistae_cli.nets.batches import Examples, hold_out, index_batches, plan_steps
from mnistae_cli.nets.losses import Loss
from mnistae_cli.progress import Advance, Report

HELD_OUT_BATCH = 1000


@dataclass(frozen=True)
class Optimisation:
    """How a network is trained; the names are those of the configs."""

    epochs: int
    batch_size: int
    learning_rate: float
    schedule: str
    seed: int
    patience: int = 0
    validation_fraction: float = 0.1
    beta_2: float = 0.999
    weight_decay: float = 0.0
    ema: float = 0.0

    @classmethod
    def of(cls, settings: object, seed: int) -> Self:
        """Take the training settings out of `settings`, by the names of the fields."""
        found = {each.name: getattr(settings, each.name) for each in fields(cls) if hasattr(settings, each.name)}
        return cls(**{**found, "seed": seed})


@dataclass(frozen=True)
class Fitted:
    """The result of training: the losses of each epoch, and the epoch whose weights were kept (from 1)."""

    history: Mapping[str, list[float]]
    best_epoch: int

    def then(self, later: "Fitted") -> "Fitted":
        """This training and a later one as one."""
        history = {name: values + later.history[name] for name, values in self.history.items()}
        return Fitted(history, len(self.history["loss"]) + later.best_epoch)


class IndexedTrainer(keras.Model):
    """Trains `network` on batches of indices into `examples`, by a loss per example on its outputs.

    The `losses` of the network's layers, for example a penalty of its code, are added to the mean loss.
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

    def train_step(self, indices: Any) -> dict[str, Any]:
        """One step of the optimizer on the mean loss of a batch and the network's penalties."""
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(self(indices, training=True))
            penalties = self.losses
            total = tf.add_n([loss, *penalties])
        weights = self.network.trainable_variables
        self.optimizer.apply(tape.gradient(total, weights), weights)
        self._loss_tracker.update_state(loss)
        if not penalties:
            return {"loss": self._loss_tracker.result()}
        self._penalty_tracker.update_state(tf.add_n(penalties))
        return {"loss": self._loss_tracker.result(), "penalty": self._penalty_tracker.result()}


class _HeldOutLosses(keras.callbacks.Callback):
    """Adds the mean loss on held-out examples to the logs of each epoch, as `{name}_loss`.

    `val_loss`, which stops the training, includes the network's penalties at their full weight. Otherwise an early
    epoch would seem better only because its penalty had a lower weight.

    Args:
        network: what is trained.
        loss: per example.
        held_out: name → examples, and the indices of those that are held out.
    """

    def __init__(
        self, network: keras.Model, loss: Loss, held_out: Mapping[str, tuple[Examples, NDArray[np.int64]]]
    ) -> None:
        super().__init__()
        self._held_out = held_out

        @tf.function(reduce_retracing=True)
        def total(inputs: Any, targets: Any) -> Any:
            losses = loss(targets, network(inputs, training=False))
            penalty = tf.add_n(network.losses) if network.losses else 0.0
            return tf.reduce_sum(losses), penalty * tf.cast(tf.size(losses), tf.float32)

        self._total = total

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        for name, (examples, indices) in self._held_out.items():
            starts = range(0, len(indices), HELD_OUT_BATCH)
            batches = (examples.take(examples.alone(indices[start : start + HELD_OUT_BATCH])) for start in starts)
            totals = [self._total(*batch) for batch in batches]
            counted = [float(total) + (float(penalty) if name == "val" else 0.0) for total, penalty in totals]
            logs[f"{name}_loss"] = sum(counted) / len(indices)


class _StopsWhenDiverged(keras.callbacks.Callback):
    """Ends a training whose loss is not a finite number. Keras' own callback for this prints to stdout."""

    def on_train_batch_end(self, batch: int, logs: dict[str, float]) -> None:
        if not np.isfinite(logs["loss"]):
            self.model.stop_training = True


class _Progress(keras.callbacks.Callback):
    """Reports the progress of the training several times per epoch."""

    def __init__(self, task: str, steps: int, before: int, in_all: int, batch_size: int, report: Report) -> None:
        super().__init__()
        self._task, self._report = task, report
        self._steps, self._before, self._in_all, self._batch_size = steps, before, in_all, batch_size
        self._values: dict[str, float] = {}

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._epoch, self._started = self._before + epoch, perf_counter()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        share = min((batch + 1) / self._steps, 0.999)  # the epoch is over when its held-out loss is known
        self._report(Advance(self._task, self._epoch + share, self._in_all, "epochs", self._values))

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        rate = self._steps * self._batch_size / (perf_counter() - self._started)
        self._values = {**logs, "images_per_second": rate}
        self._report(Advance(self._task, self._epoch + 1, self._in_all, "epochs", self._values))


def learning_rate(optimisation: Optimisation, total_steps: int) -> Any:
    """The constant rate, or the one-cycle schedule: 10% linear warm-up to the peak, a cosine to 0 (Smith 2018)."""
    if optimisation.schedule == "constant":
        return optimisation.learning_rate
    warm_up = max(total_steps // 10, 1)
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0,
        decay_steps=max(total_steps - warm_up, 1),
        warmup_target=optimisation.learning_rate,
        warmup_steps=warm_up,
    )


def _adam(optimisation: Optimisation, total_steps: int) -> keras.optimizers.Optimizer:
    return keras.optimizers.Adam(
        learning_rate(optimisation, total_steps),
        beta_2=optimisation.beta_2,
        weight_decay=optimisation.weight_decay or None,
        use_ema=optimisation.ema > 0,
        ema_momentum=optimisation.ema,
    )


def train_network(
    network: keras.Model,
    loss: Loss,
    examples: Examples,
    optimisation: Optimisation,
    report: Report,
    *,
    task: str,
    xla: bool,
    shown: Mapping[str, Examples] | None = None,
    before: int = 0,
    in_all: int | None = None,
) -> Fitted:
    """Train `network` by Adam on the mean of `loss`.

    Args:
        task: its name in progress reports.
        xla: compile the step with XLA: faster for large dense layers, slower for a small head.
        shown: examples whose loss is recorded each epoch, but has no influence.
        before: epochs that earlier parts of this training had, for the progress.
        in_all: epochs of all its parts.

    With `patience`, a held-out share of `examples` is not learned from; training stops when its loss has not
    fallen for that many epochs, and the best epoch's weights are kept.

    Raises:
        UsageError: the loss is no longer a number.
    """
    learned = np.arange(len(examples))
    watched = {name: (each, np.arange(len(each))) for name, each in (shown or {}).items()}
    if optimisation.patience:
        learned, held_out = hold_out(len(examples), optimisation.validation_fraction, optimisation.seed)
        watched = {"val": (examples, held_out), **watched}
    n = len(learned)
    batch_size = min(optimisation.batch_size, n)
    steps = plan_steps(n, batch_size)
    early = keras.callbacks.EarlyStopping("val_loss", patience=optimisation.patience, restore_best_weights=True)
    callbacks = [
        _StopsWhenDiverged(),
        _HeldOutLosses(network, loss, watched),
        *([early] if optimisation.patience else []),
        _Progress(task, steps.per_epoch, before, in_all or optimisation.epochs, batch_size, report),
    ]
    trainer = IndexedTrainer(network, loss, examples)
    adam = _adam(optimisation, steps.per_epoch * optimisation.epochs)
    trainer.compile(adam, jit_compile=xla, steps_per_execution=steps.per_execution)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*shuffle=True.*")
        history = trainer.fit(
            index_batches(examples, learned, steps, batch_size, epochs=optimisation.epochs, seed=optimisation.seed),
            epochs=optimisation.epochs,
            steps_per_epoch=steps.per_epoch,
            callbacks=callbacks,
            verbose=0,
        )
    return _fitted({name: [float(value) for value in values] for name, values in history.history.items()}, task)


def _fitted(losses: dict[str, list[float]], task: str) -> Fitted:
    if not np.isfinite(list(losses.values())).all():
        raise UsageError(
            f"{task} diverged in epoch {len(losses['loss'])}: its loss is {losses['loss'][-1]}.",
            "Give a smaller --learning-rate, or a smaller weight of the penalty, if there is one.",
        )
    best = int(np.argmin(losses["val_loss"])) + 1 if "val_loss" in losses else len(losses["loss"])
    return Fitted(losses, best)
