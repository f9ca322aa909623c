"""Labels that look wrong, by confident learning (cleanlab) on the probabilities of images a probe has not seen."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.networks import N_FOLDS, out_of_fold_probabilities


@dataclass(frozen=True)
class LabelErrors:
    """How right N labels look.

    Args:
        quality: (N,) float32 in [0, 1], the probability of the label by a probe that has not seen it; low looks wrong.
        suspected: (N,) bool, whether the label is wrong by confident learning.
        suggested: (N,) uint8, the most probable class.
        confidence: (N,) float32 in [0, 1], the probability of that class.
        wrong_share: class → estimated share of its labels that are wrong, in [0, 1].
        left_out: classes with too few images to be judged; their labels have quality 1.
    """

    quality: NDArray[np.float32]
    suspected: NDArray[np.bool_]
    suggested: NDArray[np.uint8]
    confidence: NDArray[np.float32]
    wrong_share: dict[int, float]
    left_out: tuple[int, ...]


def find_label_errors(
    features: NDArray[np.float32], labels: NDArray[np.uint8], seed: int, n_classes: int = 256
) -> LabelErrors:
    """Rank labels by how wrong they look, and estimate how many of each class are wrong.

    Multinomial logistic regressions on four fifths of the images give the probabilities p(j | z) of the last fifth.
    The quality is p(label | z). Confident learning counts an image with label i for class j if p(j | z) is at least
    the mean p(j | ·) of the images with label j. These counts estimate the joint distribution of given and true
    labels, and so how many labels of class i are suspected (Northcutt, Jiang & Chuang 2021, "Confident learning").

    Args:
        features: (N, D) float32.
        labels: (N,) uint8, of at least two classes; `n_classes` or more where there is none: these are not judged.
        seed: seed of the draw of the fifths.
        n_classes: number of classes.
    """
    from cleanlab.count import estimate_joint
    from cleanlab.filter import find_label_issues

    classes, counts = np.unique(labels[labels < n_classes], return_counts=True)
    left_out = classes[counts < N_FOLDS]
    judged = np.flatnonzero(np.isin(labels, classes[counts >= N_FOLDS]))
    kept, given = np.unique(labels[judged], return_inverse=True)
    quality, suggested, confidence = np.ones(len(labels), np.float32), labels.copy(), np.ones(len(labels), np.float32)
    suspected, wrong_share = np.zeros(len(labels), np.bool_), {}
    if len(kept) > 1:
        probabilities = out_of_fold_probabilities(features[judged], given, seed)
        quality[judged] = probabilities[np.arange(len(judged)), given]
        suggested[judged], confidence[judged] = kept[probabilities.argmax(axis=1)], probabilities.max(axis=1)
        suspected[judged] = find_label_issues(given, probabilities, n_jobs=1)
        joint = estimate_joint(given, probabilities)
        shares = 1 - np.diag(joint) / np.maximum(joint.sum(axis=1), np.finfo(float).tiny)
        wrong_share = {int(name): float(share) for name, share in zip(kept, shares, strict=True)}
    return LabelErrors(
        quality, suspected & (suggested != labels), suggested, confidence, wrong_share, tuple(map(int, left_out))
    )
