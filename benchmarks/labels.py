"""Few labels on MNIST: what each head, fine-tuning and ten names reach, on five encoders with a draw of labels each.

Starts from the five invariant encoders that `mnistae sweep --preset invariant --method kmeans --clusters 10
--seeds 0-4` leaves, which see no label, and makes them where they are not up to date. The names of the clusters are
those of most of the ten training images that the contact sheet shows nearest the centroid, as a person would read them.
Held-out images choose nothing.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from statistics import mean, stdev

import numpy as np

from benchmarks.measuring import ROOT, Table, arguments, mnistae, report

ARTIFACTS = ROOT / "artifacts" / "labels"
SHOWN = 10
PROTOTYPES = ("--head", "prototypes")
RUNS: Mapping[str, tuple[str, ...]] = {
    "6,000 labels, classify": ("classify", "--labels", "6000"),
    "6,000 labels, finetune": ("finetune", "--labels", "6000"),
    "1,000 labels, classify": ("classify", "--labels", "1000"),
    "1,000 labels, finetune": ("finetune", "--labels", "1000"),
    "100 labels, 10 a class, classify": ("classify", "--per-class", "10", *PROTOTYPES),
    "100 labels, 10 a class, finetune": ("finetune", "--per-class", "10"),
    "10 labels, 1 a class, classify": ("classify", "--per-class", "1", *PROTOTYPES),
    "0 labels, ten names, label": ("label",),
}
SECTIONS = {"classify": "classifier", "finetune": "finetuned", "label": "names"}
FIGURES = ("accuracy", "expected_calibration_error", "error_at_coverage_95", "seconds")


def main() -> None:
    """Measure and report."""
    seeds = arguments(__doc__, rounds=5).rounds
    sweep = (
        "--preset",
        "invariant",
        "--method",
        "kmeans",
        "--clusters",
        "10",
        "--seeds",
        f"0-{seeds - 1}",
        "--no-figures",
        "--quiet",
    )
    mnistae("sweep", *sweep, "--artifacts", ARTIFACTS)
    measured: dict[str, dict[str, list[float]]] = {name: {each: [] for each in FIGURES} for name in RUNS}
    for seed in range(seeds):
        for name, (command, *options) in RUNS.items():
            figures = _measure(ARTIFACTS / f"seed-{seed}", seed, command, *options)
            for figure in figures:
                measured[name][figure].append(figures[figure])
            print(f"seed {seed}, {name}: {figures}", flush=True)
    header = ["", "command", "accuracy", "calibration error", "error of the surest 95%", "s"]
    rows = [[name, f"`mnistae {' '.join(RUNS[name])}`", *_row(figures)] for name, figures in measured.items()]
    report("labels", measured, Table(header, rows), seeds)


def _measure(folder: Path, seed: int, command: str, *options: str) -> dict[str, float]:
    seeded = ("--names", ",".join(_names(folder))) if command == "label" else ("--seed", str(seed))
    ended = mnistae(command, *options, *seeded, "--quiet", "--force", "--artifacts", folder)
    scored = mnistae("evaluate", "--no-figures", "--json", "--quiet", "--artifacts", folder)
    scores = json.loads(scored.out)[SECTIONS[command]]["test"]
    return {each: scores[each] for each in FIGURES if each in scores} | {"seconds": ended.seconds}


def _names(folder: Path) -> list[str]:
    """What a person reads in the training images nearest each centroid."""
    features, labels = (np.load(folder / "encode" / f"{name}_train.npy") for name in ("features", "labels"))
    centroids = np.load(folder / "cluster" / "centroids.npy")
    nearest = (np.linalg.norm(features - centroid, axis=1).argsort()[:SHOWN] for centroid in centroids)
    return [str(np.bincount(labels[each]).argmax()) for each in nearest]


def _row(figures: Mapping[str, list[float]]) -> list[str]:
    cells = []
    for figure, places in zip(FIGURES, (4, 4, 4, 0), strict=True):
        values = figures[figure]
        spread = f" ± {stdev(values):.{places}f}" if len(values) > 1 and places else ""
        cells.append(f"{mean(values):.{places}f}{spread}" if values else "")
    return cells


if __name__ == "__main__":
    main()
