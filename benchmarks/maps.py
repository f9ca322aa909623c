"""The map of 10,000 test features: mnistae's own t-SNE and the libraries for it, each in a separate process.

Starts from the features of `mnistae run` in --artifacts. umap-learn and openTSNE must be installed. Times include the
import of the library. Quality: how often the ten nearest dots predict the class (5-fold), and the trustworthiness of 10
neighbors on 2,000 images (Venna & Kaski 2001).
"""

import argparse
import hashlib
import importlib.util
import json
import sys
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measuring import RESULTS, Contender, Table, medians, process, report, take_turns

FIGURES = {"seconds": 1, "processor seconds": 1, "class of the 10 nearest": 3, "trustworthiness": 3}
NAMES = {
    "own": "mnistae",
    "opentsne": "openTSNE 1.0",
    "umap": "umap-learn 0.5",
    "sklearn": "scikit-learn TSNE",
}


def layout(name: str, features: np.ndarray) -> Any:
    """The places (N, 2) that a library finds with its defaults, and seed 0."""
    if name == "own":
        from mnistae_cli.pictures.maps import lay_out

        return lay_out(features)[0]
    if name == "umap":
        from umap import UMAP

        return UMAP(random_state=0).fit_transform(features)
    from sklearn.decomposition import PCA

    points = PCA(50, random_state=0).fit_transform(features)
    if name == "opentsne":
        from openTSNE import TSNE

        return np.asarray(TSNE(n_jobs=2, random_state=0).fit(points))
    from sklearn import manifold

    return manifold.TSNE(2, init="pca", random_state=0, n_jobs=2).fit_transform(points)


def measure(name: str, artifacts: Path) -> None:
    """One layout, in this process; prints its figures as JSON."""
    features = np.load(artifacts / "encode" / "features_test.npy")
    labels = np.load(artifacts / "encode" / "labels_test.npy")
    started, busy = time.perf_counter(), time.process_time()
    points = np.ascontiguousarray(layout(name, features))
    figures: dict[str, Any] = {
        "seconds": time.perf_counter() - started,
        "processor seconds": time.process_time() - busy,
    }
    from sklearn.manifold import trustworthiness
    from sklearn.model_selection import cross_val_score
    from sklearn.neighbors import KNeighborsClassifier

    some = np.random.default_rng(0).permutation(len(features))[:2000]
    figures["class of the 10 nearest"] = cross_val_score(KNeighborsClassifier(10), points, labels, cv=5).mean()
    figures["trustworthiness"] = trustworthiness(features[some], points[some], n_neighbors=10)
    print(json.dumps({each: float(value) for each, value in figures.items()}))
    print(hashlib.sha256(points.tobytes()).hexdigest(), file=sys.stderr)


def _once(name: str, artifacts: Path) -> Mapping[str, float]:
    command = (sys.executable, "-m", "benchmarks.maps", "--artifacts", artifacts, "--one", name)
    figures: dict[str, float] = json.loads(process(*command).out.splitlines()[-1])
    return figures


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--artifacts", type=Path, default=Path("artifacts"))
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="write results/, which README.md shows")
    parser.add_argument("--only", choices=NAMES, help="measure this one; the others stay as results/maps.json has them")
    parser.add_argument("--one", choices=NAMES, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        measure(given.one, given.artifacts)
        return
    modules = {"opentsne": "openTSNE", "umap": "umap"}
    there = [
        name for name in NAMES if given.only in (None, name) and importlib.util.find_spec(modules.get(name, "numpy"))
    ]
    contenders: dict[str, Contender] = {NAMES[name]: partial(_once, name, given.artifacts) for name in there}
    measured = take_turns(contenders, given.rounds)
    kept = RESULTS / "maps.json"
    if given.only and kept.exists():
        measured = json.loads(kept.read_text(encoding="utf-8"))["measured"] | measured
    rows = [
        [name, *(f"{figures[each]:.{places}f}" for each, places in FIGURES.items())]
        for name, figures in medians(measured).items()
    ]
    report("maps", measured, Table(["", *FIGURES], rows), given.rounds)


if __name__ == "__main__":
    main()
