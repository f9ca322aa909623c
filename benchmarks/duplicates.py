"""Near duplicates, by mnistae and by cleanlab's Datalab: 600 copies planted among MNIST's 10,000 test images.

    python -m benchmarks.duplicates --artifacts DIR    # of `mnistae run --dataset mnist --preset invariant`

Half of the copies are exact, half warped as in `benchmarks.oddities`; a round is a draw. Datalab compares the pixels or
the features of DIR, with its defaults; it needs `pip install datasets`. Average precision: of images in a planted
pair, ranked by the score of a method, whatever its threshold.
"""

import argparse
import os
from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path
from statistics import mean
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score

from benchmarks.measuring import Contender, Table, report, take_turns
from benchmarks.oddities import COPIES, Bytes, with_copies
from mnistae_cli.curation import find_duplicates
from mnistae_cli.data import load_dataset, unit_scale
from mnistae_cli.networks import open_network
from mnistae_cli.settings import graph_features
from mnistae_cli.store import read_stage

Found = tuple[set[frozenset[int]], NDArray[np.floating[Any]]]
"""Pairs of images, and a score of each image, (N,), that is higher where it is more likely in a pair."""
FIGURES = {"precision": 3, "recall of exact": 3, "recall of warped": 3, "average precision": 3, "seconds": 1}


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--artifacts", type=Path, default=Path("artifacts"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--keep", action="store_true", help="write results/, which README.md shows")
    given = parser.parse_args()
    train = read_stage(given.artifacts, "train")
    assert train
    encoder, columns = open_network(given.artifacts / "train" / "encoder.onnx"), graph_features(train.manifest.config)
    images = np.asarray(load_dataset("mnist", os.environ.get("MNISTAE_DATA_DIR")).test.pixels.load(), np.uint8)

    def by_features(mixed: Bytes) -> NDArray[np.float32]:
        return np.concatenate([encoder(unit_scale(part)) for part in np.array_split(mixed, 20)])[:, columns]

    contenders = {
        "mnistae, pixels": ours,
        "Datalab, pixels": lambda mixed: datalab(unit_scale(mixed).reshape(len(mixed), -1)),
        "Datalab, features": lambda mixed: datalab(by_features(mixed)),
    }
    measured = take_turns({name: _contender(find, images) for name, find in contenders.items()}, given.rounds)
    rows = [
        [name, *(f"{mean(figures[each]):.{places}f}" for each, places in FIGURES.items())]
        for name, figures in measured.items()
    ]
    report("duplicates", measured, Table(["", *FIGURES], rows), given.rounds)


def ours(mixed: Bytes) -> Found:
    """What `mnistae review` calls duplicates."""
    found = find_duplicates(mixed, np.zeros(len(mixed), bool))
    scores = np.zeros(len(mixed))
    for side in (found.images, found.originals):
        np.maximum.at(scores, side, 1 - found.errors)
    return {frozenset(pair) for pair in zip(found.images.tolist(), found.originals.tolist(), strict=True)}, scores


def datalab(features: NDArray[np.float32]) -> Found:
    """What Datalab calls near duplicates: images nearer than 0.13 of the median distance to the nearest one."""
    from cleanlab import Datalab

    lab = Datalab({"number": list(range(len(features)))}, verbosity=0)
    lab.find_issues(features=features, issue_types={"near_duplicate": {}})
    sets = lab.get_info("near_duplicate")["near_duplicate_sets"]
    pairs = {frozenset((image, int(other))) for image, others in enumerate(sets) for other in others}
    return pairs, -lab.get_issues("near_duplicate")["near_duplicate_score"].to_numpy()


def _contender(find: Callable[[Bytes], Found], images: Bytes) -> Contender:
    draws = count()

    def measure() -> Mapping[str, float]:
        mixed, planted = with_copies(images, np.random.default_rng([next(draws), 4]))
        started = perf_counter()
        pairs, scores = find(mixed)
        seconds = perf_counter() - started
        truth = np.zeros(len(mixed), bool)
        truth[[image for pair in planted for image in pair]] = True
        return {
            "precision": len(pairs & set(planted)) / max(len(pairs), 1),
            "recall of exact": mean(pair in pairs for pair in planted[:COPIES]),
            "recall of warped": mean(pair in pairs for pair in planted[COPIES:]),
            "average precision": float(average_precision_score(truth, scores)),
            "seconds": seconds,
        }

    return measure


if __name__ == "__main__":
    main()
