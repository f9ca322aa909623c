"""KMeans on mnistae's features of the 60,000: `mnistae cluster`'s, in memory and by mini-batches, and scikit-learn's.

All get the same float32 array, with three seeds: the directions of the features, which mnistae compares by default, or
the features. Measured are the processor seconds of the fit, and how far its inertia is above the lowest one of the row.
scikit-learn takes one start by default, mnistae takes five.
"""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any

import numpy as np

from benchmarks.features import features_of_mnist
from benchmarks.measuring import Contender, Table, arguments, medians, report, take_turns
from mnistae_cli.clusters import fit_kmeans
from mnistae_cli.data import Rows
from mnistae_cli.settings import KMeans

SEEDS = range(3)
OURS = KMeans(n_clusters=10, metric="euclidean").fitting()  # of directions, for the metric `cosine`


def main() -> None:
    """Measure and report."""
    rounds = arguments(__doc__, rounds=3).rounds
    features = np.load(features_of_mnist() / "encode" / "features_train.npy")
    directions = features / np.linalg.norm(features, axis=1, keepdims=True)
    contenders: dict[str, Contender] = {}
    with TemporaryDirectory() as folder:
        for what, points in (("directions", directions), ("features", features)):
            path = Path(folder) / f"{what}.npy"
            np.save(path, points)
            for seed in SEEDS:
                for name, fit in _fits(points, path).items():
                    contenders[f"{name}, {what}, {seed}"] = _timed(fit, seed)
        measured = take_turns(contenders, rounds)
    of = medians(measured)
    rows = []
    for what in ("directions", "features"):
        for seed in SEEDS:
            each = [of[f"{name}, {what}, {seed}"] for name in _fits(features, path)]
            least = min(one["inertia"] for one in each)
            seconds = [f"{one['processor seconds']:.1f}" for one in each]
            rows.append([what, str(seed), *seconds, *(f"{one['inertia'] / least - 1:.3%}" for one in each)])
    names = list(_fits(features, path))
    header = ["", "seed", *(f"{name}, processor s" for name in names), *(f"inertia, {name}" for name in names)]
    report("kmeans", measured, Table(header, rows), rounds)


def _fits(points: Any, path: Path) -> dict[str, Callable[[int], float]]:
    """Name → seed → inertia."""

    def scikit_learn(n_init: int, seed: int) -> float:
        from sklearn.cluster import KMeans

        return float(KMeans(n_clusters=10, n_init=n_init, random_state=seed).fit(points).inertia_)

    return {
        "scikit-learn": partial(scikit_learn, 1),
        "scikit-learn, 5 starts": partial(scikit_learn, 5),
        "mnistae": lambda seed: fit_kmeans(points, seed=seed, **OURS).inertia,
        "mini-batches": lambda seed: fit_kmeans(Rows.open(path), seed=seed, **OURS).inertia,
    }


def _timed(fit: Callable[[int], float], seed: int) -> Contender:
    def measure() -> Mapping[str, float]:
        started, busy = perf_counter(), process_time()
        inertia = fit(seed)
        return {
            "seconds": perf_counter() - started,
            "processor seconds": process_time() - busy,
            "inertia": inertia,
        }

    return measure


if __name__ == "__main__":
    main()
