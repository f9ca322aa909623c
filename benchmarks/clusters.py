"""Clusters without a label: `mnistae run --preset invariant` on seeds and data not used to choose it.

    python -m benchmarks.clusters --data mnist --seeds 20-31 --artifacts DIR

`--data` is `mnist`, `digits`, a file, for example of USPS, or made from these (`benchmarks.thinned`): `thinned:3` and
`thinned:10`, where the seed also draws the sizes of the classes; `drawn:2000:mnist`, where it draws the images;
`joined:FILE`, where the test images are training images too. Each seed is trained once. Then clusters are made twice:
their number is found, and it is given as 10. Labels only score. A seed that is in the results is not run again, so that
a stopped run continues; `--anew` first removes the results of these seeds.
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import mean
from typing import Any

from benchmarks.measuring import RESULTS, Table, machine, mnistae
from benchmarks.thinned import write_drawn, write_joined, write_thinned

COMMAND = "python -m benchmarks.clusters --data DATA --seeds SEEDS --artifacts DIR"
HEADER = (
    "data",
    "seeds",
    "clusters found",
    "one-to-one: mean, worst",
    "majority: mean, worst",
    "given 10: mean, worst",
)
FIGURES = ("hungarian_accuracy", "majority_accuracy", "normalized_mutual_info", "adjusted_rand_index", "unsure")


def measured(data: str, seed: int, root: Path) -> dict[str, Any]:
    """One seed: the scores of both ways, and the seconds of each stage."""
    dataset, file = data, root.with_suffix(".npz")
    how, _, which = data.partition(":")
    if how in ("thinned", "drawn", "joined"):
        root.parent.mkdir(parents=True, exist_ok=True)
        dataset = str(file)
    if how == "thinned":
        write_thinned(file, float(which), seed)
    elif how == "drawn":
        n, _, source = which.partition(":")
        write_drawn(file, source, int(n), seed)
    elif how == "joined":
        write_joined(file, which)
    laps: dict[str, float] = {}
    found: dict[str, Any] = {"data": data, "seed": seed, "seconds": laps}

    def stage(name: str, *options: str) -> None:
        started = time.perf_counter()
        mnistae(name, "--preset", "invariant", "--seed", str(seed), "-a", root, *options)
        laps[" ".join([name, *options[-1:]] if name == "cluster" else [name])] = round(time.perf_counter() - started, 1)

    stage("train", "--dataset", dataset)
    stage("encode")
    for number in ("10", "auto"):
        stage("cluster", "--clusters", number)
        ended = mnistae("evaluate", "-a", root, "--no-figures", "--json")
        scores = json.loads(ended.out)["clusters"]
        keys = ("n_clusters", "n_small_communities", "stability")
        found[number] = {key: scores[key] for key in keys} | {
            split: {name: scores[split][name] for name in (*FIGURES, "sizes")} for split in ("train", "test")
        }
    return found


def table_of(runs: Sequence[Mapping[str, Any]]) -> Table:
    """A row per data set: mean and worst of its runs, on the held-out images."""

    def mean_and_worst(values: Sequence[float]) -> str:
        return f"{mean(values):.4f}, {min(values):.4f}"

    rows = []
    for data in dict.fromkeys(each["data"] for each in runs):
        own = [each for each in runs if each["data"] == data]
        numbers = Counter(each["auto"]["n_clusters"] for each in own)
        scores = [
            [each[way]["test"][figure] for each in own]
            for way, figure in (
                ("auto", "hungarian_accuracy"),
                ("auto", "majority_accuracy"),
                ("10", "hungarian_accuracy"),
            )
        ]
        found = ", ".join(f"{number} (×{times})" for number, times in sorted(numbers.items()))
        which = ", ".join(str(each["seed"]) for each in own)
        rows.append([data, which, found, *map(mean_and_worst, scores)])
    return Table(HEADER, rows)


def seeds(text: str) -> list[int]:
    """`20-31` or `1,2,3`."""
    first, _, last = text.partition("-")
    return list(range(int(first), int(last) + 1)) if last else [int(each) for each in text.split(",")]


def main() -> None:
    """Measure, and keep each seed as soon as it is done."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="mnist", help="what to train on (default: %(default)s)")
    parser.add_argument("--seeds", type=seeds, default=seeds("20-31"), help="as 20-31 or 1,2,3")
    parser.add_argument("--artifacts", type=Path, required=True, help="directory for the artifacts of each seed")
    parser.add_argument("--anew", action="store_true", help="drop the results of these seeds first")
    options = parser.parse_args()
    path = RESULTS / "clusters.json"
    kept: dict[str, Any] = {"command": COMMAND, "runs": []}
    if path.exists():
        kept = json.loads(path.read_text())
    *how, source = options.data.rsplit(":", 1)
    name = ":".join([*how, Path(source).stem])
    if options.anew:
        kept["runs"] = [each for each in kept["runs"] if each["data"] != name or each["seed"] not in options.seeds]
    for seed in options.seeds:
        if any((each["data"], each["seed"]) == (name, seed) for each in kept["runs"]):
            continue
        run = measured(options.data, seed, options.artifacts / f"{name.replace(':', '-')}-{seed}")
        kept["runs"] = sorted([*kept["runs"], run | {"data": name}], key=lambda each: (each["data"], each["seed"]))
        kept |= {"machine": machine(), "table": asdict(table_of(kept["runs"]))}
        path.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
        test = run["auto"]["test"]
        shown = [f"{test[figure]:.4f}" for figure in FIGURES[:2]]
        given = run["10"]["test"]["hungarian_accuracy"]
        print(name, seed, run["auto"]["n_clusters"], *shown, f"given 10: {given:.4f}", run["seconds"], file=sys.stderr)


if __name__ == "__main__":
    main()
