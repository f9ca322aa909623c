"""60,000 PNG files: what a stage does with its images before its own work, the first time and later.

It opens the data set, takes its fingerprint and reads every pixel once, in batches. The files are MNIST's training
images, in ten class folders. All of them are in the file cache of the system. The plain script loads them in a loop,
without a fingerprint. Each contender is a whole process.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.measuring import Contender, Ended, Table, arguments, medians, plain, process, report, take_turns

STAGE = """
import sys
from mnistae_cli.data import load_dataset
data = load_dataset(sys.argv[1])
data.record(labels=False)
total = sum(int(batch.sum(dtype="int64")) for _, images in data.splits() for batch in images.pixels.batches(250))
print(sum(images.pixels.n for _, images in data.splits()), total)
"""


def main() -> None:
    """Measure and report."""
    rounds = arguments(__doc__, rounds=3).rounds
    from mnistae_cli.data import load_dataset

    train = load_dataset("mnist", os.environ["MNISTAE_DATA_DIR"]).train
    pixels = train.pixels.load()
    expected = int(pixels.sum(dtype=np.int64))
    base = Path(tempfile.mkdtemp())
    pictures = base / "pictures"
    assert train.labels is not None
    for number, (image, label) in enumerate(zip(pixels, train.labels, strict=True)):
        (pictures / str(label)).mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(pictures / str(label) / f"{number:05}.png")
    (base / "file").touch()
    cache = base / "cache"

    def figures(ended: Ended) -> Mapping[str, float]:
        assert ended.out.split()[-1] == str(expected), ended.out
        return {"seconds": ended.seconds, "peak_mib": ended.peak_mib}

    def stage(cache_home: Path, *, anew: bool = False) -> Contender:
        def measure() -> Mapping[str, float]:
            if anew:
                shutil.rmtree(cache_home, ignore_errors=True)
            os.environ["XDG_CACHE_HOME"] = str(cache_home)
            return figures(process(sys.executable, "-c", STAGE, pictures))

        return measure

    contenders = {
        "plain loop of Pillow's": lambda: figures(plain("pictures", pictures)),
        "mnistae, the first time": stage(cache, anew=True),
        "mnistae, later": stage(cache),
        "mnistae, each time if the cache cannot be written": stage(base / "file"),
    }
    try:
        measured = take_turns(contenders, rounds)
    finally:
        shutil.rmtree(base)
    of = medians(measured)
    loop = of["plain loop of Pillow's"]["seconds"]
    rows = [
        [name, f"{each['seconds']:.2f}", f"{loop / each['seconds']:.1f}×", f"{each['peak_mib']:.0f}"]
        for name, each in of.items()
    ]
    report("pictures", measured, Table(["60,000 PNG files", "s", "ratio", "peak MiB"], rows), rounds)


if __name__ == "__main__":
    main()
