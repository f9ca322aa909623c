"""Results as rows of text for a person."""

from collections.abc import Mapping, Sequence
from typing import Any

from mnistae_cli.scores import ABSENT, figure, metric_rows
from mnistae_cli.scores import TextRows as Rows

__all__ = ["cluster_rows", "manifest_rows", "metric_rows", "prediction_rows", "sweep_rows"]


def manifest_rows(metrics: Mapping[str, Any]) -> Rows:
    """The metrics of a stage's manifest, nested names joined by a space."""
    rows: Rows = []
    for key, value in metrics.items():
        name = key.replace("_", " ")
        if isinstance(value, Mapping):
            rows += [[f"{name} {inner}", shown] for inner, shown in manifest_rows(value)]
        elif isinstance(value, Sequence) and not isinstance(value, str):
            shown = (f"{each:.4g}" if isinstance(each, float) else str(each) for each in value)
            rows.append([name, " ".join(shown)])
        else:
            rows.append([name, figure(value)])
    return rows


SWEPT = {
    "loss": "loss",
    "clusters.train.hungarian_accuracy": "clusters, training",
    "clusters.test.hungarian_accuracy": "clusters, test",
    "clusters.test.normalized_mutual_info": "NMI, test",
    "classifier.test.accuracy": "classifier, test",
    "probe.test.accuracy": "linear probe, test",
    "seconds": "seconds",
}
"""Figures of a sweep that its table shows → the heads of their columns."""


def sweep_rows(
    runs: Sequence[Mapping[str, Any]], summary: Mapping[str, Mapping[str, float | None]]
) -> tuple[list[str], Rows]:
    """The table of a sweep's runs: its columns; a row per seed, then mean, standard deviation, minimum."""
    shown = [name for name in SWEPT if name in summary]
    rows = [[str(each["seed"]), *(_swept(name, each[name]) for name in shown)] for each in runs]
    for key, name in (("mean", "mean"), ("std", "standard deviation"), ("min", "minimum")):
        rows.append([name, *(_swept(each, summary[each][key]) for each in shown)])
    return ["seed", *(SWEPT[name] for name in shown)], rows


def _swept(name: str, value: float | None) -> str:
    return f"{value:.0f}" if name == "seconds" and value is not None else figure(value)


def cluster_rows(looks: Sequence[Mapping[str, Any]]) -> tuple[list[str], Rows]:
    """The table of `label`: its columns, and a row per cluster."""
    rows = []
    for each in looks:
        look = ", ".join(flag for flag in ("small", "mixed", "provisional") if each[flag]) or ABSENT
        figures = (figure(each["size"]), f"{each['unsure']:.1%}", look)
        rows.append([str(each["cluster"]), each["name"] or ABSENT, *figures])
    return ["cluster", "name", "images", "unsure", "looks"], rows


def prediction_rows(predictions: Sequence[Any]) -> tuple[list[str], Rows]:
    """The table of `predict`: its columns, and a row per picture."""
    rows = []
    for each in predictions:
        cluster = figure(each.cluster) + (f": {each.name}" if each.name else "")
        novelty = figure(each.novelty) + (": stranger" if each.stranger else "")
        rows.append([each.image, figure(each.label), figure(each.probability), cluster, novelty])
    return ["image", "class", "probability", "cluster", "novelty"], rows
