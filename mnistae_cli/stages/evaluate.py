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
from mnistae_cli.data import Dataset, Rows, as_encoded, load_encoded, load_npy
from mnistae_cli.networks import FEATURES, fit_probe, open_network
from mnistae_cli.scores import CALIBRATION, COVERAGES, FIGURES, ON_TEST, SPLITS, describe_codes, metrics
from mnistae_cli.settings import EvaluateConfig
from mnistae_cli.store import SCHEMA_VERSION, TEST_IMAGES, TRAIN_IMAGES, Manifest, Reads, Stored, Work, stage

Features = Mapping[str, Rows]
"""Split → (N, D) float32."""
FOUND = ("n_clusters", "n_small_communities", "stability")
LEAST_VARIANCE = 1e-9  # of pixels in [0, 1]; less is rounding, and the images are all equal
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
    classes = Classes.that_occur(encode, [inputs[role] for role in ("classify", "finetune") if role in inputs])
    _warn_of_equal_images(encode, report)
    facts = {key: getattr(record, key) for key in ("name", "n_train", "n_test", "height", "width")}
    work.metrics = {
        "schema_version": SCHEMA_VERSION,
        "dataset": facts | {"class_names": classes.names},
        "autoencoder": {split: _reconstruction(encode, split) for split in SPLITS},
        "features": _features(work, features),
    }
    if config.probe:
        _probe(work, encode, features, config.seed, report)
    if "classify" in inputs:
        work.metrics["classifier"] = _classifier(inputs["classify"], encode, features["train"], classes)
    if "finetune" in inputs:
        work.metrics["finetuned"] = _test_scores(inputs["finetune"], encode, classes)
    tables = _cluster_tables(inputs["cluster"], encode, classes) if "cluster" in inputs else {}
    if "cluster" in inputs:
        work.metrics["clusters"] = _clusters(inputs["cluster"], tables, classes)
    if "label" in inputs:
        work.metrics |= _names(inputs["label"], tables, classes)
    content = json.dumps(work.metrics, indent=2, allow_nan=False)
    (work.folder / "metrics.json").write_text(content + "\n", encoding="utf-8")
    if config.figures:
        report(Notice("drawing figures"))
        from mnistae_cli.pictures.evaluation import HeldOut, draw

        data = as_encoded(data, encode) if data else load_encoded(encode, config.data_dir, report)
        labels = read_labels(encode, "test")
        numbers = None if labels is None else classes.places(labels)
        test = HeldOut(features["test"], data.test.pixels.load(), numbers, classes.names, classes.numbers)
        draw(work.folder, inputs, test, tables, config.seed, report)


