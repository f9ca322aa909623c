"""KMeans on mnistae's features of the 60,000: `mnistae cluster`'s against scikit-learn's with default settings.

Both see the same float32 array, five seeds; time of the fit alone, and the inertia it ends with.
"""

from collections.abc import Mapping
from time import perf_counter

import numpy as np

from benchmarks.features import features_of_mnist
from benchmarks.measuring import Contender, Table, arguments, medians, report, take_turns


def main() -> None:
    """Measure and report."""
    rounds = arguments(__doc__, rounds=3).rounds
    features = np.load(features_of_mnist() / "encode" / "features_train.npy")

    def scikit_learn(seed: int) -> Contender:
        def measure() -> Mapping[str, float]:
            from sklearn.cluster import KMeans

            started = perf_counter()
            fitted = KMeans(n_clusters=10, random_state=seed).fit(features)
            return {"seconds": perf_counter() - started, "inertia": float(fitted.inertia_)}

        return measure

    def mnistae(seed: int) -> Contender:
        def measure() -> Mapping[str, float]:
            from mnistae_cli.clusters import fit_kmeans
            from mnistae_cli.settings import KMeans

            started = perf_counter()
            fitted = fit_kmeans(features, seed=seed, **KMeans(n_clusters=10).fitting())
            return {"seconds": perf_counter() - started, "inertia": fitted.inertia}

        return measure

    contenders: dict[str, Contender] = {}
    for seed in range(5):
        contenders[f"scikit-learn, seed {seed}"] = scikit_learn(seed)
        contenders[f"mnistae, seed {seed}"] = mnistae(seed)
    measured = take_turns(contenders, rounds)
    of = medians(measured)
    rows = []
    for seed in range(5):
        theirs, ours = of[f"scikit-learn, seed {seed}"], of[f"mnistae, seed {seed}"]
        rows.append(
            [
                str(seed),
                f"{theirs['seconds']:.1f}",
                f"{ours['seconds']:.1f}",
                f"{theirs['seconds'] / ours['seconds']:.1f}×",
                f"{theirs['inertia']:.5g}",
                f"{ours['inertia']:.5g}",
            ]
        )
    header = ["seed", "scikit-learn, s", "mnistae, s", "ratio", "inertia, scikit-learn", "inertia, mnistae"]
    report("kmeans", measured, Table(header, rows), rounds)


if __name__ == "__main__":
    main()
