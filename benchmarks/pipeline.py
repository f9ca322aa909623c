"""The whole job, from import to metrics: `mnistae run` and the plain Keras script; times, scores, peak memory.

Each time of mnistae is that of a whole stage: train imports TensorFlow and exports networks, and encode also decodes.
"""

import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.measuring import Table, arguments, medians, mnistae, plain, report, take_turns
from mnistae_cli.settings import MLP, Dense

SCORES = {
    "bce": ("autoencoder", "test", "bce"),
    "mse": ("autoencoder", "test", "mse"),
    "accuracy": ("classifier", "test", "accuracy"),
    "hungarian_accuracy": ("clusters", "test", "hungarian_accuracy"),
}
STAGES = ("train", "encode", "classify", "cluster", "evaluate")


def script() -> Mapping[str, float]:
    """One run of the plain script, its own laps and scores."""
    ended = plain("pipeline")
    told = json.loads(ended.out.splitlines()[-1])
    return {"seconds": ended.seconds, "peak_mib": ended.peak_mib, **told["seconds"], **told["scores"]}


def run() -> Mapping[str, float]:
    """One run of `mnistae run`, with what its manifests say."""
    folder = Path(tempfile.mkdtemp())
    try:
        ended = mnistae("run", "--dataset", "mnist", "--no-figures", "--quiet", "--artifacts", folder)
        manifests = {stage: json.loads((folder / stage / "manifest.json").read_text()) for stage in STAGES}
        metrics = json.loads((folder / "evaluate" / "metrics.json").read_text())
    finally:
        shutil.rmtree(folder)
    times = {stage: manifests[stage]["wall_seconds"] for stage in STAGES}
    scores = {name: float(metrics[part][split][score]) for name, (part, split, score) in SCORES.items()}
    return {"seconds": ended.seconds, "peak_mib": ended.peak_mib, **times, **scores}


def main() -> None:
    """Measure and report."""
    rounds = arguments(__doc__, rounds=2).rounds
    measured = take_turns({"plain": script, "mnistae": run}, rounds)
    report("pipeline", measured, table(measured), rounds)


def table(measured: Mapping[str, Mapping[str, Sequence[float]]]) -> Table:
    """Medians and ratios."""
    of = medians(measured)
    theirs, ours = of["plain"], of["mnistae"]
    rows = [
        ["epochs of autoencoder and head", "50, 50", f"{Dense.usual_epochs}, {MLP().training.usual_epochs}", ""],
        ["whole process, s", f"{theirs['seconds']:.0f}", f"{ours['seconds']:.1f}", _ratio(theirs, ours, "seconds")],
        *(
            [f"{stage}, s", f"{theirs[stage]:.1f}", f"{ours[stage]:.1f}", _ratio(theirs, ours, stage)]
            for stage in ("train", "encode", "classify", "cluster")
        ),
        ["peak memory, MiB", f"{theirs['peak_mib']:.0f}", f"{ours['peak_mib']:.0f}", _ratio(theirs, ours, "peak_mib")],
        ["test BCE", f"{theirs['bce']:.4f}", f"{ours['bce']:.4f}", ""],
        ["test MSE", f"{theirs['mse']:.5f}", f"{ours['mse']:.5f}", ""],
        ["classifier, test accuracy", f"{theirs['accuracy']:.3f}", f"{ours['accuracy']:.3f}", ""],
        [
            "clusters, Hungarian, test",
            f"{theirs['hungarian_accuracy']:.3f}",
            f"{ours['hungarian_accuracy']:.3f}",
            "",
        ],
    ]
    return Table(["", "plain Keras script", "mnistae run", "ratio"], rows)


def _ratio(theirs: Mapping[str, float], ours: Mapping[str, float], figure: str) -> str:
    return f"{theirs[figure] / ours[figure]:.1f}×"


if __name__ == "__main__":
    main()
