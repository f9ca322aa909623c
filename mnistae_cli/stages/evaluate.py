"""`mnistae evaluate`: results of the earlier stages → scores and figures. Every score is computed here."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.clusters import UNSURE
from mnistae_cli.common import Notice, Report, silent
from mnistae_cli.data import Dataset, Rows, as_encoded, labeled, load_encoded, load_npy
from mnistae_cli.networks import FEATURES, fit_probe, open_network
from mnistae_cli.scores import CALIBRATION, COVERAGES, FIGURES, ON_TEST, SPLITS, describe_codes, metrics
from mnistae_cli.settings import EvaluateConfig
from mnistae_cli.store import SCHEMA_VERSION, TEST_IMAGES, TRAIN_IMAGES, Manifest, Reads, Stored, Work, stage

Features = Mapping[str, Rows]
"""Split → (N, D) float32."""
FOUND = ("n_clusters", "n_small_communities", "stability", "apart")
LEAST_VARIANCE = 1e-7  # squares are rounded to 32 bits: equal images seem to have up to 6e-8
QUANTILES = (0.0, 0.25, 0.5, 0.75, 1.0)

FOR_SCORES: Reads = {
    "encode": (
        *FEATURES,
        *("labels_train.npy", "labels_test.npy", "#metrics.train", "#metrics.test"),
        *("#dataset.name", "#dataset.n_train", "#dataset.n_test", "#dataset.height", "#dataset.width"),
        "#dataset.class_names",
    ),
    "classify": ("labelled_indices.npy", "classifier.onnx", "probabilities_test.npy", "#metrics.labels_used"),
    "finetune": ("probabilities_test.npy", "#metrics.labels_used"),
    "cluster": (
        *("assignments_train.npy", "assignments_test.npy", "confidence_train.npy", "confidence_test.npy"),
        *(f"#metrics.{fact}" for fact in (*FOUND, "cluster_sizes")),
    ),
    "label": ("#metrics.clusters",),
}
FOR_FIGURES: Reads = {
    "train": ("decoder.onnx", "history.csv", "atoms.npy"),
    "encode": (TRAIN_IMAGES, TEST_IMAGES),
    "cluster": ("distance_test.npy", "resolutions.csv", "#config.method", "#config.n_clusters"),
}


def evaluate(
    config: EvaluateConfig,
    artifacts: Path,
    report: Report = silent,
    *,
    force: bool = False,
    data: Dataset | None = None,
) -> Manifest:
    """Compute scores for the stages that were run; write `metrics.json` and, with `figures`, PNG files.

    The manifest's metrics are those of `metrics.json`.

    Args:
        config: the settings.
        artifacts: the artifacts directory.
        report: listener.
        force: run even if up to date.
        data: the encoded data set, if it is loaded already.

    Raises:
        MissingInput: there is no encoded data set, or a stage is stale.
        DamagedInput: a file is not what its manifest says.
    """
    with stage("evaluate", artifacts, report, force=force) as work:
        reads = reads_of(config)
        made = ("train", "encode", *(role for role in ("classify", "cluster") if (artifacts / role).exists()))
        work.open({role: names for role, names in reads.items() if role in made})
        work.open_optional({role: reads[role] for role in ("finetune", "label")})
        if work.is_due(config):
            _fill(work, config, work.inputs, data, report)
    return work.manifest


def reads_of(config: EvaluateConfig) -> Reads:
    """What `evaluate` reads of the earlier stages that exist."""
    tables = (FOR_FIGURES, FOR_SCORES) if config.figures else (FOR_SCORES,)
    roles = dict.fromkeys(role for table in tables for role in table)
    return {role: tuple(name for table in tables for name in table.get(role, ())) for role in roles}


def _fill(
    work: Work, config: EvaluateConfig, inputs: Mapping[str, Stored], data: Dataset | None, report: Report
) -> None:
    encode = inputs["encode"]
    record = encode.manifest.data
    features = {split: Rows.open(encode.folder / f"features_{split}.npy") for split in SPLITS}
    _warn_of_equal_images(encode, report)
    facts = {key: getattr(record, key) for key in ("name", "n_train", "n_test", "height", "width")}
    work.metrics = {
        "schema_version": SCHEMA_VERSION,
        "dataset": facts | {"class_names": record.class_names},
        "autoencoder": {split: _reconstruction(encode, split) for split in SPLITS},
        "features": _features(work, features),
    }
    if config.probe:
        _probe(work, encode, features, config.seed, report)
    if "classify" in inputs:
        work.metrics["classifier"] = _classifier(inputs["classify"], encode, features["train"])
    if "finetune" in inputs:
        work.metrics["finetuned"] = _test_scores(inputs["finetune"], encode)
    tables = _cluster_tables(inputs["cluster"], encode) if "cluster" in inputs else {}
    if "cluster" in inputs:
        work.metrics["clusters"] = _clusters(inputs["cluster"], tables)
    if "label" in inputs:
        work.metrics |= _names(inputs["label"], tables, record.class_names)
    content = json.dumps(work.metrics, indent=2, allow_nan=False)
    (work.folder / "metrics.json").write_text(content + "\n", encoding="utf-8")
    if config.figures:
        report(Notice("drawing figures"))
        from mnistae_cli.pictures.evaluation import HeldOut, draw

        data = as_encoded(data, encode) if data else load_encoded(encode, config.data_dir, report)
        known = _known_labels(encode, "test")
        test = HeldOut(
            features["test"],
            data.test.pixels.load(),
            known.indices if known else None,
            known.numbers if known else None,
        )
        draw(work.folder, inputs, test, tables, config.seed, report)


def _warn_of_equal_images(encode: Stored, report: Report) -> None:
    record = encode.manifest.data
    equal = [split for split in SPLITS if not _is_varied(encode.manifest.metrics[split])]
    numbers = {"train": record.n_train, "test": record.n_test}
    words = {"train": "training", "test": "test"}
    for split in equal if len(equal) < len(SPLITS) else ():
        only = f"there is one {words[split]} image" if numbers[split] == 1 else f"all {words[split]} images are equal"
        report(Notice(f"{only}: the share of their variance that is not explained has no value"))
    if len(equal) == len(SPLITS):
        report(Notice("all images are equal: there is nothing to learn, and some scores have no value"))


def _is_varied(means: Mapping[str, float]) -> bool:
    return means["pixel_variance"] > LEAST_VARIANCE


def _reconstruction(encode: Stored, split: str) -> dict[str, float | None]:
    means = encode.manifest.metrics[split]
    # Σ‖x - x̂‖² / Σ‖x - x̄‖², where x̄ is the mean image of the split.
    unexplained = means["mse"] / means["pixel_variance"] if _is_varied(means) else None
    return dict(zip(FIGURES["autoencoder"], (means["mse"], means["bce"], unexplained), strict=True))


def _features(work: Work, splits: Features) -> dict[str, Any]:
    described = {split: describe_codes(rows.batches()) for split, rows in splits.items()}
    density = described["train"].density
    np.save(work.folder / "density.npy", density.astype(np.float32))
    scores: dict[str, Any] = {
        "dimension": len(density),
        "dead_units": int((density == 0).sum()),
        "density_quantiles": np.quantile(density, QUANTILES).tolist(),
    }
    for split, codes in described.items():
        active = codes.active_units
        hoyer = codes.hoyer_sparsity if len(density) > 1 and active.any() else None  # of one unit, or of none: 0 / 0
        figures = (float(active.mean()), codes.mean_activation, hoyer)
        scores[split] = dict(zip(FIGURES["features"], figures, strict=True)) | {
            "l0_quantiles": np.quantile(active, QUANTILES).tolist()
        }
    return scores


def _probe(work: Work, encode: Stored, features: Features, seed: int, report: Report) -> None:
    labels = {split: _known_labels(encode, split) for split in SPLITS}
    train = labels["train"]
    if train is None or not 1 < len(np.unique(train.numbers)) < len(train.numbers):
        report(Notice("fewer than two classes, or only one image of each, so the linear probe is left out"))
        return
    report(Notice(f"linear probe on {len(train.numbers):,} images"))
    known = {split: (features[split].take(each.indices), each.numbers) for split, each in labels.items() if each}
    probe = fit_probe(*known["train"], seed)
    work.metrics["probe"] = {"C": probe.C, "held_out_accuracy": probe.held_out_accuracy}
    for split, pair in known.items():
        work.metrics["probe"][split] = {"accuracy": probe.accuracy(*pair)}


@dataclass(frozen=True)
class KnownLabels:
    """The indices (M,) of the images of a split that have a label, and the numbers (M,) of their classes."""

    indices: NDArray[np.int64]
    numbers: NDArray[np.uint8]


def _known_labels(encode: Stored, split: str) -> KnownLabels | None:
    """The labels of a split, or None if it has none."""
    name = f"labels_{split}.npy"
    if name not in encode.manifest.files:
        return None
    labels = load_npy(encode.folder / name)
    indices = np.flatnonzero(labeled(labels, len(encode.manifest.data.class_names)))
    return KnownLabels(indices, labels[indices]) if len(indices) else None


def _classifier(classify: Stored, encode: Stored, features: Rows) -> dict[str, Any]:
    drawn = load_npy(classify.folder / "labelled_indices.npy")
    train = _known_labels(encode, "train")
    scores = _test_scores(classify, encode)
    if train is not None and len(encode.manifest.data.class_names) > 1:
        head = open_network(classify.folder / "classifier.onnx")
        numbers = train.numbers[np.searchsorted(train.indices, drawn)]
        scores["train"] = _classification(head(features.take(drawn)), numbers)
    return scores


def _test_scores(stage: Stored, encode: Stored) -> dict[str, Any]:
    """Scores, on the test images, of a stage that predicts classes; None if there is only one class to predict."""
    scores: dict[str, Any] = {"labels_used": stage.manifest.metrics["labels_used"]}
    test, class_names = _known_labels(encode, "test"), encode.manifest.data.class_names
    if test is not None and len(class_names) < 2:
        scores["test"] = dict.fromkeys(ON_TEST["finetuned"]) | {"per_class_accuracy": [None] * len(class_names)}
    elif test is not None:
        probabilities = load_npy(stage.folder / "probabilities_test.npy")[test.indices]
        risks = [metrics.risk_at_coverage(probabilities, test.numbers, share) for share in COVERAGES]
        figures = (metrics.expected_calibration_error(probabilities, test.numbers), *risks)
        scores["test"] = _classification(probabilities, test.numbers) | dict(zip(CALIBRATION, figures, strict=True))
        scores["test"]["per_class_accuracy"] = metrics.per_class_accuracy(probabilities, test.numbers)
    return scores


def _classification(probabilities: NDArray[np.float32], labels: NDArray[np.uint8]) -> dict[str, Any]:
    return {"loss": metrics.log_loss(probabilities, labels), "accuracy": metrics.accuracy(probabilities, labels)}


def _cluster_tables(cluster: Stored, encode: Stored) -> dict[str, metrics.Table]:
    """The contingency table (K, C) of each split that has labels."""
    n_groups, n_classes = len(cluster.manifest.metrics["cluster_sizes"]), len(encode.manifest.data.class_names)
    tables = {}
    for split in SPLITS:
        known = _known_labels(encode, split)
        if known is not None:
            assignments = load_npy(cluster.folder / f"assignments_{split}.npy")[known.indices]
            tables[split] = metrics.contingency_table(assignments, known.numbers, n_groups, n_classes)
    return tables


def _clusters(cluster: Stored, tables: Mapping[str, metrics.Table]) -> dict[str, Any]:
    found = cluster.manifest.metrics
    n_groups = len(found["cluster_sizes"])
    scores: dict[str, Any] = {key: found[key] for key in FOUND if key in found}
    for split in SPLITS:
        assignments = load_npy(cluster.folder / f"assignments_{split}.npy")
        unsure = load_npy(cluster.folder / f"confidence_{split}.npy") < UNSURE
        sizes = np.bincount(assignments, minlength=n_groups)
        scores[split] = {"unsure": float(unsure.mean()) if n_groups > 1 else None, "sizes": sizes.tolist()}
    if "train" not in tables:
        return scores
    hungarian = metrics.hungarian_mapping(tables["train"])
    majority = metrics.majority_mapping(tables["train"])
    scores["hungarian_mapping"], scores["majority_mapping"] = hungarian.tolist(), majority.tolist()
    mappings = (hungarian, majority, np.arange(n_groups))
    agreements = (metrics.normalized_mutual_info, metrics.adjusted_rand_index, metrics.purity)
    several = metrics.n_classes_of(tables["train"]) > 1  # else every cluster is right
    for split, table in tables.items():
        of_several = metrics.n_classes_of(table) > 1
        figures = (
            *(metrics.mapped_accuracy(table, each) if several else None for each in mappings),
            *(score(table) if of_several else None for score in agreements),
        )
        scores[split] = dict(zip(FIGURES["clusters"], figures, strict=True)) | scores[split]
    return scores


def _names(label: Stored, tables: Mapping[str, metrics.Table], class_names: Sequence[str]) -> dict[str, Any]:
    """Accuracy of the names that a person gave to the clusters, if all of them are names of classes."""
    names = [each["name"] for each in label.manifest.metrics["clusters"]]
    if not tables or not set(names) <= set(class_names):
        return {}
    mapping = np.array([class_names.index(name) for name in names])
    return {"names": {split: {"accuracy": metrics.mapped_accuracy(table, mapping)} for split, table in tables.items()}}
