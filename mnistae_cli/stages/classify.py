"""`mnistae classify`: features and a share of their labels → a head and test probabilities."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.artifacts import Plan, Stored, Work, make_stage, open_stage
from mnistae_cli.calibration import held_out_temperature
from mnistae_cli.configs import ClassifyConfig
from mnistae_cli.directory import hold
from mnistae_cli.draws import Drawn, draw_from
from mnistae_cli.inference import open_network
from mnistae_cli.manifests import Manifest
from mnistae_cli.npy import load_npy
from mnistae_cli.progress import Notice, Report, silent

if TYPE_CHECKING:
    from mnistae_cli.nets.classifier import Head
    from mnistae_cli.nets.training import Fitted


def classify(config: ClassifyConfig, artifacts: Path, report: Report = silent, *, force: bool = False) -> Manifest:
    """Train a head on the features of images whose labels are drawn.

    Writes `classifier.keras`, `classifier.onnx`, `probabilities_test.npy` (N, C) float32, `labelled_indices.npy`
    (L,) int64 into the training images, and `history.csv`.

    Raises:
        MissingInput: no sound features, or no labels beside them.
        MnistaeError: labels that cannot be drawn, as `draw_labels` tells.
    """
    with hold(artifacts, report, create=False):
        encode = open_stage(artifacts, "encode")
        drawn = draw_from(encode, config)
        plan = Plan(config, inputs={"encode": encode}, dataset=drawn.record())
        return make_stage(artifacts, plan, lambda work: _fill(work, config, encode, drawn, report), report, force=force)


def _fill(work: Work, config: ClassifyConfig, encode: Stored, drawn: Drawn, report: Report) -> None:
    features = load_npy(encode.folder / "features_train.npy")[drawn.indices]
    class_names = (encode.manifest.dataset or {})["class_names"]
    report(Notice("loading TensorFlow"))
    from mnistae_cli.nets.export import export_onnx, write_history
    from mnistae_cli.nets.runtime import start_session

    start_session(config.seed)
    head, fitted = _fit(config, features, drawn.labels, len(class_names), report)
    temperature = _temperature(config, features, drawn.labels, len(class_names), report)
    head.temper(temperature)
    head.probabilities.save(work.folder / "classifier.keras")
    export_onnx(head.probabilities, work.folder / "classifier.onnx")
    write_history(work.folder / "history.csv", fitted.history)
    np.save(work.folder / "labelled_indices.npy", drawn.indices)
    probabilities = open_network(work.folder / "classifier.onnx")(load_npy(encode.folder / "features_test.npy"))
    np.save(work.folder / "probabilities_test.npy", probabilities)
    work.metrics = {
        "labels_used": len(drawn.indices),
        "class_names": class_names,
        "temperature": temperature,
        "epochs": len(fitted.history.get("loss", ())),
        "best_epoch": fitted.best_epoch,
        **{name: values[fitted.best_epoch - 1] for name, values in fitted.history.items()},
    }


def _fit(
    config: ClassifyConfig, features: NDArray[np.float32], labels: NDArray[np.uint8], n_classes: int, report: Report
) -> tuple["Head", "Fitted"]:
    """A head, and how its training went; of prototypes, which are not trained, no epoch."""
    from mnistae_cli.nets.batches import Examples
    from mnistae_cli.nets.classifier import build_head, build_prototypes
    from mnistae_cli.nets.losses import softmax_crossentropy
    from mnistae_cli.nets.training import Fitted, Optimisation, train_network

    if config.head == "prototypes":
        return build_prototypes(features, labels, n_classes), Fitted({}, 0)
    head = build_head(features, n_classes, config)
    loss = softmax_crossentropy(config.label_smoothing, n_classes)
    examples, optimisation = Examples(features, labels), Optimisation.of(config)
    return head, train_network(head.logits, loss, examples, optimisation, report, task="classify", xla=False)


def _temperature(
    config: ClassifyConfig, features: NDArray[np.float32], labels: NDArray[np.uint8], n_classes: int, report: Report
) -> float:
    """Of heads like the one that is kept, each learned without some of the drawn labels and asked about these."""

    def learn_and_tell(learned: NDArray[np.int64], held_out: NDArray[np.int64]) -> NDArray[np.float32]:
        head, _ = _fit(config, features[learned], labels[learned], n_classes, silent)
        logits: NDArray[np.float32] = head.logits(features[held_out]).numpy()
        return logits

    if not config.calibrate:
        return 1.0
    report(Notice("calibrating on held-out drawn labels"))
    temperature = held_out_temperature(labels, learn_and_tell)
    if temperature is None:
        report(Notice("too few labels: none can be held out to calibrate by"))
    return temperature or 1.0
