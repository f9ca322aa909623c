"""The linear probe: how well a linear classifier separates the classes by the features."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression

GRID = (0.01, 0.1, 1.0, 10.0)
HELD_OUT = 1 / 6  # of the training images; C is chosen on them
N_FOLDS = 5
FOLD_C = 140  # divided by the number of images; larger ones memorize wrong labels, smaller ones underfit
MOST_COMPONENTS = 128  # for the probe of a fold; more took longer and did not find more wrong labels
SPARSE_LIMIT = 0.15  # share of active units; above it, a full matrix is faster than a sparse one


@dataclass(frozen=True)
class Probe:
    """A fitted probe.

    Args:
        model: scikit-learn's classifier.
        scale: factor of the features.
        C: inverse strength of the L2 penalty, from `GRID`.
        held_out_accuracy: accuracy on the images on which C was chosen, of a fit without them.
    """

    model: "LogisticRegression"
    scale: float
    C: float
    held_out_accuracy: float

    def accuracy(self, features: NDArray[np.float32], labels: NDArray[np.uint8]) -> float:
        """Share of the images whose class the probe predicts.

        Args:
            features: (N, D) float32.
            labels: (N,).
        """
        return float(self.model.score(_matrix(features, self.scale), labels))


def fit_probe(features: NDArray[np.float32], labels: NDArray[np.uint8], seed: int) -> Probe:
    """Multinomial logistic regression with an L2 penalty; C is chosen on a held-out sixth.

    It minimizes ½‖W‖² + C Σ_i -log softmax(W s z_i + b)_label. The features are scaled by one number s, to a mean
    squared length of 100, so that C means the same for every encoder. Papers on sparse codes compare features by such
    probes (Coates, Lee & Ng 2011; Makhzani & Frey 2013).

    Args:
        features: (N, D) float32, of all labeled training images.
        labels: (N,) integers, of at least two classes; at least one class has two images.
        seed: seed of the draw of the held-out images.
    """
    order = np.random.default_rng([seed, 2**33]).permutation(len(features))
    _, of_each_class = np.unique(labels[order], return_index=True)
    # One image of each class is never held out.
    order = np.concatenate([np.delete(order, of_each_class), order[of_each_class]])
    n_held_out = min(max(round(len(features) * HELD_OUT), 1), len(order) - len(of_each_class))
    held_out, learned = np.sort(order[:n_held_out]), np.sort(order[n_held_out:])
    mean_square = float(np.square(features).sum(axis=1).mean())
    scale = 10 / np.sqrt(mean_square) if mean_square else 1.0
    matrix = _matrix(features, scale)
    scores = [_fit(matrix[learned], labels[learned], c).score(matrix[held_out], labels[held_out]) for c in GRID]
    best = GRID[int(np.argmax(scores))]
    return Probe(_fit(matrix, labels, best), scale, best, float(max(scores)))


def out_of_fold_probabilities(
    features: NDArray[np.float32], labels: NDArray[np.integer[Any]], seed: int
) -> NDArray[np.float64]:
    """The probability of each class for each image, by a probe on the other four fifths of the images; (N, K).

    From wide features, the probe gets the first 128 principal components. Each class is spread evenly over the fifths.

    Args:
        features: (N, D) float32.
        labels: (N,) from 0 to K - 1; at least five images of each class.
        seed: seed of the draw of the fifths.
    """
    if min(features.shape) > MOST_COMPONENTS:
        from sklearn.decomposition import PCA

        features = PCA(MOST_COMPONENTS, svd_solver="covariance_eigh").fit_transform(features)
    order = np.random.default_rng([seed, 2**34]).permutation(len(labels))
    order = order[np.argsort(labels[order], kind="stable")]
    fold = np.empty(len(labels), np.int64)
    fold[order] = np.arange(len(labels)) % N_FOLDS
    mean_square = float(np.square(features).sum(axis=1).mean())
    matrix = features * np.float32(10 / np.sqrt(mean_square) if mean_square else 1.0)
    probabilities = np.empty((len(labels), int(labels.max()) + 1))
    for number in range(N_FOLDS):
        held_out = fold == number
        model = _fit(matrix[~held_out], labels[~held_out], FOLD_C / len(labels))
        probabilities[held_out] = model.predict_proba(matrix[held_out])
    return probabilities


def _fit(matrix: Any, labels: NDArray[np.integer[Any]], c: float) -> "LogisticRegression":
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=c, tol=1e-3, max_iter=1000).fit(matrix, labels)


def _matrix(features: NDArray[np.float32], scale: float) -> Any:
    from scipy.sparse import csr_matrix

    scaled = features * np.float32(scale)
    return csr_matrix(scaled) if (features[:1000] != 0).mean() < SPARSE_LIMIT else scaled
