"""Features and labels → a head whose probabilities are calibrated. NumPy alone."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from mnistae_cli.common import Notice, Report, silent
from mnistae_cli.networks.calibration import held_out_temperature
from mnistae_cli.networks.head_training import Trained, fit_head
from mnistae_cli.networks.prototypes import prototypes
from mnistae_cli.settings import MLP, ClassifyConfig, Prototypes


def fit_classifier(
    config: ClassifyConfig,
    features: NDArray[np.float32],
    labels: NDArray[np.uint8],
    n_classes: int,
    report: Report = silent,
) -> Trained:
    """Fit a head and its temperature at the same time, each in one thread.

    The features are (N, D), the labels (N,) below `n_classes`. The settings in `config` for the draw are not used.
    """

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
    temperature = temperature or 1.0
    return replace(trained, head=trained.head.tempered(temperature), temperature=temperature)
