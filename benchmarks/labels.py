"""Few labels on MNIST: each head, fine-tuning and ten names, with one encoder and one draw of labels per seed.

    python -m benchmarks.labels --artifacts DIR

Starts from `DIR/mnist-SEED` of `python -m benchmarks.clusters --artifacts DIR`: an invariant code and its clusters,
made without labels. What is missing or stale there is made first. The name of a cluster is the most frequent digit of
the ten training images that the contact sheet shows as the surest, as a person would read them. Held-out images are not
used to choose anything.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from statistics import mean, stdev

import numpy as np

from benchmarks.clusters import seeds
from benchmarks.measuring import Table, mnistae, parser_of_artifacts, report

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
    parser = parser_of_artifacts(__doc__)
    parser.add_argument("--seeds", type=seeds, default=seeds("20-24"), help="of code and draw, as 20-24 or 1,2,3")
    options = parser.parse_args()
    measured: dict[str, dict[int, Mapping[str, float]]] = {name: {} for name in RUNS}
    for seed in options.seeds:
        folder = options.artifacts / f"mnist-{seed}"
        mnistae("run", "--preset", "invariant", "--seed", str(seed), "--no-figures", "--quiet", "-a", folder)
        for name, (command, *settings) in RUNS.items():
            measured[name][seed] = _measure(folder, seed, command, *settings)
            print(f"seed {seed}, {name}: {measured[name][seed]}", flush=True)
    header = ["", "command", "accuracy", "calibration error", "error of the surest 95%", "s"]
    rows = [[name, f"`mnistae {' '.join(RUNS[name])}`", *_row(list(runs.values()))] for name, runs in measured.items()]
    report("labels", measured, Table(header, rows), len(options.seeds))


def _measure(folder: Path, seed: int, command: str, *options: str) -> dict[str, float]:
    seeded = ("--names", ",".join(_names(folder))) if command == "label" else ("--seed", str(seed))
    ended = mnistae(command, *options, *seeded, "--quiet", "--force", "--artifacts", folder)
    scored = mnistae("evaluate", "--no-figures", "--json", "--quiet", "--artifacts", folder)
    scores = json.loads(scored.out)[SECTIONS[command]]["test"]
    return {each: scores[each] for each in FIGURES if each in scores} | {"seconds": ended.seconds}


def _names(folder: Path) -> list[str]:
    """What a person reads in the surest training images of each cluster."""
    from mnistae_cli.clusters import Placement

    labels, placement = np.load(folder / "encode" / "labels_train.npy"), Placement.load(folder / "cluster", "train")
    clusters = range(placement.clusters.max() + 1)
    shown = [placement.typical_first(each, by_distance=False)[:SHOWN] for each in clusters]
    return [str(np.bincount(labels[each]).argmax()) for each in shown]


def _row(runs: list[Mapping[str, float]]) -> list[str]:
    cells = []
    for figure, places in zip(FIGURES, (4, 4, 4, 0), strict=True):
        values = [each[figure] for each in runs if figure in each]
        spread = f" ± {stdev(values):.{places}f}" if len(values) > 1 and places else ""
        cells.append(f"{mean(values):.{places}f}{spread}" if values else "")
    return cells


if __name__ == "__main__":
    main()
