"""Scores of reconstructions, classifiers and clusterings, in NumPy and SciPy alone.

In all functions, `labels` and `clusters` are (N,) integers from 0, and `table` is the contingency table (K, C) of
counts, with clusters in rows and classes in columns. Every score is a float; 1 is best unless another value is given.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.integer[Any]]
Table = NDArray[np.int64]
BLANK = 0.002  # variance of pixels in [0, 1]
EPSILON = 1e-7  # probabilities are clipped to [1e-7, 1 - 1e-7], as Keras does


def squared_error(images: NDArray[np.float32], reconstructions: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean squared error of each image: mean over pixels of (x - y)². (N, H, W) twice → (N,), 0 is best."""
    errors: NDArray[np.float32] = np.square(images - reconstructions).mean(axis=(1, 2))
    return errors


def unexplained_variance(images: NDArray[np.float32], reconstructions: NDArray[np.float32]) -> NDArray[np.float32]:
    """Share of the variance of each image's pixels that its reconstruction leaves: Σ(x - y)² / (Σ(x - mean x)² + cN).

    (N, H, W) twice → (N,), 0 is best. c = 0.002, so that a blank image can be divided by.
    """
    errors: NDArray[np.float32] = squared_error(images, reconstructions) / (images.var(axis=(1, 2)) + BLANK)
    return errors


def binary_crossentropy(images: NDArray[np.float32], reconstructions: NDArray[np.float32]) -> NDArray[np.float32]:
    """Binary cross-entropy of each image in nats: mean over pixels of -x log y - (1 - x) log(1 - y).

    (N, H, W) twice, both in [0, 1] → (N,). The least possible value is the entropy of the gray levels, not 0.
    """
    y = reconstructions.clip(EPSILON, 1 - EPSILON)
    errors: NDArray[np.float32] = -(images * np.log(y) + (1 - images) * np.log1p(-y)).mean(axis=(1, 2))
    return errors


def contingency_table(clusters: Integers, labels: Integers, n_clusters: int, n_classes: int) -> Table:
    """Counts of each cluster (row) and class (column), (K, C) int64.

    Args:
        clusters: (N,) from 0 to K - 1.
        labels: (N,) from 0 to C - 1.
        n_clusters: K.
        n_classes: C.
    """
    pairs = clusters.astype(np.int64) * n_classes + labels
    return np.bincount(pairs, minlength=n_clusters * n_classes).reshape(n_clusters, n_classes)


def n_classes_of(table: Table) -> int:
    """Number of classes that have images. Where it is below two, agreement with classes says nothing."""
    return int(np.count_nonzero(table.sum(axis=0)))


def hungarian_mapping(table: Table) -> NDArray[np.int64]:
    """The one-to-one mapping cluster → class with the most images right, (K,); -1 for a cluster left over.

    Kuhn 1955, "The Hungarian method for the assignment problem", as in DEC (Xie et al. 2016).
    """
    from scipy.optimize import linear_sum_assignment

    mapping = np.full(len(table), -1)
    rows, columns = linear_sum_assignment(table, maximize=True)
    mapping[rows] = columns
    return mapping


def majority_mapping(table: Table) -> NDArray[np.int64]:
    """Each cluster → the most frequent class of its images, (K,); the lower class on a tie, -1 if empty."""
    return np.where(table.sum(axis=1) > 0, table.argmax(axis=1), -1)


def mapped_accuracy(table: Table, mapping: NDArray[np.int64]) -> float:
    """Share of images whose cluster is mapped to their class, by a mapping (K,) of clusters to classes; in [0, 1]."""
    rows = np.flatnonzero((mapping >= 0) & (mapping < table.shape[1]))
    return float(table[rows, mapping[rows]].sum() / table.sum())


def purity(table: Table) -> float:
    """Share of images in the majority of their cluster: Σ_k max_c n_kc / N, in [0, 1].

    Manning, Raghavan & Schütze 2008, "Introduction to information retrieval", 16.3.
    """
    return float(table.max(axis=1).sum() / table.sum())


def normalized_mutual_info(table: Table) -> float:
    """2 I(cluster; class) / (H(cluster) + H(class)), the arithmetic-mean form of scikit-learn; in [0, 1].

    Strehl & Ghosh 2002, "Cluster ensembles", which has the geometric mean.
    """
    joint = table / table.sum()
    entropies = _entropy(joint.sum(axis=1)) + _entropy(joint.sum(axis=0))
    information = entropies - _entropy(joint.ravel())
    return float(max(2 * information / entropies, 0.0)) if entropies > 0 else 1.0


def homogeneity(table: Table) -> float:
    """I(cluster; class) / H(class): the share of what there is to know of the class that the cluster tells; in [0, 1].

    Rosenberg & Hirschberg 2007, "V-measure". 1 if there is one class.
    """
    joint = table / table.sum()
    classes = _entropy(joint.sum(axis=0))
    information = _entropy(joint.sum(axis=1)) + classes - _entropy(joint.ravel())
    return float(max(information / classes, 0.0)) if classes > 0 else 1.0


