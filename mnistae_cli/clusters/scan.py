"""How many clusters there are: the number that stays the same over the widest range of what counts as apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.clusters.communities import Merging
from mnistae_cli.scores import adjusted_rand_index, contingency_table

# Two clusters are apart when the conductance of the cut between them is below this. Between classes of images it was at
# most 1.2%, inside of them at least 1.8%: see docs/clusters.md. Nearer to the middle counts more.
USUAL = 0.0147
THRESHOLDS = np.geomspace(USUAL / 3.5, USUAL * 3.5, 25)
WEIGHTS = 1 - np.abs(np.log(THRESHOLDS / USUAL)) / np.log(4)  # what is usual decides between ranges of similar width
STABLE = 0.98  # least adjusted Rand index, mean over pairs of runs


@dataclass(frozen=True)
class Scan:
    """What each threshold gives. T thresholds, S runs of Leiden that differ by their seed.

    Args:
        conductances: (T,), the thresholds: two clusters less apart are merged.
        n_clusters: (T, S).
        stability: (T,), the mean adjusted Rand index between the clusters of two runs; 1: the same.
        chosen: the index of the chosen threshold.
    """

    conductances: NDArray[np.float64]
    n_clusters: NDArray[np.int64]
    stability: NDArray[np.float64]
    chosen: int

    @property
    def plateau(self) -> NDArray[np.bool_]:
        """(T,), the thresholds around the chosen one that give the same number of clusters."""
        usual = np.median(self.n_clusters, axis=1).astype(int)
        differs = np.flatnonzero(usual != usual[self.chosen])
        first = max((each + 1 for each in differs if each < self.chosen), default=0)
        last = min((each for each in differs if each > self.chosen), default=len(usual))
        inside = np.arange(len(usual))
        return (inside >= first) & (inside < last)

    @property
    def width(self) -> float:
        """The weight of the stable thresholds of the plateau, as a share of the weight of all thresholds, in [0, 1]."""
        return float(WEIGHTS[self.plateau & (self.stability >= STABLE)].sum() / WEIGHTS.sum())


def scan_thresholds(mergings: Sequence[Merging]) -> Scan:
    """Cut each merging at each threshold, and choose the middle of the widest range of one stable number.

    The width is the sum over its stable thresholds t of 1 - |log(t / 0.0147)| / log 4. No label is looked at.

    Args:
        mergings: of S runs.
    """
    numbers = np.array([[each.n_apart(threshold) for each in mergings] for threshold in THRESHOLDS])
    known: dict[tuple[int, ...], float] = {}
    for row in map(tuple, numbers.tolist()):
        if row not in known:
            known[row] = agreement([each.clusters(n) for each, n in zip(mergings, row, strict=True)])
    stability = np.array([known[tuple(row)] for row in numbers.tolist()])
    usual = np.median(numbers, axis=1).astype(int)
    counted = WEIGHTS * np.where(stability >= STABLE, 1.0, 1e-3)
    edges = np.flatnonzero(np.diff(usual)) + 1
    ranges = np.split(np.arange(len(usual)), edges)
    widest = max(ranges, key=lambda each: counted[each].sum())
    return Scan(THRESHOLDS, numbers, stability, int(widest[counted[widest].argmax()]))


def agreement(partitions: Sequence[NDArray[np.int32]]) -> float:
    """The mean adjusted Rand index over all pairs of partitions (N,), at most 1; 1 of a single one."""
    numbers = [int(each.max()) + 1 for each in partitions]
    tables = [
        contingency_table(partitions[i], partitions[j], numbers[i], numbers[j])
        for i, j in combinations(range(len(partitions)), 2)
    ]
    return float(np.mean([adjusted_rand_index(each) for each in tables])) if tables else 1.0


def most_central(partitions: Sequence[NDArray[np.int32]]) -> int:
    """The index of the partition that agrees best with the others."""
    means = [agreement([one, other]) for one in partitions for other in partitions]
    return int(np.reshape(means, (len(partitions), -1)).mean(axis=1).argmax())
