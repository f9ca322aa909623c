"""A folder as it comes from cutting symbols out of scans, made from MNIST, beside the same images as MNIST has them.

    python -m benchmarks.cut_digits --artifacts DIR --seeds 10,11

Each digit is cut out at its ink with a margin of 0 to 3 pixels, scaled by 0.5 to 1.5, and printed black on white. A
third of them is inverted. Half are JPEG, half PNG. The first 10,000 images of MNIST's training split are for training,
the next 2,000 for the test. The draws of margin, scale and polarity have the seed of the run.
"""

import argparse
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.measuring import mnistae
from mnistae_cli.data import load_dataset
from mnistae_cli.store import open_stage

N_TRAIN, N_TEST = 10_000, 2_000
MOST_MARGIN, SCALES = 3, (0.5, 1.5)


def cut_out(image: NDArray[np.uint8], draws: np.random.Generator) -> NDArray[np.uint8]:
    """A light digit on dark ground, cut out at its ink and scaled: black on white, or inverted."""
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    ink = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    ink = np.pad(ink, draws.integers(0, MOST_MARGIN + 1, (2, 2)))
    scale = draws.uniform(*SCALES)
    size = (max(round(ink.shape[1] * scale), 1), max(round(ink.shape[0] * scale), 1))
    scaled = np.asarray(Image.fromarray(ink).resize(size, Image.Resampling.LANCZOS))
    return scaled if draws.random() < 1 / 3 else 255 - scaled


def write_folder(folder: Path, seed: int) -> None:
    """Write the pictures into `train/` and `test/`, with a folder for each class."""
    train, draws = load_dataset("mnist", os.environ.get("MNISTAE_DATA_DIR")).train, np.random.default_rng(seed)
    assert train.labels is not None
    for number, image in enumerate(train.pixels.load()[: N_TRAIN + N_TEST]):
        into = folder / ("train" if number < N_TRAIN else "test") / str(train.labels[number])
        into.mkdir(parents=True, exist_ok=True)
        ending = "png" if draws.random() < 0.5 else "jpg"
        Image.fromarray(cut_out(np.asarray(image, np.uint8), draws)).save(into / f"{number:05}.{ending}")


def write_array(path: Path) -> None:
    """Write the same images, as MNIST has them."""
    train = load_dataset("mnist", os.environ.get("MNISTAE_DATA_DIR")).train
    assert train.labels is not None
    images, labels = train.pixels.load()[: N_TRAIN + N_TEST], train.labels[: N_TRAIN + N_TEST]
    parts = {"train": slice(N_TRAIN), "test": slice(N_TRAIN, None)}
    arrays: dict[str, Any] = {
        f"{kind}_{split}": each[part] for split, part in parts.items() for kind, each in (("x", images), ("y", labels))
    }
    np.savez_compressed(path, **arrays)


def main() -> None:
    """Run both with each seed; print number of clusters and majority accuracy of the test images."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--artifacts", type=Path, required=True, help="directory for everything")
    parser.add_argument("--seeds", default="10", help="of draws and trainings, for example 10,11")
    parser.add_argument("--frame", default="pad", help="of the cut pictures (default: %(default)s)")
    options = parser.parse_args()
    options.artifacts.mkdir(parents=True, exist_ok=True)
    print("seed", "images", "clusters", "majority accuracy", sep="\t")
    for seed in map(int, options.seeds.split(",")):
        with tempfile.TemporaryDirectory() as made:
            folder, array = Path(made) / "cut", Path(made) / "whole.npz"
            write_folder(folder, seed)
            write_array(array)
            for name, data, frame in (
                ("as in MNIST", array, ()),
                (f"cut, {options.frame}", folder, ("--frame", options.frame)),
            ):
                artifacts = options.artifacts / f"{name.split(',')[0].replace(' ', '-')}-{seed}"
                mnistae(*("run", "--preset", "invariant", "--no-figures", "--dataset", data, "--seed", str(seed)),
                        *(*frame, "--artifacts", artifacts))  # fmt: skip
                clusters = open_stage(artifacts, "evaluate").manifest.metrics["clusters"]
                found = len(open_stage(artifacts, "cluster").manifest.metrics["cluster_sizes"])
                print(seed, name, found, f"{clusters['test']['majority_accuracy']:.4f}", sep="\t", flush=True)


if __name__ == "__main__":
    main()
