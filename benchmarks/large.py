"""Every stage on 1, 2, 4 and 8 million images, and on a million PNG files: seconds and peak memory of each process.

    python -m benchmarks.large --folder DIR

The files have MNIST's training images and warped copies of them. They are kept in DIR (33 GB with the artifacts) and
used again by a second run, like the figures of a set that was measured. What needs more than `--memory-share` stays on
the disk. Training is one epoch.
"""

import argparse
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.many import warped
from benchmarks.measuring import Ended, Table, mnistae, report
from mnistae_cli.data import Dataset, load_dataset

COMMANDS = {
    "train": ("train", "--epochs", "1"),
    "encode": ("encode",),
    "classify": ("classify", "--per-class", "1000"),
    "cluster": ("cluster",),
    "evaluate": ("evaluate",),
}
LIMITED = ("train", "cluster")  # the others never hold all images or features
SETS = ("idx:1", "idx:2", "idx:4", "idx:8", "npy:8", "png:1")
SIDE = 28
Labeled = tuple[NDArray[np.uint8], NDArray[np.uint8]]


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True, help="for images and artifacts")
    parser.add_argument("--sets", default=",".join(SETS), help="form:millions (default: %(default)s)")
    parser.add_argument("--memory-share", default="0.02", help="of the machine (default: %(default)s)")
    parser.add_argument("--keep", action="store_true", help="write results/, which README.md shows")
    options = parser.parse_args()
    measured, rows = {}, []
    for name in options.sets.split(","):
        form, millions = name.split(":")
        known = options.folder / f"{form}{millions}.json"
        if not known.exists():
            images = made(options.folder / f"{form}{millions}", FORMS[form], int(millions) * 1_000_000)
            figures = stages(images, options.folder / "artifacts", options.memory_share)
            shutil.rmtree(options.folder / "artifacts")
            known.write_text(json.dumps(figures), encoding="utf-8")
        measured[name] = json.loads(known.read_text(encoding="utf-8"))
        rows.append([form, f"{millions} million", *(_cell(measured[name].get(stage)) for stage in COMMANDS)])
    report("large", measured, Table(["form", "images", *(f"`{stage}`: s, GiB" for stage in COMMANDS)], rows), 1)


def stages(dataset: Path, artifacts: Path, share: str) -> dict[str, dict[str, float]]:
    shutil.rmtree(artifacts, ignore_errors=True)
    measured = {}
    for stage, command in COMMANDS.items():
        if dataset.suffix == ".npy" and stage == "classify":
            continue  # it has no labels
        data = ("--dataset", dataset) if stage == "train" else ()
        limit = ("--memory-share", share) if stage in LIMITED else ()
        ended: Ended = mnistae(*command, *data, *limit, "--quiet", "--artifacts", artifacts)
        measured[stage] = {"seconds": ended.seconds, "peak_gib": ended.peak_mib / 1024}
        print(f"{dataset.name}, {stage}: {ended.seconds:.1f} s, {ended.peak_mib:.0f} MiB", file=sys.stderr)
    return measured


def _cell(figures: dict[str, float] | None) -> str:
    return f"{figures['seconds']:.0f}, {figures['peak_gib']:.2f}" if figures else ""


def _copies(data: Dataset, n: int) -> Iterator[Labeled]:
    """MNIST's training images, then warped copies of them, `n` images in all."""
    train = data.train
    assert train.labels is not None
    originals = np.asarray(train.pixels.load(), np.uint8)
    for copy in range(-(-n // len(originals))):
        count = min(len(originals), n - copy * len(originals))
        yield (warped(originals, copy) if copy else originals)[:count], train.labels[:count].astype(np.uint8)


def made(base: Path, write: Callable[[Path, Iterator[Labeled], int, Dataset], Path], n: int) -> Path:
    """The data set below `base`, written if it does not exist."""
    done = base / "done"
    if not done.exists():
        shutil.rmtree(base, ignore_errors=True)
        base.mkdir(parents=True)
        data = load_dataset("mnist", os.environ.get("MNISTAE_DATA_DIR"))
        done.write_text(str(write(base, _copies(data, n), n, data)), encoding="utf-8")
    return Path(done.read_text(encoding="utf-8"))


def _idx(base: Path, copies: Iterator[Labeled], n: int, data: Dataset) -> Path:
    test = data.test
    assert test.labels is not None
    folder = base / "images"
    folder.mkdir()
    tests = iter([(np.asarray(test.pixels.load(), np.uint8), test.labels.astype(np.uint8))])
    for split, count, parts in (("train", n, copies), ("t10k", test.pixels.n, tests)):
        images, labels = folder / f"{split}-images-idx3-ubyte", folder / f"{split}-labels-idx1-ubyte"
        with images.open("wb") as pixels_file, labels.open("wb") as labels_file:
            pixels_file.write(np.array([2051, count, SIDE, SIDE], ">u4").tobytes())
            labels_file.write(np.array([2049, count], ">u4").tobytes())
            for pixels, numbers in parts:
                pixels_file.write(pixels.tobytes())
                labels_file.write(numbers.tobytes())
    return folder


def _npy(base: Path, copies: Iterator[Labeled], n: int, data: Dataset) -> Path:
    path, first = base / "images.npy", 0
    whole = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=(n, SIDE, SIDE))
    for pixels, _ in copies:
        whole[first : first + len(pixels)] = pixels
        first += len(pixels)
    whole.flush()
    return path


def _png(base: Path, copies: Iterator[Labeled], n: int, data: Dataset) -> Path:
    folder, number = base / "images", 0
    for label in range(10):
        (folder / str(label)).mkdir(parents=True)
    for pixels, labels in copies:
        for image, label in zip(pixels, labels, strict=True):
            Image.fromarray(image).save(folder / str(label) / f"{number:07}.png", compress_level=1)
            number += 1
    return folder


FORMS = {"idx": _idx, "npy": _npy, "png": _png}

if __name__ == "__main__":
    main()
