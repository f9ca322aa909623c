"""What is done between the steps of a training: held-out losses, a stop when it diverges, progress."""

from collections.abc import Mapping
from time import perf_counter
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from mnistae_cli.common import Advance, Report
from mnistae_cli.training.batches import Examples
from mnistae_cli.training.losses import Loss
from mnistae_cli.training.resuming import Part

HELD_OUT_BATCH = 1000


class HeldOutLosses(keras.callbacks.Callback):
    """Adds the mean loss of held-out examples to the logs of each epoch, as `{name}_loss`.

    `val_loss`, which may stop the training, includes the network's penalties at their full weight. Otherwise an early
    epoch would seem better only because its penalty had a lower weight. `held_out`: name → examples, and the indices.
    """

    def __init__(
        self, network: keras.Model, loss: Loss, held_out: Mapping[str, tuple[Examples, NDArray[np.int64]]]
    ) -> None:
        super().__init__()
        self._held_out = held_out

        @tf.function(reduce_retracing=True, autograph=False)
        def total(inputs: Any, targets: Any) -> Any:
            losses = loss(targets, network(inputs, training=False))
            penalty = tf.add_n(network.losses) if network.losses else 0.0
            return tf.reduce_sum(losses), penalty * tf.cast(tf.size(losses), tf.float32)

        self._total = total

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        """Add the held-out losses."""
        for name, (examples, indices) in self._held_out.items():
            starts = range(0, len(indices), HELD_OUT_BATCH)
            parts = (examples.pair_with_itself(indices[start : start + HELD_OUT_BATCH]) for start in starts)
            totals = [self._total(*examples.take(examples.inputs_of(part))) for part in parts]
            counted = [float(total) + (float(penalty) if name == "val" else 0.0) for total, penalty in totals]
            logs[f"{name}_loss"] = sum(counted) / len(indices)


class StopsWhenDiverged(keras.callbacks.Callback):
    """Ends a training whose loss is not a finite number. Keras' own callback for this prints to stdout."""

    def on_train_batch_end(self, batch: int, logs: dict[str, float]) -> None:
        """Stop if the loss is infinite or NaN."""
        if not np.isfinite(logs["loss"]):
            self.model.stop_training = True


class Progress(keras.callbacks.Callback):
    """Reports the progress of the training several times per epoch."""

    def __init__(self, task: str, steps: int, epochs: int, part: Part, batch_size: int, report: Report) -> None:
        super().__init__()
        self._task, self._report = task, report
        self._steps, self._before, self._in_all = steps, part.before, part.in_all or epochs
        self._batch_size = batch_size
        self._values: dict[str, float] = {}

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Note the time and the step."""
        self._first, self._started = int(self.model.optimizer.iterations), perf_counter()
        self._epoch_end = epoch + 1

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Report how much of the epoch is done."""
        done = int(self.model.optimizer.iterations) / self._steps
        done = min(done, self._epoch_end - 0.001)  # the epoch is over when its held-out loss is known
        self._report(Advance(self._task, self._before + done, self._in_all, "epochs", self._values))

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        """Report the losses of the epoch, and its speed."""
        n_steps = int(self.model.optimizer.iterations) - self._first
        rate = n_steps * self._batch_size / (perf_counter() - self._started)
        self._values = {**logs, "images_per_second": rate}
        self._report(Advance(self._task, self._before + epoch + 1, self._in_all, "epochs", self._values))
