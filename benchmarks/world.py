"""Many kinds of images without a label: `mnistae run --preset invariant` on each data set, with baselines beside it.

    python -m benchmarks.world --folder FOLDER --data devanagari,fashion --seeds 40-44 --artifacts DIR

FOLDER has `devanagari.npz`, `quickdraw8.npz`, `fashion.npz`, `omniglot8.npz`, `optdigits32.npz`, `usps.npz` and
`sign_digits`, a folder of pictures; `mnist` and `digits` are known by their names. Labels only score.

With `--baselines`, the pixels, their first 50 principal components and their UMAP (umap-learn must be installed) go
through the same graph, for the first seed. A seed that is in the results is not run again, so that a stopped run
continues; `--anew` first removes the results of these seeds.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.clusters import seeds
from benchmarks.measuring import RESULTS, Table, machine, mnistae

COMMAND = "python -m benchmarks.world --folder FOLDER --data DATA --seeds SEEDS --artifacts DIR"
PATH = RESULTS / "world.json"
LIGHT = ("--mirror", "--brightness", "0.4", "--contrast", "0.4")
UPRIGHT = ("--rotation", "3", "--shear", "0", "--zoom", "0.05", "--shift", "0.04", "--occlusion", "0.2")  # lie alike
HANDS = ("--rotation", "10", "--shear", "0.15", "--channels", "16,48,96")
PER_CLASS = 10  # labels
FEW = f"{PER_CLASS} labels a class"
Features = NDArray[np.float32]
Labels = NDArray[np.integer[Any]]


@dataclass(frozen=True)
class Data:
    """A data set: the file or name for `--dataset`, the number of its classes, and the options that fit it."""

    source: str
    n_classes: int
    options: Sequence[str] = ()


WORLD = {
    "devanagari": Data("devanagari.npz", 46),
    "quickdraw8": Data("quickdraw8.npz", 8, ("--mirror",)),
    "fashion": Data("fashion.npz", 10, (*LIGHT, *UPRIGHT)),
    "omniglot8": Data("omniglot8.npz", 242),
    "sign_digits": Data("sign_digits", 10, (*LIGHT, *HANDS)),
    "optdigits32": Data("optdigits32.npz", 10),
    "usps": Data("usps.npz", 10),
    "digits": Data("digits", 10),
    "mnist": Data("mnist", 10),
}
HEADER = (
    "data (classes)",
    "features, seeds",
    "5-NN",
    "logistic",
    "purity of 100",
    FEW,
    "found",
    "apart",
    "majority: mean, worst",
    "one-to-one: mean, worst",
)


def measured(name: str, seed: int, folder: Path, root: Path) -> dict[str, Any]:
    """One run: the scores of its clusters and of its embedding, and the seconds of each stage."""
    data, laps = WORLD[name], {}
    source = data.source if name in ("mnist", "digits") else str(folder / data.source)
    for stage, *options in (("train", "--dataset", source, *data.options), ("encode",), ("cluster",)):
        started = time.perf_counter()
        mnistae(stage, "--preset", "invariant", "--seed", str(seed), "-a", root, *options)
        laps[stage] = round(time.perf_counter() - started, 1)
    mnistae("classify", "--per-class", str(PER_CLASS), "--seed", str(seed), "-a", root)
    every = json.loads(mnistae("evaluate", "-a", root, "--no-figures", "--json").out)
    scores, few = every["clusters"], every["classifier"]["test"]["accuracy"]
    found = {key: scores[key] for key in ("n_clusters", "n_small_communities", "stability", "apart")}
    for split in ("train", "test"):
        found[split] = {key: scores[split][key] for key in ("majority_accuracy", "hungarian_accuracy", "unsure")}
    width = json.loads((root / "train" / "manifest.json").read_text())["config"]["latent_dim"]
    train, test = ((features[:, -width:], labels) for features, labels in _encoded(root))
    return {"features": "mnistae", "seed": seed, **found, **described(train, test), FEW: few, "seconds": laps}


def baselines(name: str, seed: int, folder: Path) -> list[dict[str, Any]]:
    """The pixels, their principal components and their UMAP through the same graph."""
    from sklearn.decomposition import PCA

    (train, train_labels), (test, test_labels) = _pixels(name, folder)
    components = PCA(50, random_state=0).fit(train)
    ways: dict[str, Callable[[Features], Features]] = {"pixels": lambda x: x, "PCA, 50": components.transform}
    try:
        from umap import UMAP

        umap = UMAP(n_components=10, random_state=seed).fit(train)
        middle = umap.embedding_.mean(axis=0)
        ways["UMAP, 10"] = lambda x: (umap.embedding_ if x is train else umap.transform(x)) - middle
    except ImportError:
        print("umap-learn is not installed: its row is left out", file=sys.stderr)
    rows = []
    for features, way in ways.items():
        sides = (way(train).astype(np.float32), train_labels), (way(test).astype(np.float32), test_labels)
        rows.append({"features": features, "seed": seed, **grouped(*sides, seed), **described(*sides)})
    return rows


def grouped(train: tuple[Features, Labels], test: tuple[Features, Labels], seed: int) -> dict[str, Any]:
    """The clusters that the graph of these features shows, and their scores."""
    from mnistae_cli.clusters import VOTERS, Directions, find_clusters, place_by_neighbors
    from mnistae_cli.scores import contingency_table, metrics

    directions = Directions(train[0])
    found = find_clusters(directions, None, seed=seed)
    placed = place_by_neighbors(directions.nearest(test[0], VOTERS), found.placement.clusters).clusters
    n_classes = int(max(train[1].max(), test[1].max())) + 1
    tables = [
        contingency_table(clusters, labels, len(found.sizes), n_classes)
        for clusters, labels in ((found.placement.clusters, train[1]), (placed, test[1]))
    ]
    majority, one_to_one = metrics.majority_mapping(tables[0]), metrics.hungarian_mapping(tables[0])
    scores: dict[str, Any] = {"n_clusters": found.n_clusters, "stability": found.stability, "apart": found.apart}
    for split, table in zip(("train", "test"), tables, strict=True):
        scores[split] = {
            "majority_accuracy": metrics.mapped_accuracy(table, majority),
            "hungarian_accuracy": metrics.mapped_accuracy(table, one_to_one),
        }
    return scores


def described(train: tuple[Features, Labels], test: tuple[Features, Labels]) -> dict[str, float]:
    """How well simple learners that see the labels read the classes from features, on held-out images."""
    from sklearn.cluster import KMeans
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler, normalize

    from mnistae_cli.clusters import Directions
    from mnistae_cli.scores import contingency_table, metrics

    nearest = Directions(train[0]).nearest(test[0], 5).indices
    votes = np.zeros((len(test[0]), int(train[1].max()) + 1))
    np.add.at(votes, (np.arange(len(votes))[:, None], train[1][nearest]), 1 + 1e-3 * np.arange(5)[::-1])
    logistic = make_pipeline(StandardScaler(), LogisticRegression(max_iter=200)).fit(*train)
    clusters = KMeans(100, n_init=1, random_state=0).fit_predict(normalize(train[0]))
    return {
        "5-NN": float((votes.argmax(axis=1) == test[1]).mean()),
        "logistic": float(logistic.score(*test)),
        "purity of 100": metrics.purity(contingency_table(clusters, train[1], 100, votes.shape[1])),
    }


def _encoded(root: Path) -> list[tuple[Features, Labels]]:
    folder = root / "encode"
    return [
        (np.load(folder / f"features_{split}.npy"), np.load(folder / f"labels_{split}.npy").astype(int))
        for split in ("train", "test")
    ]


def _pixels(name: str, folder: Path) -> list[tuple[Features, Labels]]:
    import mnistae_cli as api

    known = {"mnist": api.load_mnist, "digits": api.load_digits}
    loaded = known[name]() if name in known else api.load_images(folder / WORLD[name].source)
    return [
        (split.images.reshape(len(split.images), -1).astype(np.float32), np.asarray(split.labels, int))
        for split in (loaded.train, loaded.test)
    ]


def table_of(kept: Mapping[str, Sequence[Mapping[str, Any]]]) -> Table:
    """A row per data set and kind of features: means over the seeds, on the held-out images."""
    rows = []
    for name, runs in kept.items():
        for features in dict.fromkeys(each["features"] for each in runs):
            own = [each for each in runs if each["features"] == features]

            def averaged(key: str, own: Sequence[Mapping[str, Any]] = own) -> str:
                values = [each[key] for each in own if key in each]
                return f"{mean(values):.3f}" if values else "–"

            def scored(key: str, own: Sequence[Mapping[str, Any]] = own) -> str:
                values = [each["test"][key] for each in own]
                return f"{mean(values):.3f}, {min(values):.3f}"

            apart = [each["apart"] for each in own if each["apart"] is not None]
            rows.append(
                [
                    f"{name} ({WORLD[name].n_classes})",
                    f"{features}, {', '.join(str(each['seed']) for each in own)}",
                    *(averaged(key) for key in ("5-NN", "logistic", "purity of 100", FEW)),
                    ", ".join(str(each["n_clusters"]) for each in own),
                    f"{mean(apart):.2f}" if apart else "–",
                    *(scored(key) for key in ("majority_accuracy", "hungarian_accuracy")),
                ]
            )
    return Table(HEADER, rows)


def main() -> None:
    """Measure, and keep each run as soon as it is done."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path(), help="folder of the data sets")
    parser.add_argument("--data", default=",".join(WORLD), help="the sets (default: %(default)s)")
    parser.add_argument("--seeds", type=seeds, default=seeds("40-44"), help="for example 40-44 or 1,2,3")
    parser.add_argument("--artifacts", type=Path, required=True, help="directory for the artifacts of each run")
    parser.add_argument("--baselines", action="store_true", help="also pixels, PCA and UMAP, with the first seed")
    parser.add_argument("--anew", action="store_true", help="drop the results of these sets and seeds first")
    options = parser.parse_args()
    kept: dict[str, list[dict[str, Any]]] = {}
    if PATH.exists():
        kept = json.loads(PATH.read_text())["runs"]
    for seed in options.seeds:
        for name in options.data.split(","):
            runs = kept.setdefault(name, [])
            if options.anew:
                runs[:] = [each for each in runs if each["seed"] != seed]
            known = {each["features"] for each in runs if each["seed"] == seed}
            if "mnistae" not in known:
                runs.append(measured(name, seed, options.folder, options.artifacts / f"{name}-{seed}"))
            if options.baselines and seed == options.seeds[0] and known <= {"mnistae"}:
                runs += baselines(name, seed, options.folder)
            runs.sort(key=lambda each: (each["features"] != "mnistae", each["features"], each["seed"]))
            content = {"command": COMMAND, "machine": machine(), "runs": kept, "table": asdict(table_of(kept))}
            PATH.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
            print(name, *map(json.dumps, (each for each in runs if each["seed"] == seed)), file=sys.stderr)
    print(table_of(kept).markdown())


if __name__ == "__main__":
    main()
