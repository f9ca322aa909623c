"""The training examples and their order. Examples are in memory once; batches are indices into them."""

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from mnistae_cli.data import ImageSource, epoch_order

EXECUTION_STEPS = range(8, 65)  # steps per call of the compiled function; fewer or many more were slower
USUAL_STEPS = 48
NEIGHBOR_SHARE = 0.5  # of the examples: they are paired with a neighbor, the others with themselves


class Examples:
    """The training examples, copied once, to TensorFlow. The caller can delete its own arrays afterwards.

    Images that stay on the disk are not copied: a step then gets the pixels of its batch instead of indices.

    Args:
        inputs: (N, …), uint8 from 0 to 255 or float32 from 0 to 1; or images on the disk, with `at`, which are also the
            targets.
        targets: (N, …), None if the inputs are the targets.
        neighbors: (N, k), the nearest neighbors of each example. With them, examples come in pairs: each with itself or
            with a neighbor.
        labelled: (L,), indices of the examples that have a target, if few have one. With them, examples come in pairs:
            each one after a labeled one.
    """

    def __init__(
        self,
        inputs: NDArray[Any] | ImageSource,
        targets: NDArray[Any] | None = None,
        neighbors: NDArray[np.int32] | None = None,
        labelled: NDArray[np.int64] | None = None,
    ) -> None:
        self.on_disk = inputs if isinstance(inputs, ImageSource) else None
        self.inputs: Any = None if self.on_disk else tf.constant(inputs)
        self.targets = None if targets is None else tf.constant(targets)
        self.neighbors = neighbors
        self.labelled = labelled
        self.groups: Any = None

    def regrouped(self, groups: NDArray[np.integer[Any]] | None, neighbors: NDArray[np.int32] | None = None) -> Self:
        """The same examples, of groups (N,), -1: of none, and with other neighbors (N, k) if these are given.

        With `groups`, `take` also returns the group of the first example of each pair.
        """
        other = copy(self)
        other.groups = None if groups is None else tf.constant(groups, tf.int32)
        other.neighbors = self.neighbors if neighbors is None else neighbors
        return other

    def __len__(self) -> int:
        return self.on_disk.n if self.on_disk else int(self.inputs.shape[0])

    def take(self, indices: Any) -> tuple[Any, Any]:
        """Inputs (B, …), bytes scaled to [0, 1], and targets (B, …) of the examples at `indices` (B,).

        With `neighbors` or `labelled`, `indices` are pairs (B, 2), and inputs are (B, 2, …). The targets are those of
        the first example of each pair. For examples on the disk, `indices` are what `inputs_of` returned. With groups,
        the inputs are a tuple of the images and the groups (B,) of the first examples.
        """
        inputs = tf.convert_to_tensor(indices) if self.on_disk else tf.gather(self.inputs, indices)
        if inputs.dtype == tf.uint8:
            inputs = tf.cast(inputs, tf.float32) / 255
        first, targets = (indices[:, 0], inputs[:, 0]) if self.in_pairs else (indices, inputs)
        targets = targets if self.targets is None else tf.gather(self.targets, first)
        return inputs if self.groups is None else (inputs, tf.gather(self.groups, first)), targets

    @property
    def in_pairs(self) -> bool:
        """Whether the network is trained on pairs of examples."""
        return self.neighbors is not None or self.labelled is not None

    def inputs_of(self, indices: NDArray[np.integer[Any]]) -> NDArray[Any]:
        """What a step gets for `indices` (B,): the indices, or pixels (B, H, W) from the disk."""
        return self.on_disk.at(indices) if self.on_disk and self.on_disk.at else indices

    def pair_with_itself(self, indices: NDArray[np.int64]) -> NDArray[np.int64]:
        """`indices` (B,) as `take` expects them: in pairs, each example is paired with itself."""
        return np.stack([indices, indices], axis=1) if self.in_pairs else indices

    def pair(self, indices: NDArray[np.int64], seed: int, epoch: int) -> NDArray[np.int64]:
        """`indices` as `take` expects them in training: half of the examples are paired with one of their neighbors.

        A neighbor that is not in `indices` is held out, and is not used.
        """
        pairs = self.pair_with_itself(indices)
        if self.labelled is not None:
            pairs[:, 0] = np.random.default_rng([seed, epoch, 3]).choice(self.labelled, len(indices))
        if self.neighbors is None or not self.neighbors.shape[1]:
            return pairs
        draws = np.random.default_rng([seed, epoch, 1])
        nearest = self.neighbors[indices, draws.integers(self.neighbors.shape[1], size=len(indices))]
        chosen = (draws.random(len(indices)) < NEIGHBOR_SHARE) & np.isin(nearest, indices)
        pairs[chosen, 1] = nearest[chosen]
        return pairs


@dataclass(frozen=True)
class Steps:
    """The number of steps per epoch, and per call of the compiled function."""

    per_epoch: int
    per_execution: int


def plan_steps(n: int, batch_size: int) -> Steps:
    """Enough steps for all examples: a multiple of the steps per execution, since Keras only runs whole executions."""
    needed = -(-n // batch_size)
    if needed <= EXECUTION_STEPS.start:
        return Steps(needed, needed)
    per_execution = min(EXECUTION_STEPS, key=lambda steps: (-needed % steps, abs(steps - USUAL_STEPS)))
    return Steps(-(-needed // per_execution) * per_execution, per_execution)


@dataclass(frozen=True)
class Batches:
    """The batches of a training, one after the other, from the indices `learned` (L,) of some `examples`."""

    examples: Examples
    learned: NDArray[np.int64]
    steps: Steps
    batch_size: int
    epochs: int
    seed: int

    def of_epoch(self, epoch: int) -> NDArray[np.int32]:
        """The indices of an epoch: (steps, B), or (steps, B, 2) for pairs."""
        n_steps, size = self.steps.per_epoch, self.batch_size
        order = self.learned[epoch_order(len(self.learned), n_steps, size, self.seed, epoch)].ravel()
        batches = self.examples.pair(order, self.seed, epoch).astype(np.int32)
        return batches.reshape(n_steps, size, *batches.shape[1:])

    def after(self, step: int) -> Any:
        """A `tf.data.Dataset` of the batches after `step` steps; of all batches if none are left.

        An element has the S batches of one execution, (S, B) or (S, B, 2), or their pixels (S, B, H, W).
        """
        first, done = divmod(step, self.steps.per_epoch)
        first, done = (first, done) if first < self.epochs else (0, 0)

        def executions() -> Iterator[NDArray[Any]]:
            for epoch in range(first, self.epochs):
                batches = self.of_epoch(epoch)[done if epoch == first else 0 :]
                for start in range(0, len(batches), self.steps.per_execution):
                    yield self._fed(batches[start : start + self.steps.per_execution])

        one = self._fed(self.of_epoch(0)[: self.steps.per_execution])
        batches = tf.data.Dataset.from_generator(executions, output_signature=tf.TensorSpec(one.shape, one.dtype))
        options = tf.data.Options()
        options.autotune.enabled = False  # else the training's end waits up to a minute for a sleeping thread
        return batches.prefetch(2).with_options(options)

    def _fed(self, batches: NDArray[np.int32]) -> NDArray[Any]:
        """What the steps get for batches (S, B, …) of indices."""
        if not self.examples.on_disk:
            return batches
        pixels = self.examples.inputs_of(batches.ravel())
        return pixels.reshape(*batches.shape, *pixels.shape[1:])
