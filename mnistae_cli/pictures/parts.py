"""The content of the parts of a page, for the scripts in `page/`."""

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
UNIT = 4095  # coordinates on a map are whole numbers up to this: short, but finer than the pixels of a screen
CAPTIONS = {
    "reconstructions.png": "Test images and their reconstructions",
    "loss.png": "Loss of each epoch",
    "feature_map.png": "Map of the features of test images",
    "density.png": "How often each unit is active",
    "atoms.png": "What each unit adds to a picture",
    "compositions.png": "Images, and the atoms that add most to them",
    "confusion.png": "Confusion matrix of the classifier",
    "clusters.png": "The surest test images of each cluster",
    "resolutions.png": "Number of clusters for each threshold",
    "mistakes.png": "Test images in the cluster of another class",
}
"""The figures of `evaluate` → what each shows."""


@dataclass(frozen=True)
class Groups:
    """A way to color and filter the dots of a map; `of` (N,) is the group of each dot, -1: none."""

    title: str
    names: Sequence[str]
    of: NDArray[np.integer[Any]]

    def with_dots(self) -> "Groups":
        """The same without the groups that have no dot: labels may have gaps."""
        numbers = np.unique(self.of[self.of >= 0])
        of = np.where(self.of >= 0, np.searchsorted(numbers, self.of), -1)
        return Groups(self.title, [self.names[number] for number in numbers], of)


def scores_part(rows: Sequence[Sequence[str]]) -> Part:
    """The table of the scores. Columns: name, training images, test images."""
    return {
        "title": "Scores",
        "note": "For the training and the test images.",
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
    """What is not on the page yet, and the commands that add it."""
    return {
        "title": "Not on this page",
        "note": "These commands add more. Run mnistae report after them.",
        "rows": commands,
    }


def map_part(
    points: NDArray[np.float32],
    method: str,
    rows: NDArray[np.int64],
    groups: Sequence[Groups],
    figures: Sequence[tuple[str, Sequence[str]]],
    tiles: Tiles,
) -> Part:
    """The map of the features of test images.

    `points` (N, 2) are the places of the images in `rows` (N,) of the test split. There is at least one of `groups`.
    `figures` are titles, each with a text per dot.
    """
    low, span = points.min(axis=0), max(float(np.ptp(points, axis=0).max()), 1e-9)
    centered = (points - low + (span - np.ptp(points, axis=0)) / 2) / span
    places = np.round(centered * UNIT).astype(np.int64)
    places[:, 1] = UNIT - places[:, 1]  # a page counts from the top
    return {
        "title": "Map",
        "note": "Each dot is a test image. Similar images are near each other; large distances mean little. "
        "Point at a dot to see its image. Click it to show only its group; click again to show all.",
        "method": method,
        "unit": UNIT,
        "x": places[:, 0].tolist(),
        "y": places[:, 1].tolist(),
        "rows": rows.tolist(),
        "tiles": tiles.numbers_of("test", rows),
        "groups": [
            {"title": each.title, "names": each.names, "of": each.of.tolist(), "centers": _centers(places, each)}
            for each in (given.with_dots() for given in groups)
        ],
        "figures": [{"title": title, "of": values} for title, values in figures],
    }


def _centers(places: NDArray[np.int64], groups: Groups) -> list[list[int]]:
    """The place of each group's name: the dots at its medians in x and in y; -1 if it has no dot."""
    centers = []
    for number in range(len(groups.names)):
        members = np.flatnonzero(groups.of == number)
        middle = len(members) // 2
        ordered = [members[np.argsort(places[members, axis], kind="stable")] for axis in (0, 1)]
        centers.append([int(each[middle]) for each in ordered] if len(members) else [-1, -1])
    return centers


def sheet_part(sheet: Sheet, command: str, tiles: Tiles) -> Part:
    """The contact sheet of the clusters. The page adds the typed names to `command`; `tiles` collects the images."""
    clusters = [
        asdict(look) | {"surest": tiles.numbers_of("train", first), "least": tiles.numbers_of("train", unsure)}
        for look, (first, unsure) in zip(sheet.looks, sheet.shown, strict=True)
    ]
    note = "Training images of each cluster. Enter goes to the next name. The command below takes the names."
    return {"title": "Contact sheet", "note": note, "clusters": clusters, "surest": sheet.surest, "command": command}


def review_part(
    suspicions: Sequence[Mapping[str, Any]], table_sha256: str, class_names: Sequence[str], tiles: Tiles
) -> Part:
    """The rows of a review as galleries, the most suspicious first.

    The `suspicions` have split, index, image, suspicion, score, why, label, suggested and neighbors; `class_names` are
    those that can be chosen. The sha256 is that of their `review.csv`.
    """
    rows = []
    for row in sorted(suspicions, key=lambda row: -row["score"]):
        near = [each.split(":") for each in row["neighbors"]]
        neighbors = [(f"{split} {index}", *tiles.numbers_of(split, [index])) for split, index in near]
        (number,) = tiles.numbers_of(row["split"], [row["index"]])
        rows.append({**row, "tile": number, "neighbors": neighbors})
    note = (
        "Keys: arrows move, a accepts, r refuses, u undoes. Accepting a label means: the suggested class is "
        "right (or another one that you pick). Accepting a stranger or a duplicate means: leave this image out."
    )
    # The browser keeps decisions under this key, which is another one for another table.
    key = f"mnistae-review-{table_sha256[:16]}"
    return {"title": "Review", "note": note, "rows": rows, "classes": class_names, "key": key}


def write_review(
    path: Path,
    suspicions: Sequence[Mapping[str, Any]],
    table_sha256: str,
    images: Mapping[str, ImageSource],
    class_names: Sequence[str],
) -> None:
    """Write a page with only the review: see `review_part`. `images`: split → its images."""
    tiles = Tiles()
    part = review_part(suspicions, table_sha256, class_names, tiles)
    page = Page("Review", f"{len(part['rows']):,} suspicions. Decide, then download decisions.csv.", {"review": part})
    page.write(path, tiles, images)
