"""The rows of a review, and their CSV file."""

import csv
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from mnistae_cli.common import as_text, from_text, write_table

LABEL, STRANGER, DUPLICATE, NEAR_DUPLICATE = "label", "stranger", "duplicate", "near-duplicate"
KINDS = (LABEL, STRANGER, DUPLICATE, NEAR_DUPLICATE)

Key = tuple[str, int, str]
"""Split, row of its features, and what is suspected: one row of a review."""


@dataclass(frozen=True)
class Suspicion:
    """A row about an image.

    Args:
        split: `train` or `test`.
        index: row of its features.
        image: its file, or its number in an array.
        suspicion: one of `KINDS`.
        score: in [0, 1]; 1 is the most suspicious.
        why: the reason, in words.
        label: its class name, or empty.
        suggested: another class name, if the label looks wrong; otherwise empty.
        neighbors: similar images, `split:index` each; for a duplicate, first the image that it repeats.
    """

    split: str
    index: int
    image: str
    suspicion: str
    score: float
    why: str
    label: str
    suggested: str
    neighbors: tuple[str, ...]

    @property
    def key(self) -> Key:
        """What identifies the row."""
        return self.split, self.index, self.suspicion


COLUMNS = tuple(each.name for each in fields(Suspicion))


def write_suspicions(path: Path, rows: Iterable[Suspicion]) -> None:
    """Write the rows by kind, the most suspicious first."""
    ordered = sorted(rows, key=lambda row: (KINDS.index(row.suspicion), -row.score, row.split, row.index))
    write_table(path, COLUMNS, map(_cells, ordered))


def _cells(row: Suspicion) -> tuple[object, ...]:
    split, index, image, kind, score, why, *names, neighbors = astuple(row)
    texts = (as_text(image), kind, f"{score:.6f}", as_text(why), *map(as_text, names), " ".join(neighbors))
    return split, index, *texts


def read_suspicions(path: Path) -> list[Suspicion]:
    """Read the rows that `write_suspicions` wrote."""
    with path.open(newline="", encoding="utf-8", errors="surrogateescape") as file:
        return [_row(*cells) for cells in list(csv.reader(file))[1:]]


def _row(split: str, index: str, image: str, kind: str, score: str, why: str, *rest: str) -> Suspicion:
    label, suggested, neighbors = rest
    texts = (from_text(why), from_text(label), from_text(suggested))
    return Suspicion(split, int(index), from_text(image), kind, float(score), *texts, tuple(neighbors.split()))
