"""Gates: lower limits for figures of `metrics.json`, so that a script can stop."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from mnistae_cli.common import GateFailed, UsageError, setting
from mnistae_cli.scores import ERRORS, figure_at, known_figures
from mnistae_cli.settings import suggestion


def parse_gates(gates: list[str]) -> list[tuple[str, float]]:
    """`["clusters.test.purity=0.5"]` → `[("clusters.test.purity", 0.5)]`; `UsageError` for any other form or figure."""
    parsed = []
    for gate in gates:
        figure, _, least = gate.partition("=")
        named = setting("fail_under", gate)
        if figure not in known_figures():
            raise UsageError(
                f"{named}: there is no figure {figure!r}.{suggestion(figure, known_figures())}",
                f"Figures: {', '.join(known_figures())}.",
            )
        if figure.rpartition(".")[2] in ERRORS:
            raise UsageError(
                f"{named}: a lower {figure} is better, so it cannot have a lower limit.",
                "Give a figure of which a higher value is better, for example classifier.test.accuracy.",
            )
        try:
            parsed.append((figure, float(least)))
            if not math.isfinite(parsed[-1][1]):
                raise ValueError
        except ValueError:
            raise UsageError(
                f"{named}: {least!r} is not a number.", "Write, for example, clusters.test.purity=0.45"
            ) from None
    return parsed


def check_gates(scores: Mapping[str, Any], gates: Sequence[tuple[str, float]]) -> None:
    """Compare figures, named by their paths in `metrics.json`, with lower limits; `GateFailed` if one is lower."""
    failed, remedy = [], "Improve the model, or lower the limit."
    for path, least in gates:
        figure = figure_at(scores, path)
        if figure == {}:
            failed.append(f"{path} does not exist")
            remedy = "Run the stage that makes it: classify, cluster, finetune, label or evaluate --probe."
        elif figure is None:
            failed.append(f"{path} has no value for these images")
            remedy = f"Leave out its {setting('fail_under')}, or give images of several classes that are not all equal."
        elif not figure >= least:
            failed.append(f"{path} is {figure:.4f}, below {least:g}")
    if failed:
        raise GateFailed("; ".join(failed) + ".", remedy)
