"""What a person decided about the rows of a review: a CSV file, from the report's page or from a spreadsheet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mnistae_cli.common import DamagedInput, from_text, legible, read_table, setting, whole_number
from mnistae_cli.curation.suspicions import Key

COLUMNS = ("split", "index", "suspicion", "decision")
VERDICTS = ("accept", "refuse")
REMEDY = "Give the file that the report's page saves, or a copy of review.csv with a column decision."


@dataclass(frozen=True)
class Decision:
    """A decision about a row of the review.

    Args:
        key: the row.
        accepted: whether the suspicion is right.
        chosen: the class name to use instead of the suggested one, or empty.
    """

    key: Key
    accepted: bool
    chosen: str


def read_decisions(path: Path, known: Mapping[Key, str], class_names: Sequence[str]) -> list[Decision]:
    """Read the rows of `path` that have a decision. Rows with an empty decision, and other columns, are ignored.

    Args:
        path: a CSV file with the columns split, index, suspicion and decision, and perhaps image and chosen.
        known: rows of the review → names of their images.
        class_names: the classes that can be chosen.

    Raises:
        MissingInput: the file does not exist.
        DamagedInput: a column is missing, a row is not in the review, or two decisions about one row differ.
    """
    rows = read_table(path, setting("apply", path), COLUMNS, REMEDY)
    decisions = dict[Key, Decision]()
    for number, row in enumerate(rows, start=2):
        if not row["decision"]:
            continue
        where = f"{setting('apply', path)}, row {number}"
        found = _decision(row, where, known, class_names)
        if decisions.setdefault(found.key, found) != found:
            raise DamagedInput(f"{where}: another row has another decision on {row['split']}:{row['index']}.", REMEDY)
    return list(decisions.values())


def _is_named(cell: str, image: str) -> bool:
    """Whether a cell, without spaces around it, names an image as `review.csv` does, or as the page does: `legible`."""
    return cell in (image.strip(), legible(image).strip())


def _decision(row: Mapping[str, str], where: str, known: Mapping[Key, str], class_names: Sequence[str]) -> Decision:
    verdict = row["decision"].lower()
    if verdict not in VERDICTS:
        raise DamagedInput(
            f"{where}: the decision is {row['decision']!r}.", "Write accept or refuse, or leave it empty."
        )
    key = (row["split"], whole_number(row["index"]), row["suspicion"])
    image = from_text(row.get("image", ""))
    if key not in known or (image and not _is_named(image, known[key])):
        what = f"{row['split']}:{row['index'][:20]}" + (f" ({image[:80]})" if image else "")
        raise DamagedInput(
            f"{where}: {what} is not in the review as {row['suspicion'][:20]!r}.",
            "Give decisions on this review, not on another one.",
        )
    chosen = from_text(row.get("chosen", ""))
    if chosen not in class_names:
        chosen = {legible(name): name for name in class_names}.get(chosen, chosen)
    if chosen and chosen not in class_names:
        raise DamagedInput(f"{where}: {chosen[:80]!r} is not a class.", f"Classes: {', '.join(class_names)}.")
    return Decision(key, verdict == "accept", chosen)
