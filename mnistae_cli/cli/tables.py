"""Results as rows of text for a person."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mnistae_cli.scores import CALIBRATION, COVERAGES

Rows = list[list[str]]
ABSENT = "–"


def figure(value: Any) -> str:
    """A score with four places or five, a count with thousands, a dash for what there is not."""
    if value is None:
        return ABSENT
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        places = 5 if 0 < abs(value) < 0.01 else 4 if abs(value) < 1000 else 0
        return f"{value:,.{places}f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def metric_rows(scores: Mapping[str, Any]) -> Rows:
    """The scores of `evaluate`: what, training images, test images."""
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
    """What `label` says of each cluster: its columns, a row each."""
    rows = []
    for each in looks:
        look = "small" if each["small"] else "mixed" if each["mixed"] else ABSENT
        figures = (figure(each["size"]), f"{each['unsure']:.1%}", look)
        rows.append([str(each["cluster"]), each["name"] or ABSENT, *figures])
    return ["cluster", "name", "images", "unsure", "looks"], rows


def prediction_rows(predictions: Sequence[Any]) -> tuple[list[str], Rows]:
    """What `predict` says of each picture: its columns, a row each."""
    rows = []
    for each in predictions:
        cluster = figure(each.cluster) + (f": {each.name}" if each.name else "")
        novelty = figure(each.novelty) + (": stranger" if each.stranger else "")
        rows.append([each.image, figure(each.label), figure(each.probability), cluster, novelty])
    return ["image", "class", "probability", "cluster", "novelty"], rows
