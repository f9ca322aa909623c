"""`mnistae review`: features and images → labels that look wrong, strangers, duplicates; what is left without them."""

import csv
import hashlib
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.clusters import Directions
from mnistae_cli.common import Notice, Report, UsageError, as_text, setting, silent
from mnistae_cli.curation import (
    KINDS,
    LABEL,
    LEAK,
    N_NEIGHBORS,
    Decision,
    Key,
    NoveltyBaseline,
    Reference,
    Review,
    Split,
    Suspicion,
    find_duplicates,
    find_label_errors,
    read_decisions,
    read_suspicions,
    write_suspicions,
)
from mnistae_cli.data import Dataset, Rows, load_encoded, load_npy
from mnistae_cli.networks import FEATURES
from mnistae_cli.pictures.parts import write_review
from mnistae_cli.scores import SPLITS
from mnistae_cli.settings import GRAPH_FEATURES_OF, ReviewConfig, graph_features
from mnistae_cli.store import (
    TEST_IMAGES,
    TRAIN_IMAGES,
    Manifest,
    Plan,
    Stored,
    Work,
    damage_of,
    read_stage,
    sha256_of,
    stage,
)

TABLE, PAGE = "review.csv", "report.html"
DECISIONS, KEPT, CORRECTED = "decisions.csv", "kept.csv", "labels_corrected.npy"
OF_DECISIONS = frozenset({DECISIONS, KEPT, CORRECTED, "n_kept", "n_corrected"})  # files and metrics

READS = {
    "encode": (
        *FEATURES,
        *(f"{part}_{split}.npy" for part in ("labels", "reconstruction_fvu") for split in SPLITS),
        *("novelty.npy", "#dataset.class_names", TRAIN_IMAGES, TEST_IMAGES),
    ),
    "train": GRAPH_FEATURES_OF,
}


def review(config: ReviewConfig, artifacts: Path, report: Report = silent, *, force: bool = False) -> Manifest:
    """Find labels that look wrong, strangers and duplicates, in both splits.

    Writes `review.csv`, a row per suspicion, the most suspicious first, and `report.html`, a page to decide on them;
    for train and test `novelty_*.npy` (N,) float32 in [0, 1] and, with labels, `label_quality_*.npy` (N,) float32 in
    [0, 1]. With `apply` it also writes `decisions.csv`, `kept.csv` (the images that are kept, and their labels) and,
    with labels, `labels_corrected.npy` (N,) uint8 of all training images. Earlier decisions are kept until others are
    given. Images are not changed.

    The manifest's metrics: the number of `rows` for each suspicion, the `wrong_share` of each class and, with
    decisions, `n_kept` of each split and `n_corrected`.

    Args:
        config: the settings.
        artifacts: the artifacts directory.
        report: listener.
        force: run even if up to date.

    Raises:
        MissingInput: there are no valid features, or the images or the file of decisions do not exist.
        DamagedInput: decisions are not about this review.
        UsageError: earlier decisions are about other images.
    """
    with stage("review", artifacts, report, force=force) as work:
        inputs = work.open(READS)
        earlier = read_stage(artifacts, "review")
        path = Path(config.apply) if config.apply else None
        if path is None and not force:
            path = _earlier_decisions(earlier, inputs)
        content = path.read_bytes() if path and path.is_file() else b""
        record = {"sha256": {"decisions": hashlib.sha256(content).hexdigest()}} if path else None
        if work.is_due(config, record):
            intact = earlier if earlier and not damage_of(earlier.folder, earlier.manifest.files, 0) else None
            same = intact if intact and not force and _is_found_by(intact, config, work.plan) else None
            _fill(work, config, inputs, same, report)
            if path:
                known = _known(intact.folder if intact and not config.apply else work.folder)
                decisions = read_decisions(path, known, inputs["encode"].manifest.data.class_names)
                _apply(work, inputs["encode"], config, decisions, report)
                shutil.copy2(path, work.folder / DECISIONS)
    return work.manifest


def _earlier_decisions(earlier: Stored | None, inputs: Mapping[str, Stored]) -> Path | None:
    """The decisions that were applied before. Those about other images are refused, because they would be lost."""
    if earlier is None or DECISIONS not in earlier.manifest.files:
        return None
    path = earlier.folder / DECISIONS
    if not path.is_file():
        return None
    now, before = inputs["encode"].read, earlier.manifest.inputs["encode"]
    if any(now[name] != before.get(name) for name in now if name.endswith("_images")):
        raise UsageError(
            f"{path} is about other images, and would be lost.", f"Move it away, or give {setting('force', True)}."
        )
    return path


def _is_found_by(earlier: Stored, config: ReviewConfig, plan: Plan) -> bool:
    """Whether an earlier review has this plan, except for the decisions."""
    settings = all(earlier.manifest.config.get(name) == getattr(config, name) for name in ("least_rows", "seed"))
    return settings and earlier.manifest.inputs == plan.recorded_inputs


def _known(folder: Path) -> dict[Key, str]:
    return {row.key: row.image for row in read_suspicions(folder / TABLE)}


