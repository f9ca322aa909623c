"""KMeans on mnistae's features of the 60,000: `mnistae cluster`'s, in memory and by mini-batches, and scikit-learn's.

All get the same float32 array, with five seeds. Measured are the time of the fit alone, and its final inertia.
"""

from collections.abc import Callable, Mapping
from time import perf_counter

import numpy as np

from benchmarks.features import features_of_mnist
from benchmarks.measuring import Contender, Table, arguments, medians, report, take_turns
from mnistae_cli.clusters import fit_kmeans, fit_minibatches
from mnistae_cli.data import Rows
from mnistae_cli.settings import KMeans

SEEDS = range(5)


def main() -> None:
    """Measure and report."""
    rounds = arguments(__doc__, rounds=3).rounds
    path = features_of_mnist() / "encode" / "features_train.npy"
    features = np.load(path)

    def scikit_learn(seed: int) -> float:
        from sklearn.cluster import KMeans

        return float(KMeans(n_clusters=10, random_state=seed).fit(features).inertia_)

    fits: dict[str, Callable[[int], float]] = {
        "scikit-learn": scikit_learn,
        "mnistae": lambda seed: (
            fit_kmeans(features, seed=seed, **KMeans(n_clusters=10, metric="euclidean").fitting()).inertia
        ),
        "mini-batches": lambda seed: (
            fit_minibatches(Rows.open(path), seed=seed, **KMeans(n_clusters=10, metric="euclidean").fitting()).inertia
        ),
    }
    contenders = {f"{name}, seed {seed}": _timed(fit, seed) for seed in SEEDS for name, fit in fits.items()}
    measured = take_turns(contenders, rounds)
    of = medians(measured)
    rows = []
    for seed in SEEDS:
        each = [of[f"{name}, seed {seed}"] for name in fits]
        seconds = [f"{one['seconds']:.1f}" for one in each]
        ratio = f"{each[0]['seconds'] / each[1]['seconds']:.1f}×"
        rows.append([str(seed), *seconds, ratio, *(f"{one['inertia']:.5g}" for one in each)])
    header = ["seed", *(f"{name}, s" for name in fits), "ratio", *(f"inertia, {name}" for name in fits)]
    report("kmeans", measured, Table(header, rows), rounds)


def _timed(fit: Callable[[int], float], seed: int) -> Contender:
    def measure() -> Mapping[str, float]:
        started = perf_counter()
        inertia = fit(seed)
        return {"seconds": perf_counter() - started, "inertia": inertia}

    return measure


if __name__ == "__main__":
    main()
