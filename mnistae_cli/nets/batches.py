"""What a network learns from, and in which order: examples held once, batches of indices into them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from mnistae_cli.errors import UsageError

EXECUTION_STEPS = range(8, 65)  # steps per call of the compiled function; fewer or many more were slower
USUAL_STEPS = 48


class Examples:
    """What a network learns from, held once, by TensorFlow; arrays that nobody else holds are let go.

    Args:
        inputs: (N, …), uint8 where 255 stands for 1, or float32.
        targets: (N, …), None where the inputs are the targets.
    """

    def __init__(self, inputs: NDArray[Any], targets: NDArray[Any] | None = None) -> None:
        self.inputs = tf.constant(inputs)
        self.targets = None if targets is None else tf.constant(targets)

    def __len__(self) -> int:
        return int(self.inputs.shape[0])

    def take(self, indices: Any) -> tuple[Any, Any]:
        """Inputs (B, …), bytes scaled to [0, 1], and targets (B, …) of the examples at `indices` (B,)."""
        inputs = tf.gather(self.inputs, indices)
        if inputs.dtype == tf.uint8:
            inputs = tf.cast(inputs, tf.float32) / 255
        return inputs, inputs if self.targets is None else tf.gather(self.targets, indices)


def hold_out(n: int, fraction: float, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Seeded indices of what is learned from and of what is held out to stop by.

    Raises:
        UsageError: one example cannot be both.
    """
    if n < 2:
        raise UsageError("--patience needs two examples: one to learn from, one to hold out.", "Leave --patience out.")
    order = np.random.default_rng([seed, 2**32]).permutation(n)
    n_held_out = min(max(round(n * fraction), 1), n - 1)
    return np.sort(order[n_held_out:]), np.sort(order[:n_held_out])


@dataclass(frozen=True)
class Steps:
    """Steps of one epoch, and how many of them go into one call of the compiled function."""

    per_epoch: int
    per_execution: int


def plan_steps(n: int, batch_size: int) -> Steps:
    """Enough steps for every example, a multiple of the steps per execution (Keras runs whole executions)."""
    needed = -(-n // batch_size)
    if needed <= EXECUTION_STEPS.start:
        return Steps(needed, needed)
    per_execution = min(EXECUTION_STEPS, key=lambda steps: (-needed % steps, abs(steps - USUAL_STEPS)))
    return Steps(-(-needed // per_execution) * per_execution, per_execution)


def epoch_order(n: int, steps: int, batch_size: int, seed: int, epoch: int) -> NDArray[np.int32]:
    """The indices of an epoch, (steps, batch_size): a permutation of n, wrapped around to fill the last batch."""
    order = np.random.default_rng([seed, epoch]).permutation(n)
    return np.resize(order, (steps, batch_size)).astype(np.int32)


def index_batches(learned: NDArray[np.int64], steps: Steps, batch_size: int, *, epochs: int, seed: int) -> Any:
    """The batches of all epochs, indices out of `learned`, one after the other, as a `tf.data.Dataset`."""
    orders = [epoch_order(len(learned), steps.per_epoch, batch_size, seed, epoch) for epoch in range(epochs)]
    options = tf.data.Options()
    options.autotune.enabled = False  # its thread sleeps, up to a minute, while the end of the training waits for it
    batches = tf.data.Dataset.from_tensor_slices(learned.astype(np.int32)[np.concatenate(orders)])
    return batches.prefetch(steps.per_execution).with_options(options)
