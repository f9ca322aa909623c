"""What the checkpoints of a training cost: `train` with checkpoints and without, in turns.

    python -m benchmarks.checkpoints --rounds 3

MNIST in memory, the dense code for 8 epochs and the invariant one for 2. The whole stage is measured, with exporting
and hashing, but without loading TensorFlow.
"""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from time import perf_counter
from typing import Any
from unittest.mock import patch

from benchmarks.measuring import Contender, Table, arguments, medians, report, take_turns
from mnistae_cli.common.progress import silent
from mnistae_cli.settings import TrainConfig
from mnistae_cli.settings.kinds import make
from mnistae_cli.stages.train import open_data, train
from mnistae_cli.store import Checkpoint

CODES: dict[str, dict[str, Any]] = {
    "dense, 8 epochs": {"epochs": 8},
    "invariant, 2 epochs": {"model": "invariant", "epochs": 2},
}


def contender(settings: Mapping[str, Any], kept: bool) -> Contender:
    """Train once, and count the checkpoints."""
    config = make(TrainConfig, {**settings, "data_dir": os.environ["MNISTAE_DATA_DIR"]})
    data = open_data(config, Path("nowhere"))
    save = Checkpoint.save

    def measure() -> Mapping[str, float]:
        count = 0

        def counted(self: Checkpoint, *what: Any) -> None:
            nonlocal count
            count += 1
            if kept:
                save(self, *what)

        with tempfile.TemporaryDirectory() as root, patch.object(Checkpoint, "save", counted):
            started = perf_counter()
            train(config, Path(root), silent, data=data)
            return {"seconds": perf_counter() - started, "checkpoints": float(count)}

    return measure


def main() -> None:
    """Measure and report."""
    options = arguments(__doc__, 3)
    contenders = {
        f"{code}, {'kept' if kept else 'not kept'}": contender(settings, kept)
        for code, settings in CODES.items()
        for kept in (True, False)
    }
    measured = take_turns(contenders, options.rounds)
    middle = medians(measured)
    rows = []
    for code in CODES:
        with_it, without = middle[f"{code}, kept"], middle[f"{code}, not kept"]
        cost = with_it["seconds"] / without["seconds"] - 1
        numbers = f"{with_it['seconds']:.1f}", f"{without['seconds']:.1f}", f"{100 * cost:+.1f}%"
        rows.append([code, f"{with_it['checkpoints']:.0f}", *numbers])
    header = ["code", "checkpoints", "with them, s", "without, s", "cost"]
    report("checkpoints", measured, Table(header, rows), options.rounds)


if __name__ == "__main__":
    main()
