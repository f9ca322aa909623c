"""Which examples are learned from, and in which order."""

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.common import UsageError, setting


def hold_out(n: int, fraction: float, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Seeded indices of the examples to learn from, and of those held out for early stopping; at least one each."""
    if n < 2:
        problem = f"{setting('patience')} needs two examples: one to learn from, one to hold out."
        raise UsageError(problem, f"Leave {setting('patience')} out.")
    order = np.random.default_rng([seed, 0, 2]).permutation(n)
    n_held_out = min(max(round(n * fraction), 1), n - 1)
    return np.sort(order[n_held_out:]), np.sort(order[:n_held_out])


def epoch_order(n: int, steps: int, batch_size: int, seed: int, epoch: int) -> NDArray[np.int32]:
    """The indices of an epoch, (steps, batch_size): a permutation of n, wrapped around to fill the last batch."""
    order = np.random.default_rng([seed, epoch]).permutation(n)
    return np.resize(order, (steps, batch_size)).astype(np.int32)
