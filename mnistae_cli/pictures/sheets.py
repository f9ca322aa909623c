"""The contact sheet of the clusters, as a picture and as a page. A person looks at it to name the clusters."""

import base64
import html
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from mnistae_cli.data import Pixels, unit_scale

SCALE = 48  # least length of an image's longer side on the sheet, in pixels
TEXT = 56  # height of three lines of text, in pixels
SIZES = (20, 13)  # font sizes of a cluster's title, and of its figures
GAP = 12
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Clusters</title><style>
body {{ font: 15px/1.4 sans-serif; margin: 2em; }} table {{ border-collapse: collapse; }}
td, th {{ padding: .4em .8em; text-align: left; border-bottom: 1px solid #ddd; }} img {{ display: block; }}
.mixed {{ color: #b00; }}
</style></head><body>
<h1>{title}</h1>
<p>Name each with <code>mnistae label --names NAME,NAME,…</code>, in this order.</p>
<table><tr><th>cluster</th><th>name</th><th>images</th><th>unsure</th><th>{surest}</th>
<th>least sure</th></tr>
{rows}
</table></body></html>
"""


@dataclass(frozen=True)
class ClusterLook:
    """The summary of a cluster on the sheet.

    Args:
        cluster: its number.
        name: as given, or empty.
        size: number of its images in both splits.
        unsure: share of them whose confidence is below 0.5.
        mixed: whether it seems to hold more than one kind of image.
        small: whether it is too small to be called a cluster.
    """

    cluster: int
    name: str
    size: int
    unsure: float
    mixed: bool
    small: bool = False


Shown = tuple[NDArray[np.int64], NDArray[np.int64]]
"""Indices of a cluster's images: the surest, and the least sure ones."""


def write_sheet(
    images: Pixels, shown: Sequence[Shown], summaries: Sequence[ClusterLook], folder: Path, surest: str
) -> None:
    """Write `contact_sheet.png` and `contact_sheet.html`, a row per cluster.

    Args:
        images: (N, H, W) of the training set.
        shown: the images to show, per cluster.
        summaries: one per cluster.
        folder: where the two files go.
        surest: what the first images of each are.
    """
    strips = [(_strip(images[nearest]), _strip(images[unsure])) for nearest, unsure in shown]
    _picture(strips, summaries, surest).save(folder / "contact_sheet.png")
    rows = "\n".join(_row(summary, *strip) for summary, strip in zip(summaries, strips, strict=True))
    page = PAGE.format(title=f"{len(summaries)} clusters", surest=surest, rows=rows)
    (folder / "contact_sheet.html").write_text(page, encoding="utf-8")


def _strip(images: Pixels) -> Any:
    """Images (M, H, W) side by side, each enlarged by a whole number."""
    grey = np.round(unit_scale(images) * 255).astype(np.uint8)
    factor = max(-(-SCALE // max(grey.shape[1:])), 1)
    large = grey.repeat(factor, axis=1).repeat(factor, axis=2)
    framed = np.pad(large, ((0, 0), (1, 1), (1, 1)), constant_values=128)
    return Image.fromarray(np.hstack(list(framed)) if len(framed) else np.full((factor, factor), 255, np.uint8))


def _picture(strips: Sequence[tuple[Any, Any]], summaries: Sequence[ClusterLook], surest: str) -> Any:
    height = max(TEXT, *(each.height for pair in strips for each in pair)) + GAP
    widths = [max(pair[side].width for pair in strips) for side in (0, 1)]
    captions = [(_title(each), f"{each.size:,} images, {each.unsure:.1%} unsure") for each in summaries]
    ruler = ImageDraw.Draw(Image.new("L", (1, 1)))
    left = 3 * GAP + max(
        int(ruler.textlength(text, font_size=size))
        for caption in captions
        for text, size in zip(caption, SIZES, strict=True)
    )
    sheet = Image.new("RGB", (left + widths[0] + 3 * GAP + widths[1], GAP + 24 + height * len(strips)), "white")
    draw = ImageDraw.Draw(sheet)
    draw.text((left, GAP), surest, "black", font_size=16)
    draw.text((left + widths[0] + 2 * GAP, GAP), "least sure", "black", font_size=16)
    for row, (summary, (nearest, unsure)) in enumerate(zip(summaries, strips, strict=True)):
        top = GAP + 24 + row * height
        for text, size, offset in zip(captions[row], SIZES, (0, 24), strict=True):
            draw.text((GAP, top + offset), text, "black", font_size=size)
        draw.text((GAP, top + 40), _warning(summary), "#b00000", font_size=13)
        sheet.paste(nearest, (left, top))
        sheet.paste(unsure, (left + widths[0] + 2 * GAP, top))
    return sheet


def _title(summary: ClusterLook) -> str:
    return f"{summary.cluster}" + (f": {summary.name}" if summary.name else "")


def _warning(summary: ClusterLook) -> str:
    return "small" if summary.small else "looks mixed" if summary.mixed else ""


def _row(summary: ClusterLook, nearest: Any, unsure: Any) -> str:
    mixed = f' <span class="mixed">{_warning(summary)}</span>' if _warning(summary) else ""
    figures = f"<td>{summary.size:,}</td><td>{summary.unsure:.1%}{mixed}</td>"
    pictures = "".join(
        f'<td><img alt="" src="data:image/png;base64,{_base64(each)}"></td>' for each in (nearest, unsure)
    )
    return f"<tr><th>{summary.cluster}</th><td>{html.escape(summary.name)}</td>{figures}{pictures}</tr>"


def _base64(picture: Any) -> str:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()
