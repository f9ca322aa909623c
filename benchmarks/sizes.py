"""Seconds against images, from 15,000 to 240,000: training, neighbors, features, clusters and scores.

    python -m benchmarks.sizes --folder DIR

MNIST's training images and warped copies of them, as IDX files in DIR. Whole processes, except for the neighbors by
pixels, which are timed inside a process. Measurements are kept in DIR. `--plot` draws them.
"""

import argparse
import json
from pathlib import Path
from time import perf_counter

import numpy as np

from benchmarks.large import FORMS, made
from benchmarks.measuring import Table, mnistae, report
from mnistae_cli.clusters import nearest_images
from mnistae_cli.data import load_dataset

THOUSANDS = (15, 30, 60, 120, 240)
COMMANDS = {
    "train": ("train",),
    "encode": ("encode",),
    "cluster, KMeans": ("cluster",),
    "cluster, graph": ("cluster", "--method", "graph"),
    "evaluate": ("evaluate", "--no-figures"),
}
NEIGHBORS = "neighbors by pixels"


def main() -> None:
    """Measure, report and draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True, help="for images and artifacts")
    parser.add_argument("--plot", type=Path, help="PNG to draw")
    parser.add_argument("--keep", action="store_true", help="write results/, which README.md shows")
    options = parser.parse_args()
    measured = {}
    for thousands in THOUSANDS:
        known = options.folder / f"{thousands}.json"
        if not known.exists():
            images = made(options.folder / f"idx{thousands}", FORMS["idx"], thousands * 1000)
            known.write_text(json.dumps(_seconds(images, options.folder / f"artifacts{thousands}")), encoding="utf-8")
        measured[thousands] = json.loads(known.read_text(encoding="utf-8"))
    rows = [[f"{n},000", *(f"{seconds:.1f}" for seconds in each.values())] for n, each in measured.items()]
    growth = {name: _exponent(measured, name) for name in (*COMMANDS, NEIGHBORS)}
    rows.append(["exponent", *(f"{each:.2f}" for each in growth.values())])
    report("sizes", {"seconds": measured, "exponent": growth}, Table(["images", *growth], rows), 1)
    if options.plot:
        _draw(measured, options.plot)


def _seconds(images: Path, artifacts: Path) -> dict[str, float]:
    mnistae(
        "train", "--dataset", images, "--epochs", "1", "--quiet", "--artifacts", artifacts
    )  # the files are in the cache
    found = {}
    for name, command in COMMANDS.items():
        data = ("--dataset", images) if name == "train" else ()
        found[name] = mnistae(*command, *data, "--force", "--quiet", "--artifacts", artifacts).seconds
    pixels = load_dataset(str(images)).train.pixels.load()
    started = perf_counter()
    nearest_images(pixels, 4)
    found[NEIGHBORS] = perf_counter() - started
    return found


def _exponent(measured: dict[int, dict[str, float]], name: str) -> float:
    """The slope between the three largest sizes, on log axes: 1 is linear, n log n is 1.09 here."""
    n, seconds = zip(*[(np.log(n), np.log(each[name])) for n, each in list(measured.items())[-3:]], strict=True)
    return float(np.polyfit(n, seconds, 1)[0])


def _draw(measured: dict[int, dict[str, float]], path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    n = [thousands * 1000 for thousands in measured]
    for name in (*COMMANDS, NEIGHBORS):
        axes.plot(n, [each[name] for each in measured.values()], marker="o", label=name)
    axes.set(xscale="log", yscale="log", xlabel="training images", ylabel="seconds", title="Seconds against images")
    axes.set_xticks(n, [f"{each:,}" for each in n])
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=120, metadata={"Software": None})


if __name__ == "__main__":
    main()
