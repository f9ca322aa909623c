"""What the parts of a page show, as the scripts in `page/` read it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.data import ImageSource
from mnistae_cli.pictures.pages import Page
from mnistae_cli.pictures.sheets import Sheet
from mnistae_cli.pictures.tiles import Tiles, data_url

Part = dict[str, Any]
UNIT = 4095  # coordinates on a map are whole numbers up to this: finer than the pixels of a screen, and short
CAPTIONS = {
    "reconstructions.png": "Test images and their reconstructions",
    "loss.png": "Loss of each epoch",
    "feature_map.png": "Map of the features of test images",
    "density.png": "How often each unit is active",
    "atoms.png": "What each unit adds to a picture",
    "compositions.png": "Images, and the atoms that they are made of",
    "confusion.png": "Confusion matrix of the classifier",
    "clusters.png": "The surest test images of each cluster",
    "resolutions.png": "Number of clusters over the threshold",
    "mistakes.png": "Test images in the cluster of another class",
}
"""The figures of `evaluate` → what each shows."""


@dataclass(frozen=True)
class Groups:
    """A way to color and filter the dots of a map.

    Args:
        title: what the groups are, as `Class`.
        names: of the groups.
        of: (N,), the group of each dot, -1 if it has none.
    """

    title: str
    names: Sequence[str]
    of: NDArray[np.integer[Any]]


def scores_part(rows: Sequence[Sequence[str]]) -> Part:
    """The table of the scores: what, training images, test images."""
    return {
        "title": "Scores",
        "note": "Of the training and the test images.",
        "header": ["score", "training", "test"],
        "rows": rows,
    }


def figures_part(folder: Path) -> Part:
    """The figures of `evaluate` that are in its folder."""
    figures = [
        {"file": name, "caption": caption, "source": data_url((folder / name).read_bytes())}
        for name, caption in CAPTIONS.items()
        if (folder / name).exists()
    ]
    return {"title": "Figures", "note": f"{len(figures)} figures of mnistae evaluate.", "figures": figures}


def absent_part(commands: Sequence[tuple[str, str]]) -> Part:
    """What is not on the page: its name, and the command that makes it."""
    return {"title": "Not here", "note": "These commands add more. Run mnistae report after them.", "rows": commands}


def map_part(
    points: NDArray[np.float32],
    method: str,
    rows: NDArray[np.int64],
    groups: Sequence[Groups],
    figures: Sequence[tuple[str, Sequence[str]]],
    tiles: Tiles,
) -> Part:
    """The map of the features of test images.

    Args:
        points: (N, 2), the places of the dots.
        method: that found them.
        rows: (N,), the rows of the images in the test split.
        groups: the ways to color and filter, at least one.
        figures: titles, and what is told of each dot beside its groups.
        tiles: receives the images.
    """
    low, span = points.min(axis=0), max(float(np.ptp(points, axis=0).max()), 1e-9)
    centered = (points - low + (span - np.ptp(points, axis=0)) / 2) / span
    places = np.round(centered * UNIT).astype(np.int64)
    places[:, 1] = UNIT - places[:, 1]  # a page counts from the top
    return {
        "title": "Map",
        "note": "Each dot is a test image. Similar images are near each other; far distances mean little. "
        "Point at a dot to see its image; click it to show its group alone, click again to show all.",
        "method": method,
        "unit": UNIT,
        "x": places[:, 0].tolist(),
        "y": places[:, 1].tolist(),
        "rows": rows.tolist(),
        "tiles": tiles.numbers_of("test", rows),
        "groups": [
            {"title": each.title, "names": each.names, "of": each.of.tolist(), "centers": _centers(places, each)}
            for each in groups
        ],
        "figures": [{"title": title, "of": values} for title, values in figures],
    }


def _centers(places: NDArray[np.int64], groups: Groups) -> list[list[int]]:
    """For the name of each group, the dots (one for x, one for y) at its medians; -1 if it has no dot."""
    centers = []
    for number in range(len(groups.names)):
        members = np.flatnonzero(groups.of == number)
        middle = len(members) // 2
        ordered = [members[np.argsort(places[members, axis], kind="stable")] for axis in (0, 1)]
        centers.append([int(each[middle]) for each in ordered] if len(members) else [-1, -1])
    return centers


def sheet_part(sheet: Sheet, command: str, tiles: Tiles) -> Part:
    """The contact sheet of the clusters, where names can be typed.

    Args:
        sheet: what it shows.
        command: that takes the names.
        tiles: receives the images.
    """
    clusters = [
        asdict(look) | {"surest": tiles.numbers_of("train", first), "least": tiles.numbers_of("train", unsure)}
        for look, (first, unsure) in zip(sheet.looks, sheet.shown, strict=True)
    ]
    note = "Training images of each cluster. Enter goes to the next name. The command below takes the names."
    return {"title": "Contact sheet", "note": note, "clusters": clusters, "surest": sheet.surest, "command": command}


def review_part(
    suspicions: Sequence[Mapping[str, Any]], table_sha256: str, class_names: Sequence[str], tiles: Tiles
) -> Part:
    """The rows of a review as galleries, the most suspect first.

    Args:
        suspicions: rows with split, index, image, suspicion, score, why, label, suggested and neighbors.
        table_sha256: of the `review.csv` that they are from.
        class_names: that a person may choose from; empty without labels.
        tiles: receives the images, and those of the neighbors.
    """
    rows = []
    for row in sorted(suspicions, key=lambda row: -row["score"]):
        near = [each.split(":") for each in row["neighbors"]]
        neighbors = [(f"{split} {index}", *tiles.numbers_of(split, [index])) for split, index in near]
        (number,) = tiles.numbers_of(row["split"], [row["index"]])
        rows.append({**row, "tile": number, "neighbors": neighbors})
    note = (
        "Keys: arrows move, a accepts, r refuses, u takes back. To accept a label means that the suggested class "
        "is right (or another that you pick); to accept a stranger or a duplicate means to leave this image out."
    )
    # Decisions are kept under this key: those of another table are not of these rows.
    key = f"mnistae-review-{table_sha256[:16]}"
    return {"title": "Review", "note": note, "rows": rows, "classes": class_names, "key": key}


def write_review(
    path: Path,
    suspicions: Sequence[Mapping[str, Any]],
    table_sha256: str,
    images: Mapping[str, ImageSource],
    class_names: Sequence[str],
) -> None:
    """Write a page of the review alone.

    Args:
        path: of the page.
        suspicions: as `review_part`.
        table_sha256: as `review_part`.
        images: split → its images.
        class_names: that a person may choose from; empty without labels.
    """
    tiles = Tiles()
    part = review_part(suspicions, table_sha256, class_names, tiles)
    page = Page("Review", f"{len(part['rows']):,} suspects. Decide, then download decisions.csv.", {"review": part})
    page.write(path, tiles, images)
