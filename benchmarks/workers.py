"""From how many images on two workers are faster: `mnistae encode` with and without `--scheduler local`, in turns.

The data set is MNIST's training images, repeated, in a folder of plain IDX files, which are read in batches. Times are
of whole processes: they include the start of the workers, and the fingerprint of the images that each of them takes.
"""

import shutil
import struct
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.measuring import Contender, Table, arguments, medians, mnistae, report, take_turns
from benchmarks.plain.mnist import images

COPIES = (1, 2, 4, 8)


def write_idx(path: Path, pixels: NDArray[np.uint8], copies: int) -> None:
    """Images (N, 28, 28), several times over, as an IDX file."""
    with path.open("wb") as file:
        file.write(struct.pack(">4I", 2051, copies * len(pixels), 28, 28))
        for _ in range(copies):
            file.write(pixels.tobytes())


def main() -> None:
    """Measure and report."""
    rounds = arguments(__doc__, rounds=3).rounds
    digits = (images("train").reshape(-1, 28, 28) * 255).round().astype(np.uint8)
    folder = Path(tempfile.mkdtemp())
    artifacts = folder / "artifacts"
    mnistae("train", "--dataset", "mnist", "--epochs", "1", "--quiet", "--artifacts", artifacts)

    def encode(copies: int, *options: str) -> Contender:
        def measure() -> Mapping[str, float]:
            data = folder / str(copies)
            if not data.exists():
                data.mkdir()
                write_idx(data / "train-images-idx3-ubyte", digits, copies)
                write_idx(data / "t10k-images-idx3-ubyte", digits[:1000], 1)
            ended = mnistae("encode", "--dataset", data, "--force", "-q", "--artifacts", artifacts, *options)
            return {"seconds": ended.seconds}

        return measure

    contenders = {f"{copies}, one process": encode(copies) for copies in COPIES}
    contenders |= {f"{copies}, two workers": encode(copies, "--scheduler", "local") for copies in COPIES}
    try:
        measured = take_turns(dict(sorted(contenders.items())), rounds)
    finally:
        shutil.rmtree(folder)
    found = {name: each["seconds"] for name, each in medians(measured).items()}
    rows = []
    for copies in COPIES:
        one, two = found[f"{copies}, one process"], found[f"{copies}, two workers"]
        rows.append([f"{copies * len(digits):,}", f"{one:.1f}", f"{two:.1f}", f"{one / two:.2f}×"])
    report("workers", measured, Table(["images", "one process, s", "two workers, s", "ratio"], rows), rounds)


if __name__ == "__main__":
    main()
