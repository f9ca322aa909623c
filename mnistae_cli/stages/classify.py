"""`mnistae classify`: features and a share of their labels → a head and test probabilities."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.data import Drawn, Rows, draw_from
from mnistae_cli.inference import open_network
from mnistae_cli.progress import Notice, Report, silent
from mnistae_cli.scores import held_out_temperature
from mnistae_cli.settings import MLP, ClassifyConfig, Prototypes, reads_of
from mnistae_cli.store import Manifest, Plan, Stored, Work, hold, make_stage, open_stages

if TYPE_CHECKING:
    from mnistae_cli.nets import Fitted, Head


def classify(config: ClassifyConfig, artifacts: Path, report: Report = silent, *, force: bool = False) -> Manifest:
    """Train a head on the features of images whose labels are drawn.

    Writes `classifier.keras`, `classifier.onnx`, `probabilities_test.npy` (N, C) float32, `labelled_indices.npy`
    (L,) int64 into the training images, and `history.csv`.

    Raises:
        MissingInput: no valid features, or no labels for them.
        MnistaeError: the labels cannot be drawn: see `draw_labels`.
    """
    with hold(artifacts, report, create=False):
        inputs = open_stages(artifacts, reads_of(config))
        encode = inputs["encode"]
        drawn = draw_from(encode, config)
        plan = Plan("classify", config, inputs=inputs, dataset=drawn.record())
        return make_stage(artifacts, plan, lambda work: _fill(work, config, encode, drawn, report), report, force=force)


def _fill(work: Work, config: ClassifyConfig, encode: Stored, drawn: Drawn, report: Report) -> None:
    features = Rows.of(encode.folder / "features_train.npy").take(drawn.indices)
    class_names = (encode.manifest.dataset or {})["class_names"]
    drawn.warn_of_missed(class_names, report)
    report(Notice("loading TensorFlow"))
    from mnistae_cli import nets

    nets.start_session(config.seed)
    head, fitted = _fit(config, features, drawn.labels, len(class_names), report)
    temperature = _temperature(config, features, drawn.labels, len(class_names), report)
    head.temper(temperature)
    head.probabilities.save(work.folder / "classifier.keras")
    nets.export_onnx(head.probabilities, work.folder / "classifier.onnx")
    nets.write_history(work.folder / "history.csv", fitted.history)
    np.save(work.folder / "labelled_indices.npy", drawn.indices)
    predict, test = open_network(work.folder / "classifier.onnx"), Rows.of(encode.folder / "features_test.npy")
    np.save(work.folder / "probabilities_test.npy", np.concatenate([predict(batch) for batch in test.batches()]))
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
    """A head and its training history, which is empty for prototypes: they are not trained."""
    from mnistae_cli import nets

    kind = config.head
    if isinstance(kind, Prototypes):
        return nets.build_prototypes(features, labels, n_classes), nets.Fitted({}, 0)
    hidden = kind.hidden if isinstance(kind, MLP) else None
    head = nets.build_head(features, n_classes, hidden=hidden, standardize=kind.features.standardize)
    loss = nets.softmax_crossentropy(kind.training.label_smoothing, n_classes)
    examples, optimisation = nets.Examples(features, labels), nets.Optimisation.of(kind.training, config.seed)
    return head, nets.train_network(head.logits, loss, examples, optimisation, report, task="classify", xla=False)


def _temperature(
    config: ClassifyConfig, features: NDArray[np.float32], labels: NDArray[np.uint8], n_classes: int, report: Report
) -> float:
    """The temperature, from heads like the kept one: each is trained without a part of the labels, and tested on it."""

    def fit_and_predict(learned: NDArray[np.int64], held_out: NDArray[np.int64]) -> NDArray[np.float32]:
        head, _ = _fit(config, features[learned], labels[learned], n_classes, silent)
        logits: NDArray[np.float32] = head.logits(features[held_out]).numpy()
        return logits

    if not config.calibrate:
        return 1.0
    report(Notice("calibrating on held-out drawn labels"))
    temperature = held_out_temperature(labels, fit_and_predict)
    if temperature is None:
        report(Notice("too few labels: none can be held out for the calibration"))
    return temperature or 1.0
