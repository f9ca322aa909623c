"""`mnistae review`: features and images → labels that look wrong, strangers, duplicates; what is left without them."""

import hashlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.clusters import Directions
from mnistae_cli.common import Notice, Report, UsageError, as_text, setting, silent, write_table
from mnistae_cli.curation import (
    KINDS,
    LABEL,
    LEAK,
    N_NEIGHBORS,
    Decision,
    NoveltyBaseline,
    Reference,
    Review,
    Split,
    Suspicion,
    decisions_file,
    find_duplicates,
    find_label_errors,
    lacks_class,
    named,
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
    given: an accepted label stays the class that was suggested when it was accepted. Images are not changed.

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
        same = earlier if earlier and not force and _is_found_by(earlier, config, inputs) else None
        given = _given(config, earlier, inputs, force)
        if given and same and not given.is_stored:
            given.read(same)
        record = given.record() if given else None
        if work.is_due(config, record):
            _fill(work, config, inputs, same, report)
            if given and record:
                given.read(earlier if given.is_stored else None, work.folder)
                record["sha256"] |= given.record()["sha256"]  # it was not known before which class was accepted
                _apply(work, inputs["encode"], config, given.decisions, report)
                (work.folder / DECISIONS).write_bytes(given.content)
    return work.manifest


class _Given:
    """A file of decisions. After `read`, each accepted label has its class, in `decisions` and in the `content`."""

    def __init__(self, path: Path, class_names: Sequence[str], *, is_stored: bool) -> None:
        self._path, self._class_names = path, class_names
        self.is_stored = is_stored  # by an earlier review
        self.content = path.read_bytes() if path.is_file() else b""
        self.decisions: list[Decision] = []

    def record(self) -> dict[str, dict[str, str]]:
        """What the manifest holds of it."""
        return {"sha256": {"decisions": hashlib.sha256(self.content).hexdigest()}}

    def read(self, review: Stored | None, otherwise: Path | None = None) -> None:
        """Read it as decisions about a review, or about the one that is being made in a folder.

        Stored decisions may also be about rows of a still earlier review. If the review was damaged since, the classes
        that it suggested are not known.
        """
        intact = review is None or not _damage(review)
        folder = review.folder if review else otherwise
        rows = read_suspicions(folder / TABLE) if folder and intact else []
        known = None if self.is_stored else {row.key: row.image for row in rows}
        found = read_decisions(self._path, known, self._class_names)
        self.decisions = named(found, {row.key: row.suggested for row in rows})
        if self.decisions != found:
            self.content = decisions_file(self.decisions)


def _given(config: ReviewConfig, earlier: Stored | None, inputs: Mapping[str, Stored], force: bool) -> _Given | None:
    """The decisions that are to be applied, if there are any."""
    class_names = inputs["encode"].manifest.data.class_names
    if config.apply:
        path, stored = Path(config.apply), earlier and earlier.folder / DECISIONS
        return _Given(path, class_names, is_stored=bool(stored and path.resolve() == stored.resolve()))
    kept = None if force else _earlier_decisions(earlier, inputs)
    return _Given(kept, class_names, is_stored=True) if kept else None


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


def _is_found_by(earlier: Stored, config: ReviewConfig, inputs: Mapping[str, Stored]) -> bool:
    """Whether an earlier review is undamaged, and the same as this one except for the decisions."""
    settings = all(earlier.manifest.config.get(name) == getattr(config, name) for name in ("least_rows", "seed"))
    found_in = {role: dict(stored.read) for role, stored in inputs.items()}
    return settings and earlier.manifest.inputs == found_in and not _damage(earlier)


def _damage(earlier: Stored) -> str:
    """What is wrong with what an earlier review found; empty if nothing is."""
    files = {name: entry for name, entry in earlier.manifest.files.items() if name not in OF_DECISIONS}
    return damage_of(earlier.folder, files, 0)


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
    features_of_all = np.concatenate([each for _, each in judged])
    errors = find_label_errors(features_of_all, np.concatenate(labels), config.seed, len(review.class_names))
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
    listed = {row.key for row in read_suspicions(work.folder / TABLE)}
    applied = [each for each in decisions if each.key in listed and not lacks_class(each)]
    gone, unnamed = sum(each.key not in listed for each in decisions), sum(map(lacks_class, decisions))
    if gone:
        report(Notice(f"{gone} of {len(decisions)} decisions are about rows that this review does not have"))
    if unnamed:
        why = "it is not known which class was suggested when they were made"
        report(Notice(f"{unnamed} of {len(decisions)} decisions are left out: {why}"))
    kept = {name: np.ones(images.pixels.n, np.bool_) for name, images in data.splits()}
    labels = {name: None if images.labels is None else images.labels.copy() for name, images in data.splits()}
    n_corrected = 0
    for each in applied:
        split, index, suspicion = each.key
        known = labels[split]
        if each.accepted and suspicion != LABEL:
            kept[split][index] = False
        elif each.accepted and known is not None:
            known[index] = data.class_names.index(each.chosen)
            n_corrected += 1
    write_table(work.folder / KEPT, ("split", "index", "image", "label"), _kept_rows(data, kept, labels))
    if labels["train"] is not None:
        np.save(work.folder / CORRECTED, labels["train"])
    work.metrics |= {"n_kept": {split: int(each.sum()) for split, each in kept.items()}, "n_corrected": n_corrected}


def _kept_rows(
    data: Dataset, kept: Mapping[str, NDArray[np.bool_]], labels: Mapping[str, NDArray[np.uint8] | None]
) -> Iterator[tuple[str, int, str, str]]:
    for split, images in data.splits():
        names, known = images.pixels.names(), labels[split]
        for i in np.flatnonzero(kept[split]).tolist():
            label = "" if known is None or known[i] >= len(data.class_names) else data.class_names[known[i]]
            yield split, i, as_text(names[i]), as_text(label)
