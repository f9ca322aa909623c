"""`mnistae classify`: features and a share of their labels → a head and test probabilities."""

from pathlib import Path

import numpy as np

from mnistae_cli.common import Report, silent, write_history
from mnistae_cli.data import Drawn, Rows, draw_from
from mnistae_cli.networks import FEATURES, fit_classifier, open_network, write_onnx
from mnistae_cli.settings import ClassifyConfig
from mnistae_cli.store import Manifest, Stored, Work, stage

READS = {"encode": (*FEATURES, "labels_train.npy", "#dataset.class_names")}


def classify(config: ClassifyConfig, artifacts: Path, report: Report = silent, *, force: bool = False) -> Manifest:
    """Train a head on the features and labels of drawn images: see `networks.fit_head` and `networks.prototypes`.

    Writes `classifier.onnx`, `probabilities_test.npy` (N, C) float32, `labelled_indices.npy` (L,) int64 (numbers of the
    drawn training images), and `history.csv`.

    Args:
        config: the settings.
        artifacts: the artifacts directory.
        report: listener.
        force: run even if up to date.

    Raises:
        MissingInput: there are no valid features, or no labels.
        MnistaeError: the labels cannot be drawn: see `draw_labels`.
    """
    with stage("classify", artifacts, report, force=force) as work:
        encode = work.open(READS)["encode"]
        drawn = draw_from(encode, config)
        if work.is_due(config, drawn.record()):
            _fill(work, config, encode, drawn, report)
    return work.manifest


def _fill(work: Work, config: ClassifyConfig, encode: Stored, drawn: Drawn, report: Report) -> None:
    features = Rows.open(encode.folder / "features_train.npy").take(drawn.indices)
    class_names = encode.manifest.data.class_names
    drawn.warn_of_missed(class_names, report)
    fitted = fit_classifier(config, features, drawn.labels, len(class_names), report)
    write_onnx(fitted.head, work.folder / "classifier.onnx")
    write_history(work.folder / "history.csv", fitted.history)
    np.save(work.folder / "labelled_indices.npy", drawn.indices)
    predict, test = open_network(work.folder / "classifier.onnx"), Rows.open(encode.folder / "features_test.npy")
    np.save(work.folder / "probabilities_test.npy", np.concatenate([predict(batch) for batch in test.batches()]))
    work.metrics = {
        "labels_used": len(drawn.indices),
        "class_names": class_names,
        "temperature": fitted.temperature,
        "epochs": len(fitted.history.get("loss", ())),
        "best_epoch": fitted.best_epoch,
        **{name: values[fitted.best_epoch - 1] for name, values in fitted.history.items()},
    }
