"""`mnistae label`: a name for each cluster → a name for each image, the surest first. Labels are not used."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from mnistae_cli.clusters import Placement
from mnistae_cli.common import MissingInput, Report, UsageError, as_text, setting, silent, write_table
from mnistae_cli.data import load_encoded
from mnistae_cli.pictures.pages import Page
from mnistae_cli.pictures.parts import sheet_part
from mnistae_cli.pictures.sheets import READS_OF_CLUSTER, Sheet, write_sheet
from mnistae_cli.pictures.tiles import Tiles
from mnistae_cli.settings import LabelConfig
from mnistae_cli.store import (
    LABELS_TABLE,
    TEST_IMAGES,
    TRAIN_IMAGES,
    Manifest,
    Reads,
    Stored,
    Work,
    command_for,
    keep,
    read_stage,
    sha256_of,
    stage,
)

ANSWERS = ".answers.json"  # in the artifacts directory
COLUMNS = ("split", "index", "image", "cluster", "name", "distance", "confidence")
LONGEST_NAME = 80  # characters
READS: Reads = {"encode": (TRAIN_IMAGES, TEST_IMAGES), "cluster": READS_OF_CLUSTER}


def label(
    config: LabelConfig,
    artifacts: Path,
    report: Report = silent,
    *,
    force: bool = False,
    shown: Mapping[str, str] | None = None,
) -> Manifest:
    """Draw the contact sheet of the clusters and, with `names`, name every image. Earlier names are kept.

    Writes `contact_sheet.png` and `contact_sheet.html` (needs no other file) of training images and, with names,
    `labels.csv`: a row per image of both splits, the least sure last. The manifest's metrics: `clusters`, a list with a
    `ClusterLook` for each.

    Args:
        config: the settings.
        artifacts: the artifacts directory.
        report: listener.
        force: run even if up to date.
        shown: `inputs["cluster"]` of the manifest whose contact sheet the names were given for, if that is known.

    Raises:
        MissingInput: there are no valid clusters, or not those that were `shown`, or the images are gone.
        UsageError: there is not one name per cluster, a name is invalid, or `labels.csv` was corrected since.
    """
    with stage("label", artifacts, report, force=force) as work:
        inputs = work.open(READS)
        cluster = inputs["cluster"]
        if shown is not None and cluster.read != shown:
            raise MissingInput(
                "the clusters have changed since they were shown, so they do not get the names of the earlier ones.",
                f"The names are kept for those: {', '.join(config.names)}. "
                f"Name the new ones: {command_for(artifacts, 'label')}",
            )
        earlier = read_stage(artifacts, "label")
        table = artifacts / "label" / LABELS_TABLE
        if earlier and not force:
            _refuse_to_replace_corrections(table, earlier)
        if earlier and earlier.manifest.inputs["cluster"] == cluster.read:
            config = replace(config, names=config.names or tuple(earlier.manifest.config["names"]))
        _check_names(config.names, len(cluster.manifest.metrics["cluster_sizes"]))
        if work.is_due(config):
            _fill(work, config, report)
            if not earlier and not force:
                _refuse_to_lose(table, work.folder / LABELS_TABLE)
    return work.manifest


class Answers:
    """The names that a person has typed for some clusters. Each is saved at once, in case the process stops.

    Names for other clusters stay in the file: whoever makes those again, with the same settings, has their names.

    Args:
        artifacts: the artifacts directory.
        shown: `inputs["cluster"]` of the manifest whose contact sheet the person sees.
    """

    def __init__(self, artifacts: Path, shown: Mapping[str, str]) -> None:
        self._path = artifacts / ANSWERS
        self.shown = dict(shown)
        self._others, self.names = list[dict[str, Any]](), list[str]()
        for each in self._saved():
            if each["clusters"] == self.shown:
                self.names = each["names"]
            else:
                self._others.append(each)

    def add(self, name: str) -> None:
        """Add a name, and save it."""
        self.names.append(name)
        self._save([*self._others, {"clusters": self.shown, "names": self.names}])

    def forget(self) -> None:
        """Delete the saved names: they are in the stage's folder now."""
        self._save(self._others) if self._others else self._path.unlink(missing_ok=True)

    def _save(self, answers: list[dict[str, Any]]) -> None:
        keep(self._path, json.dumps({"answers": answers}) + "\n")

    def _saved(self) -> list[dict[str, Any]]:
        """What the file holds; nothing if it is damaged."""
        with suppress(OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            saved = json.loads(self._path.read_text(encoding="utf-8"))
            answers = saved.get("answers", [saved])  # version 0.8.0 kept those of one clustering
            return [{"clusters": each["clusters"], "names": list(map(str, each["names"]))} for each in answers]
        return []


def problem_of_name(name: str) -> str:
    """What is wrong with a name for a cluster; empty if nothing is."""
    if name and name.isprintable() and len(name) <= LONGEST_NAME:
        return ""
    shown = repr(name if len(name) <= LONGEST_NAME else name[:LONGEST_NAME] + "…")
    return f"{shown}: a name is 1 to {LONGEST_NAME} printable characters."


def _refuse_to_lose(table: Path, new: Path) -> None:
    """Refuse to replace another table if it has no valid manifest, because it may have been corrected."""
    if table.is_file() and not (new.is_file() and sha256_of(new) == sha256_of(table)):
        raise UsageError(
            f"{table} may have been corrected: its manifest cannot be read.",
            f"Give the same {setting('names')} as before, move the table away, or give {setting('force', True)}.",
        )


def _refuse_to_replace_corrections(table: Path, earlier: Stored) -> None:
    written = earlier.manifest.files.get(LABELS_TABLE, {}).get("sha256")
    if table.is_file() and sha256_of(table) != written:
        raise UsageError(
            f"{table} was corrected, and would be replaced.", f"Move it away, or give {setting('force', True)}."
        )


def _check_names(names: tuple[str, ...], n_clusters: int) -> None:
    if names and len(names) != n_clusters:
        raise UsageError(
            f"{setting('names')} has {len(names)} names, but there are {n_clusters} clusters.",
            f"Give {n_clusters} names, in the order of the contact sheet.",
        )
    for name in names:
        problem = problem_of_name(name)
        if problem:
            raise UsageError(f"{setting('names')} has {problem}", "Give another name.")


def _fill(work: Work, config: LabelConfig, report: Report) -> None:
    data = load_encoded(work.inputs["encode"], config.data_dir, report)
    sheet = Sheet.of_clusters(work.inputs["cluster"], config.names, config.images_per_cluster)
    write_sheet(data.train.pixels, sheet, work.folder / "contact_sheet.png")
    tiles = Tiles()
    part = sheet_part(sheet, command_for(work.artifacts, "label"), tiles)
    page = Page(f"{len(sheet.looks)} clusters", "Type a name for each cluster, then copy the command.", {"sheet": part})
    page.write(work.folder / "contact_sheet.html", tiles, {"train": data.train.pixels})
    if config.names:
        images = [(split, *each) for split, images in data.splits() for each in enumerate(images.pixels.names())]
        _write_labels(work.folder / LABELS_TABLE, images, sheet.placement, config.names)
    work.metrics = {"clusters": [asdict(each) for each in sheet.looks]}


def _write_labels(
    path: Path, images: Sequence[tuple[str, int, str]], placement: Placement, names: Sequence[str]
) -> None:
    def row(i: int) -> tuple[object, ...]:
        cluster = int(placement.clusters[i])
        figures = (f"{placement.distance[i]:.6g}", f"{placement.confidence[i]:.4f}")
        split, index, image = images[i]
        return split, index, as_text(image), cluster, as_text(names[cluster]), *figures

    write_table(path, COLUMNS, map(row, np.lexsort((placement.distance, -placement.confidence)).tolist()))
