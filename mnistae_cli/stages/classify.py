"""`mnistae classify`: features and a share of their labels → a head and test probabilities."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from mnistae_cli.data import Drawn, Rows, draw_from
from mnistae_cli.heads import Trained, fit_head, prototypes, write_keras, write_onnx
from mnistae_cli.inference import open_network
from mnistae_cli.progress import Notice, Report, silent
from mnistae_cli.scores import held_out_temperature
from mnistae_cli.settings import MLP, ClassifyConfig, Prototypes, reads_of
from mnistae_cli.spreadsheets import write_history
from mnistae_cli.store import Manifest, Plan, Stored, Work, hold, make_stage, open_stages


def classify(config: ClassifyConfig, artifacts: Path, report: Report = silent, *, force: bool = False) -> Manifest:
    """Train a head on the features of images whose labels are drawn: `heads.fit_head`, or `heads.prototypes`.

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
    trained, temperature = _fit(config, features, drawn.labels, len(class_names), report)
    head = trained.head.tempered(temperature)
    write_keras(head, work.folder / "classifier.keras")
    write_onnx(head, work.folder / "classifier.onnx")
    write_history(work.folder / "history.csv", trained.history)
    np.save(work.folder / "labelled_indices.npy", drawn.indices)
    predict, test = open_network(work.folder / "classifier.onnx"), Rows.of(encode.folder / "features_test.npy")
    np.save(work.folder / "probabilities_test.npy", np.concatenate([predict(batch) for batch in test.batches()]))
    work.metrics = {
        "labels_used": len(drawn.indices),
        "class_names": class_names,
        "temperature": temperature,
        "epochs": len(trained.history.get("loss", ())),
        "best_epoch": trained.best_epoch,
        **{name: values[trained.best_epoch - 1] for name, values in trained.history.items()},
    }


def _fit(
    config: ClassifyConfig, features: NDArray[np.float32], labels: NDArray[np.uint8], n_classes: int, report: Report
) -> tuple[Trained, float]:
    """The head, and its temperature. They are fitted at the same time, each by one thread."""

    def fit(learned: NDArray[np.int64] | slice, report: Report) -> Trained:
        kind, known, names = config.head, features[learned], labels[learned]
        if isinstance(kind, Prototypes):
            return Trained(prototypes(known, names, n_classes))
        hidden = kind.hidden if isinstance(kind, MLP) else None
        standardize = kind.features.standardize
        return fit_head(
            known, names, n_classes, kind.training,
            hidden=hidden, standardize=standardize, seed=config.seed, report=report,
        )  # fmt: skip

    stopped = Event()

    def goes_on(_: object) -> None:
        if stopped.is_set():
            raise InterruptedError

    def fit_and_predict(learned: NDArray[np.int64], held_out: NDArray[np.int64]) -> NDArray[np.float32]:
        return fit(learned, goes_on).head.logits(features[held_out])

    def calibrate() -> float | None:
        return held_out_temperature(labels, fit_and_predict) if config.calibrate else 1.0

    with threadpool_limits(1), ThreadPoolExecutor(1) as other_thread:
        calibration = other_thread.submit(calibrate)
        try:
            trained = fit(slice(None), report)
            temperature = calibration.result()
        finally:
            stopped.set()  # after an error or Ctrl-C the other thread ends with its epoch
    if temperature is None:
        report(Notice("too few labels: none can be held out for the calibration"))
    return trained, temperature or 1.0
