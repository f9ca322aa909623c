"""What a person decided about the rows of a review: a CSV file, from the report's page or from a spreadsheet."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mnistae_cli.common import DamagedInput, MissingInput, from_text, read_cells, setting, whole_number
from mnistae_cli.curation.suspicions import Key

COLUMNS = ("split", "index", "suspicion", "decision")
VERDICTS = ("accept", "refuse")
REMEDY = "Take the file that the page of the review saves, or add a column decision to a copy of review.csv."


@dataclass(frozen=True)
class Decision:
    """One row.

    Args:
        key: which row of the review it is about.
        accepted: whether the suspicion is right.
        chosen: the class name to take instead of the suggested one, or empty.
    """

    key: Key
    accepted: bool
    chosen: str


def read_decisions(path: Path, known: Mapping[Key, str], class_names: Sequence[str]) -> list[Decision]:
    """Read the rows of `path` that hold a decision. Rows with an empty decision, and other columns, are passed over.

    Args:
        path: a CSV file with the columns split, index, suspicion and decision, and perhaps image and chosen.
        known: the rows of the review, with the names of their images.
        class_names: what can be chosen.

    Raises:
        MissingInput: there is no such file.
        DamagedInput: no such columns, a row that is not about the review, or two decisions about one row.
    """
    try:
        header, rows = read_cells(path)
    except OSError:
        raise MissingInput(f"{setting('apply', path)} is not a file that can be read.", REMEDY) from None
    except csv.Error as problem:
        raise DamagedInput(f"{setting('apply', path)} is not a CSV file: {problem}.", REMEDY) from None
    lacking = [name for name in COLUMNS if name not in header]
    if lacking:
        raise DamagedInput(f"{setting('apply', path)} has no column {lacking[0]}.", REMEDY)
    decisions = dict[Key, Decision]()
    for number, row in enumerate(rows, start=2):
        if not row["decision"]:
            continue
        where = f"{setting('apply', path)}, row {number}"
        found = _decision(row, where, known, class_names)
        if decisions.setdefault(found.key, found) != found:
            raise DamagedInput(f"{where}: another row decided otherwise about {row['split']}:{row['index']}.", REMEDY)
    return list(decisions.values())


def _decision(row: Mapping[str, str], where: str, known: Mapping[Key, str], class_names: Sequence[str]) -> Decision:
    verdict = row["decision"].lower()
    if verdict not in VERDICTS:
        raise DamagedInput(f"{where}: decision {row['decision']!r}.", "Write accept or refuse, or leave it empty.")
    key = (row["split"], whole_number(row["index"]), row["suspicion"])
    image = from_text(row.get("image", ""))
    if key not in known or image not in ("", known[key].strip()):
        what = f"{row['split']}:{row['index'][:20]}" + (f" ({image[:80]})" if image else "")
        raise DamagedInput(
            f"{where}: {what} is not in the review as {row['suspicion'][:20]!r}.",
            "Take the decisions of this review, not of another one.",
        )
    chosen = from_text(row.get("chosen", ""))
    if chosen and chosen not in class_names:
        raise DamagedInput(f"{where}: {chosen[:80]!r} is not a class.", f"Classes: {', '.join(class_names)}.")
    return Decision(key, verdict == "accept", chosen)
