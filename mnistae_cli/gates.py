"""Gates: the least that a figure of `metrics.json` has to reach, so that a script can stop."""

import math
from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

from mnistae_cli.checked import suggestion
from mnistae_cli.errors import GateFailed, UsageError

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
"""Section → the figures that it has for the test images alone."""
ERRORS = frozenset({"mse", "bce", "fraction_of_variance_unexplained", "loss", *CALIBRATION})  # less of them is better


def known_figures() -> list[str]:
    """The figures that a gate may name, by their paths in `metrics.json`."""
    both = [f"{section}.{split}.{name}" for section, names in FIGURES.items() for name in names for split in SPLITS]
    return both + [f"{section}.test.{name}" for section, names in ON_TEST.items() for name in names]


def parse_gates(gates: list[str]) -> list[tuple[str, float]]:
    """`["clusters.test.purity=0.5"]` → `[("clusters.test.purity", 0.5)]`.

    Raises:
        UsageError: not of this form, or no figure of that name.
    """
    parsed = []
    for gate in gates:
        figure, _, least = gate.partition("=")
        if figure not in known_figures():
            raise UsageError(
                f"--fail-under {gate}: there is no figure {figure!r}.{suggestion(figure, known_figures())}",
                f"Figures: {', '.join(known_figures())}.",
            )
        if figure.rpartition(".")[2] in ERRORS:
            raise UsageError(
                f"--fail-under {gate}: of {figure} less is better.",
                "Give one of which more is better, as accuracy.",
            )
        try:
            parsed.append((figure, float(least)))
            if not math.isfinite(parsed[-1][1]):
                raise ValueError
        except ValueError:
            raise UsageError(
                f"--fail-under {gate}: {least!r} is no number.", "Write: --fail-under clusters.test.purity=0.45"
            ) from None
    return parsed


def figure_at(scores: Mapping[str, Any], path: str) -> Any:
    """The figure of `metrics.json` at a path, as `clusters.test.purity`; an empty dict where there is none."""
    return reduce(lambda inner, key: inner.get(key, {}), path.split("."), scores)


def check_gates(scores: Mapping[str, Any], gates: Sequence[tuple[str, float]]) -> None:
    """Compare figures, named by their path in `metrics.json`, with the least that is asked.

    Raises:
        GateFailed: a figure is lower, or not there because its stage was not run.
    """
    failed, absent = [], False
    for path, least in gates:
        figure = figure_at(scores, path)
        if figure == {}:
            failed.append(f"{path} is not there")
            absent = True
        elif not figure >= least:
            failed.append(f"{path} is {figure:.4f}, below {least:g}")
    if failed:
        remedy = (
            "Run what makes it: classify, cluster, finetune, label, evaluate --probe."
            if absent
            else "Improve the model, or lower it."
        )
        raise GateFailed("; ".join(failed) + ".", remedy)
