"""The default settings of the dense code, each compared with nearby values, without a test image.

    python -m benchmarks.choices --rounds 2

Each run learns from 50,000 of MNIST's training images, and is scored on the other 10,000 of them; the runs of a round
have the same seed, from 100 on. Labels only score clusters. The defaults should be among the best of each group.
"""

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean

import numpy as np

from benchmarks.measuring import Table, arguments, mnistae, report
from mnistae_cli.data import load_dataset

HELD_OUT = 10_000
FIRST_SEED = 100
VARIANTS: Mapping[str, Sequence[str]] = {
    "the defaults": (),
    "--metric euclidean": (),  # the same codes
    **{
        f"{option} {value}": (option, value)
        for option, values in {
            "--learning-rate": ("4e-3", "6e-3", "1.2e-2"),
            "--code-gain": ("1", "2", "4"),
            "--beta-2": ("0.8", "0.95", "0.99"),
            "--schedule": ("one-cycle",),
            "--sparsity-weight": ("1e-7", "1e-6"),
            "--epochs": ("3", "5"),
        }.items()
        for value in values
    },
}
FIGURES = {"BCE": ("autoencoder", "bce"), "MSE": ("autoencoder", "mse"), "clusters": ("clusters", "hungarian_accuracy")}
DIGITS = {"BCE": 5, "MSE": 6, "clusters": 3}


def write_halves(path: Path) -> None:
    """The training images as a data set of their own, with a held-out part."""
    train = load_dataset("mnist", os.environ["MNISTAE_DATA_DIR"]).train
    assert train.labels is not None
    held_out = np.zeros(train.pixels.n, bool)
    held_out[np.random.default_rng(0).permutation(train.pixels.n)[:HELD_OUT]] = True
    parts = {"train": ~held_out, "test": held_out}
    pixels = {f"x_{name}": train.pixels.load()[part] for name, part in parts.items()}
    labels = {f"y_{name}": train.labels[part] for name, part in parts.items()}
    np.savez(path, **pixels, **labels)  # type: ignore[arg-type]


def scores(root: Path, seed: int, *options: str) -> Mapping[str, float]:
    """Of one setting of `cluster`, of the code in `root`."""
    mnistae("cluster", "-a", root, "--clusters", "10", "--seed", str(seed), *options)
    told = json.loads(mnistae("evaluate", "-a", root, "--no-figures", "--json").out)
    return {name: float(told[part]["test"][score]) for name, (part, score) in FIGURES.items()}


def main() -> None:
    """Measure and report."""
    rounds = arguments(__doc__, rounds=2).rounds
    folder = Path(tempfile.mkdtemp())
    measured: dict[str, dict[str, list[float]]] = {name: {figure: [] for figure in FIGURES} for name in VARIANTS}
    try:
        write_halves(folder / "halves.npz")
        for seed in range(FIRST_SEED, FIRST_SEED + rounds):
            for name, options in VARIANTS.items():
                root, by = folder / "artifacts", name.split() if "--metric" in name else ()
                if not by:
                    mnistae("train", "--dataset", folder / "halves.npz", "-a", root, "--seed", str(seed), *options)
                    mnistae("encode", "-a", root)
                for figure, value in scores(root, seed, *by).items():
                    measured[name][figure].append(value)
                print(seed, name, {figure: values[-1] for figure, values in measured[name].items()}, file=sys.stderr)
    finally:
        shutil.rmtree(folder)
    rows = [
        [name, *(f"{mean(values):.{DIGITS[figure]}f}" for figure, values in figures.items())]
        for name, figures in measured.items()
    ]
    report("choices", measured, Table(["", *FIGURES], rows), rounds)


if __name__ == "__main__":
    main()
