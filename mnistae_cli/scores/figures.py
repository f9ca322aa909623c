"""The names of the figures in `metrics.json`: `evaluate` writes them, a table shows them, a gate compares them."""

from collections.abc import Mapping
from functools import reduce
from typing import Any

SPLITS = ("train", "test")
FIGURES = {
    "autoencoder": ("mse", "bce", "fraction_of_variance_unexplained"),
    "features": ("l0_mean", "mean_activation", "hoyer_sparsity"),
    "probe": ("accuracy",),
    "classifier": ("loss", "accuracy"),
    "names": ("accuracy",),
    "clusters": (
        "hungarian_accuracy",
        "majority_accuracy",
        "raw_id_accuracy",
        "normalized_mutual_info",
        "adjusted_rand_index",
        "purity",
    ),
}
"""Section of `metrics.json` → the figures that it has for each split."""
COVERAGES = (0.9, 0.95, 0.99)  # shares of the images, the most confident ones
CALIBRATION = ("expected_calibration_error", *(f"error_at_coverage_{round(100 * share)}" for share in COVERAGES))
ON_TEST = {"classifier": CALIBRATION, "finetuned": ("loss", "accuracy", *CALIBRATION)}
"""Section → the figures that it has only for the test images."""
ERRORS = frozenset({"mse", "bce", "fraction_of_variance_unexplained", "loss", *CALIBRATION})  # lower is better


def known_figures() -> list[str]:
    """The figures that a gate may name, by their paths in `metrics.json`."""
    both = [f"{section}.{split}.{name}" for section, names in FIGURES.items() for name in names for split in SPLITS]
    on_test = [f"{section}.test.{name}" for section, names in ON_TEST.items() for name in names]
    return [*both, *on_test, "clusters.stability", "clusters.apart"]


def figure_at(scores: Mapping[str, Any], path: str) -> Any:
    """The figure of `metrics.json` at a path such as `clusters.test.purity`.

    It is None where it is not defined for these images, and an empty dict if no stage made it.
    """
    return reduce(lambda inner, key: inner.get(key, {}), path.split("."), scores)