def _fill(work: Work, config: ReviewConfig, inputs: Mapping[str, Stored], same: Stored | None, report: Report) -> None:
    if same:
        for name in same.manifest.files.keys() - OF_DECISIONS:
            shutil.copy2(same.folder / name, work.folder / name)
        work.metrics = {key: value for key, value in same.manifest.metrics.items() if key not in OF_DECISIONS}
        return
    data = load_encoded(inputs["encode"], config.data_dir, report)
    rows = _look(work, config, inputs, data, report)
    write_suspicions(work.folder / TABLE, rows)
    work.metrics["rows"] = {kind: sum(row.suspicion == kind for row in rows) for kind in KINDS}
    work.metrics["leaks"] = sum(row.why.endswith(LEAK) for row in rows)
    pixels = {split: images.pixels for split, images in data.splits()}
    found = [asdict(row) for row in read_suspicions(work.folder / TABLE)]
    write_review(work.folder / PAGE, found, sha256_of(work.folder / TABLE), pixels, data.class_names)


def _look(
    work: Work, config: ReviewConfig, inputs: Mapping[str, Stored], data: Dataset, report: Report
) -> list[Suspicion]:
    encode = inputs["encode"]
    columns = graph_features(inputs["train"].manifest.config)
    features = [Rows.open(encode.folder / f"features_{split}.npy").load() for split in SPLITS]
    report(Notice(f"looking for strangers in {sum(map(len, features)):,} images"))
    directions = Directions(features[0][:, columns])
    neighbors = (directions.nearest_others(N_NEIGHBORS), directions.nearest(features[1][:, columns], N_NEIGHBORS))
    splits = tuple(
        Split(name, images.pixels.names(), images.labels, near.indices)
        for (name, images), near in zip(data.splits(), neighbors, strict=True)
    )
    review = Review((splits[0], splits[1]), data.class_names, config.least_rows)
    usual, rows = NoveltyBaseline(*load_npy(encode.folder / "novelty.npy")), list[Suspicion]()
    reference = Reference.from_features(Rows.open(encode.folder / "features_train.npy"), columns)
    for split, each in zip(splits, features, strict=True):
        numbers = np.arange(len(each)) if split.name == "train" else None
        errors = load_npy(encode.folder / f"reconstruction_fvu_{split.name}.npy")
        unusual = usual.compare(reference.distances(each, numbers), errors)
        np.save(work.folder / f"novelty_{split.name}.npy", unusual.novelty)
        rows += review.strangers(split, unusual)
    report(Notice("looking for duplicates"))
    pixels = np.concatenate([images.pixels.load() for _, images in data.splits()])
    rows += review.duplicates(find_duplicates(pixels, np.arange(len(pixels)) >= len(features[0])))
    return rows + _labels(work, config, review, [each[:, columns] for each in features], report)


def _labels(
    work: Work, config: ReviewConfig, review: Review, features: list[NDArray[np.float32]], report: Report
) -> list[Suspicion]:
    judged = [(split, each) for split, each in zip(review.splits, features, strict=True) if split.labels is not None]
    labels = [split.labels for split, _ in judged if split.labels is not None]
    if not labels or len(np.unique(np.concatenate(labels))) < 2:
        return []
    report(Notice(f"judging the labels of {sum(map(len, labels)):,} images"))
    errors = find_label_errors(np.concatenate([each for _, each in judged]), np.concatenate(labels), config.seed)
    ends = np.cumsum([len(each) for each in labels])
    for (split, _), quality in zip(judged, np.split(errors.quality, ends[:-1]), strict=True):
        np.save(work.folder / f"label_quality_{split.name}.npy", quality)
    work.metrics["wrong_share"] = {review.class_names[number]: share for number, share in errors.wrong_share.items()}
    if errors.left_out:
        names = ", ".join(review.class_names[number] for number in errors.left_out)
        report(Notice(f"labels of classes with fewer than five images are not judged: {names}"))
    return list(review.wrong_labels([split for split, _ in judged], errors))


def _apply(work: Work, encode: Stored, config: ReviewConfig, decisions: Sequence[Decision], report: Report) -> None:
    """Carry out the accepted decisions: an odd image is left out, a wrong label is corrected."""
    data = load_encoded(encode, config.data_dir, report)
    suggested = {row.key: row.suggested for row in read_suspicions(work.folder / TABLE)}
    gone = [each for each in decisions if each.key not in suggested]
    if gone:
        report(Notice(f"{len(gone)} of {len(decisions)} decisions are about rows that this review does not have"))
    kept = {name: np.ones(images.pixels.n, np.bool_) for name, images in data.splits()}
    labels = {name: None if images.labels is None else images.labels.copy() for name, images in data.splits()}
    n_corrected = 0
    for each in decisions:
        if each.key not in suggested:
            continue
        split, index, suspicion = each.key
        known = labels[split]
        if each.accepted and suspicion != LABEL:
            kept[split][index] = False
        elif each.accepted and known is not None:
            known[index] = data.class_names.index(each.chosen or suggested[each.key])
            n_corrected += 1
    with (work.folder / KEPT).open("w", newline="", encoding="utf-8", errors="surrogateescape") as file:
        table = csv.writer(file)
        table.writerow(("split", "index", "image", "label"))
        for split, images in data.splits():
            names, known = images.pixels.names(), labels[split]
            for i in np.flatnonzero(kept[split]).tolist():
                label = "" if known is None else data.class_names[known[i]]
                table.writerow((split, i, as_text(names[i]), as_text(label)))
    if labels["train"] is not None:
        np.save(work.folder / CORRECTED, labels["train"])
    work.metrics |= {"n_kept": {split: int(each.sum()) for split, each in kept.items()}, "n_corrected": n_corrected}
