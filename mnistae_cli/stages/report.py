"""`mnistae report`: results of the earlier stages → one page for a browser. It does not compute scores."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.clusters import UNSURE, Placement
from mnistae_cli.common import Notice, Report, silent
from mnistae_cli.curation import read_suspicions
from mnistae_cli.data import Rows, labeled, load_encoded, load_npy
from mnistae_cli.pictures.maps import draw_images, lay_out
from mnistae_cli.pictures.pages import Page
from mnistae_cli.pictures.parts import (
    CAPTIONS,
    Groups,
    Part,
    absent_part,
    figures_part,
    map_part,
    review_part,
    scores_part,
    sheet_part,
)
from mnistae_cli.pictures.sheets import READS_OF_CLUSTER, Sheet
from mnistae_cli.pictures.tiles import Tiles
from mnistae_cli.scores import metric_rows
from mnistae_cli.settings import ReportConfig
from mnistae_cli.store import TEST_IMAGES, TRAIN_IMAGES, Manifest, Reads, Stored, Work, command_for, stage

Inputs = Mapping[str, Stored]
ON_SHEET = 10  # surest images of a cluster, and as many of its least sure ones
# Stage that need not exist → what it adds to the page.
OPTIONAL = {
    "classify": "Predicted classes on the map",
    "cluster": "Clusters on the map, and the contact sheet",
    "label": "Names of the clusters",
    "evaluate": "Scores and figures",
    "review": "Images that look wrong",
}

READS: Reads = {
    "encode": (
        *("features_test.npy", "labels_test.npy", TRAIN_IMAGES, TEST_IMAGES),
        *(f"#dataset.{fact}" for fact in ("name", "n_train", "n_test", "height", "width", "class_names")),
    ),
    "classify": ("probabilities_test.npy",),
    "cluster": READS_OF_CLUSTER,
    "label": ("#metrics.clusters",),
    "evaluate": ("metrics.json", *CAPTIONS),
    "review": ("review.csv",),
}


def report(config: ReportConfig, artifacts: Path, report: Report = silent, *, force: bool = False) -> Manifest:
    """Write `report.html`, a page that needs no other file: scores, figures, a map, the contact sheet, the review.

    Only features are needed. Other stages are shown if they exist; a stale one is left out, with a notice. The
    manifest's metrics: the number of `images` on the map, its `layout`, and the `bytes` of the page.

    Args:
        config: the settings.
        artifacts: the artifacts directory.
        report: listener.
        force: run even if up to date.

    Raises:
        MissingInput: there are no valid features, or the images are gone.
        DamagedInput: a file is not what its manifest says.
    """
    with stage("report", artifacts, report, force=force) as work:
        work.open({"encode": READS["encode"]})
        work.open_optional({role: names for role, names in READS.items() if role != "encode"})
        if work.is_due(config):
            _fill(work, config, report)
    return work.manifest


def _fill(work: Work, config: ReportConfig, report: Report) -> None:
    inputs = work.inputs
    record = inputs["encode"].manifest.data
    data = load_encoded(inputs["encode"], config.data_dir, report)
    class_names = record.class_names
    tiles, parts = Tiles(), dict[str, Part]()
    report(Notice("drawing the map"))
    parts["map"] = _map(config, inputs, class_names, tiles)
    if "evaluate" in inputs:
        scores = json.loads((inputs["evaluate"].folder / "metrics.json").read_text(encoding="utf-8"))
        parts["scores"] = scores_part(metric_rows(scores))
    if "cluster" in inputs:
        sheet = Sheet.of_clusters(inputs["cluster"], _names(inputs), ON_SHEET)
        parts["sheet"] = sheet_part(sheet, command_for(work.artifacts, "label"), tiles)
    if "review" in inputs:
        rows = [asdict(row) for row in read_suspicions(inputs["review"].folder / "review.csv")]
        parts["review"] = review_part(rows, inputs["review"].read["review.csv"], class_names, tiles)
    if "evaluate" in inputs:
        parts["figures"] = figures_part(inputs["evaluate"].folder)
    absent = [(what, command_for(work.artifacts, role)) for role, what in OPTIONAL.items() if role not in inputs]
    if absent:
        parts["absent"] = absent_part(absent)
    intro = f"{record.n_train:,} training and {record.n_test:,} test images"
    intro += f" of {record.height} × {record.width} pixels."
    path = work.folder / "report.html"
    Page(f"mnistae: {record.name}", intro, parts).write(
        path, tiles, {split: images.pixels for split, images in data.splits()}
    )
    work.metrics = {
        "images": len(parts["map"]["x"]),
        "layout": parts["map"]["method"],
        "bytes": path.stat().st_size,
    }


def _map(config: ReportConfig, inputs: Inputs, class_names: list[str], tiles: Tiles) -> Part:
    features = Rows.open(inputs["encode"].folder / "features_test.npy")
    rows = draw_images(len(features), config.map_images, config.seed)
    groups, figures = list[Groups](), list[tuple[str, list[str]]]()
    if "labels_test.npy" in inputs["encode"].manifest.files:
        labels = load_npy(inputs["encode"].folder / "labels_test.npy")[rows]
        groups.append(Groups("Class", class_names, np.where(labeled(labels, len(class_names)), labels.astype(int), -1)))
    if "classify" in inputs:
        probabilities = load_npy(inputs["classify"].folder / "probabilities_test.npy")[rows]
        predicted = zip(probabilities.argmax(axis=1), probabilities.max(axis=1), strict=True)
        figures.append(("Predicted", [f"{class_names[each]} ({share:.1%})" for each, share in predicted]))
    if "cluster" in inputs:
        placement = Placement.load(inputs["cluster"].folder, "test")
        groups.append(Groups("Cluster", _cluster_names(inputs), placement.clusters[rows]))
        unsure = placement.confidence[rows] < UNSURE
        groups.append(Groups("Placement", ["sure", "unsure"], unsure.astype(np.int64)))
        figures.append(("Confidence", [f"{each:.3f}" for each in placement.confidence[rows]]))
    if "review" in inputs:
        names, of = _suspicions(inputs["review"].folder / "review.csv", len(features))
        groups.append(Groups("Suspicion", names, of[rows]))
    if not groups:
        groups.append(Groups("Images", ["test images"], np.zeros(len(rows), np.int64)))
    return map_part(*lay_out(features.take(rows)), rows, groups, figures, tiles)


def _cluster_names(inputs: Inputs) -> list[str]:
    """The number and the name of each cluster."""
    n_groups = len(inputs["cluster"].manifest.metrics["cluster_sizes"])
    names = _names(inputs) or [""] * n_groups
    return [f"{number}: {name}" if name else str(number) for number, name in enumerate(names)]


def _names(inputs: Inputs) -> list[str]:
    return [each["name"] for each in inputs["label"].manifest.metrics["clusters"]] if "label" in inputs else []


def _suspicions(table: Path, n: int) -> tuple[list[str], NDArray[np.int64]]:
    """The suspicions of a `review.csv`, and for each of `n` test images the most serious one; -1 if it has none."""
    found = [(row.score, row.index, row.suspicion) for row in read_suspicions(table) if row.split == "test"]
    names = sorted({suspicion for _, _, suspicion in found})
    of = np.full(n, -1, np.int64)
    for _, index, suspicion in sorted(found):
        of[index] = names.index(suspicion)
    return names, of
