"""Figures about codes: how many units are active, how often each one, and how strongly."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.scores import metrics


@dataclass(frozen=True)
class Codes:
    """Figures of N codes of D units.

    Args:
        density: (D,) float64 in [0, 1], the share of the codes in which each unit is active.
        active_units: (N,) int64, L0 of each code.
        mean_activation: mean over codes and units.
        hoyer_sparsity: mean over the codes.
    """

    density: NDArray[np.float64]
    active_units: NDArray[np.int64]
    mean_activation: float
    hoyer_sparsity: float


def describe_codes(batches: Iterable[NDArray[np.float32]]) -> Codes:
    """Describe codes, given as one or more batches (B, D) float32."""
    active: list[NDArray[np.int64]] = []
    n_active: NDArray[np.float64] | float = 0.0
    total, hoyer = 0.0, 0.0
    width = 0
    for batch in batches:
        width = batch.shape[1]
        active.append(metrics.active_units(batch))
        n_active = n_active + metrics.density(batch) * len(batch)
        total += float(batch.sum(dtype=np.float64))
        hoyer += float(metrics.hoyer_sparsity(batch).sum(dtype=np.float64))
    l0 = np.concatenate(active)
    return Codes(np.asarray(n_active) / len(l0), l0, total / (len(l0) * width), hoyer / len(l0))
