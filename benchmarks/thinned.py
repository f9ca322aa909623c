"""MNIST with classes of unequal size, and few images: data sets for `--dataset`, the same for the same seed.

    python -m benchmarks.thinned --ratio 10 --seed 1 --output thinned.npz

The sizes are a geometric series from the largest class to the smallest, `ratio` times smaller. The seed draws the order
of the classes and the images that stay. Training and test images are thinned alike.
"""

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.data import Dataset, load_dataset


def kept(labels: NDArray[np.uint8], shares: NDArray[np.float64], draws: np.random.Generator) -> NDArray[np.int64]:
    """Indices of the images that stay: from each class its share of the size of the smallest class before thinning."""
    most = np.bincount(labels).min()
    members = [draws.permutation(np.flatnonzero(labels == each))[: round(most * shares[each])] for each in range(10)]
    return np.sort(np.concatenate(members))


def write_thinned(path: Path, ratio: float, seed: int) -> None:
    """Write the `.npz` of one draw. MNIST is found as by `mnistae`."""
    data = load_dataset("mnist", os.environ.get("MNISTAE_DATA_DIR"))
    draws = np.random.default_rng([round(ratio), seed])
    shares = np.empty(10)
    shares[draws.permutation(10)] = ratio ** -np.linspace(0, 1, 10)
    _write(path, data, lambda split, labels: kept(labels, shares, draws))


def write_drawn(path: Path, source: str, n: int, seed: int) -> None:
    """Write the `.npz` of `n` random training images of a data set, and all of its test images."""
    data = load_dataset(source, os.environ.get("MNISTAE_DATA_DIR"))
    drawn = np.sort(np.random.default_rng(seed).permutation(data.train.pixels.n)[:n])
    _write(path, data, lambda split, labels: drawn if split == "train" else np.arange(len(labels)))


def _write(path: Path, data: Dataset, rows_of: Callable[[str, NDArray[Any]], NDArray[np.int64]]) -> None:
    """Write the `.npz` of the rows that stay; `rows_of`: name of a split, its labels → their indices."""
    arrays: dict[str, Any] = {}
    for split, images in data.splits():
        assert images.labels is not None
        stay = rows_of(split, images.labels)
        arrays |= {f"x_{split}": images.pixels.load()[stay], f"y_{split}": images.labels[stay]}
    np.savez_compressed(path, **arrays)


def write_joined(path: Path, source: str) -> None:
    """Write the `.npz` of a data set whose test images are also training images, as papers on clusters often use it."""
    data = load_dataset(source, os.environ.get("MNISTAE_DATA_DIR"))
    pixels = [images.pixels.load() for _, images in data.splits()]
    labels = [images.labels for _, images in data.splits() if images.labels is not None]
    np.savez_compressed(
        path, x_train=np.concatenate(pixels), y_train=np.concatenate(labels), x_test=pixels[1], y_test=labels[1]
    )


def main() -> None:
    """Read the options and write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ratio", type=float, default=10, help="largest class by smallest (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the draw (default: %(default)s)")
    parser.add_argument("--output", type=Path, required=True, help="the .npz file to write")
    options = parser.parse_args()
    write_thinned(options.output, options.ratio, options.seed)


if __name__ == "__main__":
    main()