@dataclass(frozen=True)
class Classes:
    """The classes that occur. Labels may have gaps, and nothing is shown of a class that no image has.

    Args:
        numbers: (C,) their labels, ascending.
        names: their names.
        known: the names of all classes, by label.
    """

    numbers: NDArray[np.int64]
    names: list[str]
    known: list[str]

    @classmethod
    def that_occur(cls, encode: Stored, predicting: Sequence[Stored]) -> "Classes":
        """Those in the labels of a split, or among the predictions of some stages."""
        labels = [each for each in (read_labels(encode, split) for split in SPLITS) if each is not None]
        known = encode.manifest.data.class_names
        if not labels:
            return cls(np.arange(len(known)), known, known)
        predicted = [load_npy(each.folder / "probabilities_test.npy").argmax(axis=1) for each in predicting]
        numbers = np.unique(np.concatenate([*labels, *predicted])).astype(np.int64)
        return cls(numbers, [known[number] for number in numbers], known)

    @property
    def are_several(self) -> bool:
        """Whether there is more than one, so that a prediction can be wrong."""
        return len(self.numbers) > 1

    def places(self, labels: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
        """The place of each label in `numbers`, -1 if it does not occur."""
        place = np.full(max(len(self.known), int(labels.max(initial=0)) + 1), -1)
        place[self.numbers] = np.arange(len(self.numbers))
        return np.asarray(place[labels])


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
    labels = {split: read_labels(encode, split) for split in SPLITS}
    if labels["train"] is None or not 1 < len(np.unique(labels["train"])) < len(labels["train"]):
        report(Notice("fewer than two classes, or only one image of each, so the linear probe is left out"))
        return
    report(Notice(f"linear probe on {len(features['train']):,} images"))
    known = {split: (features[split].load(), each) for split, each in labels.items() if each is not None}
    probe = fit_probe(*known["train"], seed)
    work.metrics["probe"] = {"C": probe.C, "held_out_accuracy": probe.held_out_accuracy}
    for split, pair in known.items():
        work.metrics["probe"][split] = {"accuracy": probe.accuracy(*pair)}


def read_labels(encode: Stored, split: str) -> NDArray[np.uint8] | None:
    """The labels (N,) of a split, or None if the data set has none."""
    name = f"labels_{split}.npy"
    return load_npy(encode.folder / name) if name in encode.manifest.files else None


def _classifier(classify: Stored, encode: Stored, features: Rows, classes: Classes) -> dict[str, Any]:
    drawn = load_npy(classify.folder / "labelled_indices.npy")
    train_labels = read_labels(encode, "train")
    scores = _test_scores(classify, encode, classes)
    if train_labels is not None and classes.are_several:
        head = open_network(classify.folder / "classifier.onnx")
        scores["train"] = _classification(head(features.take(drawn)), train_labels[drawn])
    return scores


def _test_scores(stage: Stored, encode: Stored, classes: Classes) -> dict[str, Any]:
    """Scores, on the test images, of a stage that predicts classes; None if there is only one class to predict."""
    scores: dict[str, Any] = {"labels_used": stage.manifest.metrics["labels_used"]}
    labels = read_labels(encode, "test")
    if labels is not None and not classes.are_several:
        scores["test"] = dict.fromkeys(ON_TEST["finetuned"]) | {"per_class_accuracy": [None] * len(classes.names)}
    elif labels is not None:
        probabilities = load_npy(stage.folder / "probabilities_test.npy")
        risks = [metrics.risk_at_coverage(probabilities, labels, share) for share in COVERAGES]
        figures = (metrics.expected_calibration_error(probabilities, labels), *risks)
        scores["test"] = _classification(probabilities, labels) | dict(zip(CALIBRATION, figures, strict=True))
        recalls = metrics.per_class_accuracy(probabilities, labels)
        scores["test"]["per_class_accuracy"] = [recalls[number] for number in classes.numbers]
    return scores


def _classification(probabilities: NDArray[np.float32], labels: NDArray[np.uint8]) -> dict[str, Any]:
    return {"loss": metrics.log_loss(probabilities, labels), "accuracy": metrics.accuracy(probabilities, labels)}


def _cluster_tables(cluster: Stored, encode: Stored, classes: Classes) -> dict[str, metrics.Table]:
    """The contingency table (K, C) of each split that has labels."""
    n_groups = len(cluster.manifest.metrics["cluster_sizes"])
    tables = {}
    for split in SPLITS:
        labels = read_labels(encode, split)
        if labels is not None:
            assignments = load_npy(cluster.folder / f"assignments_{split}.npy")
            table = metrics.contingency_table(assignments, classes.places(labels), n_groups, len(classes.numbers))
            tables[split] = table
    return tables


def _clusters(cluster: Stored, tables: Mapping[str, metrics.Table], classes: Classes) -> dict[str, Any]:
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
    mappings = (hungarian, majority, classes.places(np.arange(n_groups)))
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


def _names(label: Stored, tables: Mapping[str, metrics.Table], classes: Classes) -> dict[str, Any]:
    """Accuracy of the names that a person gave to the clusters, if all of them are names of classes."""
    names = [each["name"] for each in label.manifest.metrics["clusters"]]
    if not tables or not set(names) <= set(classes.known):
        return {}
    mapping = classes.places(np.array([classes.known.index(name) for name in names]))
    return {"names": {split: {"accuracy": metrics.mapped_accuracy(table, mapping)} for split, table in tables.items()}}
