"""Calibration of probabilities with one temperature, fitted on held-out labels."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

N_FOLDS = 5
ENOUGH = 1000  # held-out images; more would change the temperature little
BOUNDS = (np.log(0.02), np.log(20.0))  # of the logarithm of a temperature

Logits = NDArray[np.float32]
FitAndPredict = Callable[[NDArray[np.int64], NDArray[np.int64]], Logits]


def fit_temperature(logits: Logits, labels: NDArray[np.uint8]) -> float:
    """The temperature T > 0 that minimizes the mean of -Σ_c t_c log softmax(z / T)_c over held-out images.

    Guo et al. 2017, "On calibration of modern neural networks"; T > 1 lowers the confidence. The targets t are
    (N + 1) / (N + 2) at the label; the rest is spread over the other classes that have labels (Platt 1999,
    "Probabilistic outputs for support vector machines"). With hard targets, T would be 0 if all N images are right.

    Args:
        logits: z, (N, C) float32.
        labels: (N,), of at least two classes.
    """
    from scipy.optimize import minimize_scalar
    from scipy.special import log_softmax

    n, present = len(logits), np.unique(labels)
    targets = np.zeros(logits.shape)
    targets[:, present] = 1 / (n + 2) / (len(present) - 1)
    targets[np.arange(n), labels] = (n + 1) / (n + 2)
    exact = logits.astype(np.float64)

    def loss(log_temperature: float) -> float:
        return -float((targets * log_softmax(exact / np.exp(log_temperature), axis=1)).sum(axis=1).mean())

    return float(np.exp(minimize_scalar(loss, bounds=BOUNDS, method="bounded").x))


def held_out_temperature(labels: NDArray[np.uint8], fit_and_predict: FitAndPredict) -> float | None:
    """The temperature by cross-validation: a head is fitted to four fifths of the images and predicts the rest.

    After 1,000 held-out images, further folds are skipped. The only image of a class is never held out.

    Args:
        labels: (L,), labels of the drawn images.
        fit_and_predict: indices to fit to, held-out indices → logits (M, C) of the held-out images.

    Returns:
        T > 0, or None if fewer than two classes have two images.
    """
    folds = _folds(labels)
    if len(np.unique(labels[folds >= 0])) < 2:
        return None
    held_out, logits = list[NDArray[np.int64]](), list[Logits]()
    for fold in range(folds.max() + 1):
        if sum(map(len, held_out)) < ENOUGH:
            held_out.append(np.flatnonzero(folds == fold))
            logits.append(fit_and_predict(np.flatnonzero(folds != fold), held_out[-1]))
    return fit_temperature(np.concatenate(logits), labels[np.concatenate(held_out)])


def _folds(labels: NDArray[np.uint8]) -> NDArray[np.int64]:
    """The fold of each image, (L,); -1 for the only image of a class. Each class is spread evenly over the folds."""
    order = np.argsort(labels, kind="stable")
    ranks = np.empty(len(labels), np.int64)
    ranks[order] = np.arange(len(labels)) - np.searchsorted(labels[order], labels[order])
    alone = np.bincount(labels)[labels] == 1
    return np.where(alone, -1, ranks % N_FOLDS)
