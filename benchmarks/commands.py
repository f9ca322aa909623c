"""The commands after training, as whole processes: time and peak memory, with those of a plain script if it exists."""

import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from benchmarks.features import features_of_mnist
from benchmarks.measuring import (
    Contender,
    Ended,
    Table,
    arguments,
    medians,
    mnistae,
    plain,
    process,
    report,
    take_turns,
)
from benchmarks.plain.mnist import images

LIMITS = {"encode": 2.5, "predict": 1.0, "status": 0.3, "--help": 0.3, "--version": 0.3, "evaluate": 3.0}


def figures(ended: Ended) -> Mapping[str, float]:
    """What is measured of a process."""
    return {"seconds": ended.seconds, "peak_mib": ended.peak_mib}


def write_keras_head(onnx_file: Path, to: Path) -> None:
    """Our head as the file of Keras' that a plain script would have left, by the lines of docs/python.md."""
    import keras
    import onnx

    weights = [onnx.numpy_helper.to_array(each) for each in onnx.load(onnx_file).graph.initializer]
    layers = [keras.layers.Dense(len(bias), "relu") for bias in weights[1::2]]
    layers[-1].activation = keras.activations.softmax
    head = keras.Sequential([keras.Input(weights[0].shape[:1]), *layers])
    head.set_weights(weights)
    head.save(to)


def main() -> None:
    """Measure and report."""
    from PIL import Image

    rounds = arguments(__doc__, rounds=5).rounds
    folder = Path(tempfile.mkdtemp())
    artifacts = Path(shutil.copytree(features_of_mnist(), folder / "artifacts"))
    picture, keras_head = folder / "seven.png", folder / "classifier.keras"
    write_keras_head(artifacts / "classify" / "classifier.onnx", keras_head)
    Image.fromarray((images("t10k")[0].reshape(28, 28) * 255).astype(np.uint8)).save(picture)

    def ours(*command: str | Path) -> Contender:
        return lambda: figures(mnistae(*command, "--artifacts", artifacts))

    def theirs(script: str, *command: str | Path) -> Contender:
        return lambda: figures(plain(script, *command))

    # In the order of the pipeline: each stage reads what the forced stage before it has just written.
    pairs: dict[str, tuple[Contender | None, Contender]] = {
        "encode": (
            theirs("encode", artifacts / "train" / "autoencoder.keras", folder),
            ours("encode", "--force", "--quiet"),
        ),
        "classify": (None, ours("classify", "--force", "--quiet")),
        "cluster": (theirs("cluster", artifacts / "encode", "0", folder), ours("cluster", "--force", "--quiet")),
        "evaluate": (None, ours("evaluate", "--no-figures", "--force", "--quiet")),
        "predict": (theirs("predict", artifacts, keras_head, picture), ours("predict", picture)),
        "status": (None, ours("status")),
        "--help": (None, lambda: figures(mnistae("--help"))),
        "--version": (None, lambda: figures(mnistae("--version"))),
        "import keras": (None, lambda: figures(process(sys.executable, "-c", "import keras"))),
    }
    contenders: dict[str, Contender] = {}
    for name, (plain_one, our_one) in pairs.items():
        if plain_one:
            contenders[f"plain {name}"] = plain_one
        contenders[name] = our_one
    try:
        measured = take_turns(contenders, rounds)
    finally:
        shutil.rmtree(folder)
    of = medians(measured)
    rows = []
    for name in pairs:
        mine, other = of[name], of.get(f"plain {name}")
        rows.append(
            [
                f"`mnistae {name}`" if name != "import keras" else "`python -c 'import keras'`",
                f"{mine['seconds']:.2f}",
                f"{LIMITS[name]}" if name in LIMITS else "",
                f"{other['seconds']:.1f}" if other else "",
                f"{other['seconds'] / mine['seconds']:.1f}×" if other else "",
                f"{mine['peak_mib']:.0f}",
                f"{other['peak_mib']:.0f}" if other else "",
            ]
        )
    header = ["whole process", "s", "goal, s", "plain script, s", "ratio", "peak MiB", "plain peak MiB"]
    report("commands", measured, Table(header, rows), rounds)


if __name__ == "__main__":
    main()