def _entropy(shares: NDArray[np.float64]) -> float:
    positive = shares[shares > 0]
    return float(-(positive * np.log(positive)).sum())


def adjusted_rand_index(table: Table) -> float:
    """Agreement on pairs, corrected for chance (Hubert & Arabie 1985); 0 is chance, and less is possible.

    (I - E) / ((A + B) / 2 - E). A counts the pairs of images in the same cluster, B those in the same class, I those
    in both; E = A B / (number of all pairs).
    """
    together, whole = _pairs(table).sum(), _pairs(table.sum())
    in_clusters, in_classes = _pairs(table.sum(axis=1)).sum(), _pairs(table.sum(axis=0)).sum()
    in_one_group = whole in (in_clusters, in_classes)  # then I = E, which rounding must not hide
    expected = together if in_one_group else in_clusters * in_classes / whole
    best = (in_clusters + in_classes) / 2
    return float((together - expected) / (best - expected)) if best != expected else 1.0


def _pairs(counts: Any) -> NDArray[np.float64]:
    return np.asarray(counts * (counts - 1.0) / 2)


def active_units(features: NDArray[np.float32]) -> NDArray[np.int64]:
    """L0 of each code: the number of units that are not 0. (N, D) → (N,)."""
    counts: NDArray[np.int64] = (features != 0).sum(axis=1, dtype=np.int64)
    return counts


def density(features: NDArray[np.float32]) -> NDArray[np.float64]:
    """Share of the images on which each unit is not 0. (N, D) → (D,), in [0, 1]; a unit at 0 is dead."""
    shares: NDArray[np.float64] = (features != 0).mean(axis=0, dtype=np.float64)
    return shares


def hoyer_sparsity(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """(√D - ‖z‖₁ / ‖z‖₂) / (√D - 1) of each code, (N, D) → (N,): 1 with one active unit or none, 0 if all are equal.

    Hoyer 2004, "Non-negative matrix factorization with sparseness constraints".
    """
    root = np.sqrt(features.shape[1], dtype=np.float32)
    if root == 1:
        return np.ones(len(features), np.float32)
    length = np.linalg.norm(features, axis=1)
    ratio = np.divide(np.abs(features).sum(axis=1), length, out=np.ones_like(length), where=length > 0)
    sparsity: NDArray[np.float32] = (root - ratio) / (root - 1)
    return sparsity


def log_loss(probabilities: NDArray[np.float32], labels: Integers) -> float:
    """Mean over images of -log p(label), in nats; (N, C) probabilities in [0, 1], 0 is best."""
    chosen = probabilities[np.arange(len(labels)), labels]
    return float(-np.log(chosen.clip(EPSILON, 1.0), dtype=np.float64).mean())


def accuracy(probabilities: NDArray[np.float32], labels: Integers) -> float:
    """Share of images whose most probable class is their label, in [0, 1]; (N, C) probabilities."""
    return float((probabilities.argmax(axis=1) == labels).mean())


def per_class_accuracy(probabilities: NDArray[np.float32], labels: Integers) -> list[float | None]:
    """Accuracy among the images of each class (its recall), C values; None for a class without images."""
    right = probabilities.argmax(axis=1) == labels
    classes = range(probabilities.shape[1])
    return [float(right[labels == each].mean()) if (labels == each).any() else None for each in classes]


def expected_calibration_error(probabilities: NDArray[np.float32], labels: Integers, n_bins: int = 15) -> float:
    """Σ_b |B_b| / N · |accuracy(B_b) - confidence(B_b)| over bins of equal width, in [0, 1]; 0 is best.

    Guo et al. 2017, "On calibration of modern neural networks". Confidence: the probability of the predicted class.

    Args:
        probabilities: (N, C) in [0, 1].
        labels: (N,) from 0 to C - 1.
        n_bins: of the confidence.
    """
    confidence = probabilities.max(axis=1).astype(np.float64)
    right = probabilities.argmax(axis=1) == labels
    bins = np.minimum((confidence * n_bins).astype(int), n_bins - 1)
    gaps = np.bincount(bins, right - confidence, n_bins)
    return float(np.abs(gaps).sum() / len(labels))


def risk_at_coverage(probabilities: NDArray[np.float32], labels: Integers, coverage: float) -> float:
    """Share of wrong predictions among the share `coverage` of images with the highest confidence.

    El-Yaniv & Wiener 2010, "On the foundations of noise-free selective classification".

    Args:
        probabilities: (N, C) in [0, 1].
        labels: (N,) from 0 to C - 1.
        coverage: in (0, 1].

    Returns:
        In [0, 1]; 0 is best.
    """
    kept = max(round(coverage * len(labels)), 1)
    most_confident = np.argsort(-probabilities.max(axis=1), kind="stable")[:kept]
    return float((probabilities[most_confident].argmax(axis=1) != labels[most_confident]).mean())
