"""The scores of `metrics.json` as rows of text for a person."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mnistae_cli.scores.figures import CALIBRATION, COVERAGES

TextRows = list[list[str]]
ABSENT = "–"


def figure(value: Any) -> str:
    """A score with four or five decimals, a count with thousands separators, a dash for None."""
    if value is None:
        return ABSENT
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        places = 5 if 0 < abs(value) < 0.01 else 4 if abs(value) < 1000 else 0
        return f"{value:,.{places}f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def metric_rows(scores: Mapping[str, Any]) -> TextRows:
    """The scores of `evaluate`. Columns: name, training images, test images."""
    return [*_autoencoder(scores), *_probe(scores), *_classifier(scores), *_clusters(scores)]


def _pair(name: str, scores: Mapping[str, Any], key: str) -> list[str]:
    return [name, *(figure(scores.get(split, {}).get(key)) for split in ("train", "test"))]


def _autoencoder(scores: Mapping[str, Any]) -> Iterator[list[str]]:
    yield _pair("reconstruction MSE", scores["autoencoder"], "mse")
    yield _pair("reconstruction BCE", scores["autoencoder"], "bce")
    yield _pair("fraction of variance unexplained", scores["autoencoder"], "fraction_of_variance_unexplained")
    features = scores["features"]
    yield _pair(f"active units of {features['dimension']:,}, mean", features, "l0_mean")
    yield _pair("activation of a unit, mean", features, "mean_activation")
    yield _pair("Hoyer sparsity", features, "hoyer_sparsity")
    yield ["units that are never active", figure(features["dead_units"]), ABSENT]


def _probe(scores: Mapping[str, Any]) -> Iterator[list[str]]:
    if "probe" in scores:
        yield _pair(f"linear probe accuracy (all labels, C = {scores['probe']['C']:g})", scores["probe"], "accuracy")


def _classifier(scores: Mapping[str, Any]) -> Iterator[list[str]]:
    for section, name in (("classifier", "classifier"), ("finetuned", "fine-tuned")):
        if section in scores:
            yield from _named(name, scores[section], scores["dataset"]["class_names"])


def _named(name: str, scores: Mapping[str, Any], class_names: Sequence[str]) -> Iterator[list[str]]:
    yield _pair(f"{name} loss ({scores['labels_used']:,} labels)", scores, "loss")
    yield _pair(f"{name} accuracy", scores, "accuracy")
    yield _pair(f"{name} expected calibration error", scores, "expected_calibration_error")
    for share, key in zip(COVERAGES, CALIBRATION[1:], strict=True):
        yield _pair(f"{name} error among the surest {share:.0%}", scores, key)
    recalls = scores.get("test", {}).get("per_class_accuracy", [])
    for each, recall in zip(class_names, recalls, strict=False):
        yield [f"  class {each}", ABSENT, figure(recall)]


def _clusters(scores: Mapping[str, Any]) -> Iterator[list[str]]:
    clusters = scores.get("clusters")
    if clusters:
        names = {
            "hungarian_accuracy": "Hungarian accuracy",
            "majority_accuracy": "majority-vote accuracy",
            "normalized_mutual_info": "normalized mutual information",
            "adjusted_rand_index": "adjusted Rand index",
            "purity": "purity",
            "raw_id_accuracy": "raw-id accuracy (meaningless: ids are arbitrary)",
        }
        groups = _groups(clusters)
        for key, name in names.items():
            if key in clusters["train"]:
                yield _pair(f"{groups}: {name}", clusters, key)
        yield _pair("images in no clear cluster", clusters, "unsure")
        if "stability" in clusters:
            yield ["agreement of the runs (adjusted Rand index)", figure(clusters["stability"]), ABSENT]
        if "apart" in clusters:
            yield ["images in clusters that touch no other one", figure(clusters["apart"]), ABSENT]
        sizes = [clusters[split]["sizes"] for split in ("train", "test")]
        if "names" in scores:
            yield _pair("names given to the clusters: accuracy", scores["names"], "accuracy")
        yield ["smallest to largest cluster", *(f"{min(each):,} to {max(each):,}" for each in sizes)]


def _groups(clusters: Mapping[str, Any]) -> str:
    """`9 clusters and 5 small communities`."""
    small = clusters.get("n_small_communities", 0)
    counted = _counted(clusters["n_clusters"], "cluster", "clusters")
    return counted + (f" and {_counted(small, 'small community', 'small communities')}" if small else "")


def _counted(n: int, one: str, many: str) -> str:
    return f"{n:,} {one if n == 1 else many}"
