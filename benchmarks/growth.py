"""Encoding 1, 2, 4 and 8 million images from one `.npy` that memory cannot hold: time per image and peak memory.

The file has MNIST's training images, repeated. It needs 9 GB on the disk with its features. The encoder has 32 units,
so that the speed of the disk is not what is measured.
"""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from benchmarks.measuring import ROOT, Contender, Table, arguments, medians, mnistae, report, take_turns
from benchmarks.plain.mnist import images

MILLIONS = (1, 2, 4, 8)
ARTIFACTS = ROOT / "artifacts" / "benchmarks-small"


def main() -> None:
    """Measure and report."""
    rounds = arguments(__doc__, rounds=2).rounds
    mnistae("train", "--dataset", "mnist", "--latent-dim", "32", "--epochs", "1", "--quiet", "--artifacts", ARTIFACTS)
    digits = (images("train").reshape(-1, 28, 28) * 255).round().astype(np.uint8)
    folder = Path(tempfile.mkdtemp())

    def encode(millions: int) -> Contender:
        def measure() -> Mapping[str, float]:
            n = millions * 1_000_000
            path, output = folder / "images.npy", folder / "features.npy"
            whole = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=(n, 28, 28))
            for start in range(0, n, len(digits)):
                whole[start : start + len(digits)] = digits[: n - start]
            whole.flush()
            del whole
            ended = mnistae("encode", "--images", path, "--output", output, "--quiet", "--artifacts", ARTIFACTS)
            shape = np.load(output, mmap_mode="r").shape
            assert shape == (n, 32), shape
            path.unlink()
            output.unlink()
            return {
                "seconds": ended.seconds,
                "microseconds_an_image": ended.seconds / millions,
                "peak_mib": ended.peak_mib,
            }

        return measure

    try:
        measured = take_turns({f"{millions} million": encode(millions) for millions in MILLIONS}, rounds)
    finally:
        shutil.rmtree(folder)
    rows = [
        [name, f"{each['seconds']:.1f}", f"{each['microseconds_an_image']:.1f}", f"{each['peak_mib']:.0f}"]
        for name, each in medians(measured).items()
    ]
    report("growth", measured, Table(["images", "s", "µs an image", "peak MiB"], rows), rounds)


if __name__ == "__main__":
    main()
