"""The contact sheet of the clusters. A person looks at it to name the clusters."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from mnistae_cli.clusters import PLACEMENT_FILES, UNSURE, Placement
from mnistae_cli.data import ImageSource, Pixels, unit_scale
from mnistae_cli.scores import SPLITS
from mnistae_cli.store import Stored

SCALE = 48  # smallest length of an image's longer side on the sheet, in pixels
TEXT = 56  # height of three lines of text, in pixels
SIZES = (20, 13)  # font sizes of a cluster's title, and of its figures
GAP = 12
MIXED = 0.1  # share of unsure images; if a cluster holds two separate groups, at least the smaller one is unsure


@dataclass(frozen=True)
class ClusterLook:
    """The summary of a cluster on the sheet.

    Args:
        cluster: its number.
        name: the given name, or empty.
        size: number of its images in both splits.
        unsure: share of its images with a confidence below 0.5.
        mixed: whether it seems to have several kinds of images.
        small: whether it is too small to be a cluster.
        provisional: whether it touches another one, so that it may be a part of a kind, or several kinds.
    """

    cluster: int
    name: str
    size: int
    unsure: float
    mixed: bool
    small: bool = False
    provisional: bool = False


Shown = tuple[NDArray[np.int64], NDArray[np.int64]]
"""Indices of a cluster's images: the surest, and the least sure ones."""

READS_OF_CLUSTER = (
    *PLACEMENT_FILES,
    *("#metrics.n_clusters", "#metrics.cluster_sizes", "#metrics.provisional", "#config.method"),
)
"""What a stage that makes a `Sheet` reads of `cluster`."""


@dataclass(frozen=True)
class Sheet:
    """What the contact sheet shows: first the clusters, then the small communities.

    Args:
        looks: a summary per cluster.
        shown: the training images to show, per cluster.
        surest: title of the first images of each cluster.
        placement: the placement of all images, the training images first.
    """

    looks: Sequence[ClusterLook]
    shown: Sequence[Shown]
    surest: str
    placement: Placement

    @classmethod
    def of_clusters(cls, cluster: Stored, names: Sequence[str], n_shown: int) -> Self:
        """The sheet for a stored `cluster`, with a name for each cluster, or none.

        It shows the `n_shown` surest images of each cluster, and as many of its least sure ones.
        """
        train, test = (Placement.load(cluster.folder, split) for split in SPLITS)
        metrics, by_distance = cluster.manifest.metrics, cluster.manifest.config["method"] == "kmeans"
        placement, n_groups = Placement.joined([train, test]), len(metrics["cluster_sizes"])
        looks = summarize_clusters(placement, names, metrics["n_clusters"], n_groups, metrics.get("provisional", []))
        shown = choose_images(train, n_groups, n_shown, by_distance=by_distance)
        return cls(looks, shown, "nearest its centroid" if by_distance else "surest", placement)


def summarize_clusters(
    placement: Placement, names: Sequence[str], n_clusters: int, n_groups: int, provisional: Sequence[int] = ()
) -> list[ClusterLook]:
    """The summaries of the clusters, then of the small communities; `names` is empty, or has a name for each."""
    summaries = []
    for number in range(n_groups):
        confidence = placement.confidence[placement.clusters == number]
        unsure = float((confidence < UNSURE).mean()) if len(confidence) else 0.0
        name = names[number] if names else ""
        flags = (unsure > MIXED, number >= n_clusters, number in provisional)
        summaries.append(ClusterLook(number, name, len(confidence), unsure, *flags))
    return summaries


def choose_images(placement: Placement, n_groups: int, n: int, *, by_distance: bool) -> list[Shown]:
    """For each cluster its first `n` images, and as many of the least sure other ones."""
    shown = []
    for number in range(n_groups):
        ordered = placement.typical_first(number, by_distance=by_distance)
        first, others = ordered[:n], ordered[n:]
        shown.append((first, others[np.argsort(-placement.confidence[others], kind="stable")][-n:]))
    return shown


def write_sheet(images: ImageSource, sheet: Sheet, path: Path) -> None:
    """Write the sheet as PNG, a row per cluster; `images` are all training images."""
    drawn = np.unique(np.concatenate([each for pair in sheet.shown for each in pair]))
    pixels = images.take(drawn).load()
    strips = [tuple(_strip(pixels[np.searchsorted(drawn, each)]) for each in pair) for pair in sheet.shown]
    _picture([(surest, unsure) for surest, unsure in strips], sheet.looks, sheet.surest).save(path)


def _strip(images: Pixels) -> Any:
    """Images (M, H, W) in a row, each enlarged by a whole number."""
    gray = np.round(unit_scale(images) * 255).astype(np.uint8)
    factor = max(-(-SCALE // max(gray.shape[1:])), 1)
    large = gray.repeat(factor, axis=1).repeat(factor, axis=2)
    framed = np.pad(large, ((0, 0), (1, 1), (1, 1)), constant_values=128)
    return Image.fromarray(np.hstack(list(framed)) if len(framed) else np.full((factor, factor), 255, np.uint8))


def _picture(strips: Sequence[tuple[Any, Any]], summaries: Sequence[ClusterLook], surest: str) -> Any:
    height = max(TEXT, *(each.height for pair in strips for each in pair)) + GAP
    widths = [max(pair[side].width for pair in strips) for side in (0, 1)]
    small = ImageFont.load_default(SIZES[1])
    captions = [
        (_title(each), (f"{each.size:,} images, {each.unsure:.1%} unsure", small), (_warning(each), small))
        for each in summaries
    ]
    left = 3 * GAP + max(int(font.getlength(text)) for caption in captions for text, font in caption)
    sheet = Image.new("RGB", (left + widths[0] + 3 * GAP + widths[1], GAP + 24 + height * len(strips)), "white")
    draw = ImageDraw.Draw(sheet)
    draw.text((left, GAP), surest, "black", font_size=16)
    draw.text((left + widths[0] + 2 * GAP, GAP), "least sure", "black", font_size=16)
    for row, (nearest, unsure) in enumerate(strips):
        top = GAP + 24 + row * height
        for (text, font), offset, color in zip(captions[row], (0, 24, 40), ("black", "black", "#b00000"), strict=True):
            draw.text((GAP, top + offset), text, color, font=font)
        sheet.paste(nearest, (left, top))
        sheet.paste(unsure, (left + widths[0] + 2 * GAP, top))
    return sheet


def _title(summary: ClusterLook) -> tuple[str, Any]:
    """The number and the name of a cluster, and a font that has their letters."""
    title = f"{summary.cluster}" + (f": {summary.name}" if summary.name else "")
    if title.isascii() and title.isprintable():
        return title, ImageFont.load_default(SIZES[0])
    from mnistae_cli.pictures._names import in_one_font  # loads Matplotlib, which plain names do not need

    text, path, number = in_one_font(title)
    return text, ImageFont.truetype(path, SIZES[0], number)


def _warning(summary: ClusterLook) -> str:
    flags = {"small": summary.small, "looks mixed": summary.mixed, "provisional": summary.provisional}
    return ", ".join(flag for flag, holds in flags.items() if holds)
