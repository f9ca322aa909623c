"""What a person decided about the rows of a review: a CSV file, from the report's page or from a spreadsheet."""

import csv
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mnistae_cli.curation.suspicions import Key
from mnistae_cli.errors import DamagedInput, MissingInput
from mnistae_cli.spreadsheets import from_text

KEY = ("split", "index", "suspicion")
COLUMNS = (*KEY, "decision")
VERDICTS = ("accept", "refuse")


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


def read_decisions(path: Path, known: Collection[Key], class_names: Sequence[str]) -> list[Decision]:
    """Read the rows of `path` that hold a decision. Rows with an empty decision, and other columns, are passed over.

    Args:
        path: a CSV file with the columns split, index, suspicion and decision, and perhaps chosen.
        known: the rows of the review.
        class_names: what can be chosen.

    Raises:
        MissingInput: there is no such file.
        DamagedInput: no such columns, or a row that is not about the review.
    """
    remedy = "Take the file that the page of the review saves, or add a column decision to review.csv."
    try:
        with path.open(newline="", encoding="utf-8-sig", errors="surrogateescape") as file:
            rows = list(csv.DictReader(file))
    except (FileNotFoundError, IsADirectoryError):
        raise MissingInput(f"--apply {path} is no file.", remedy) from None
    except csv.Error as problem:
        raise DamagedInput(f"--apply {path} is no CSV file: {problem}.", remedy) from None
    lacking = [name for name in COLUMNS if not rows or name not in rows[0]]
    if lacking:
        raise DamagedInput(f"--apply {path} has no rows with the column {lacking[0]}.", remedy)
    return [
        _decision(row, f"--apply {path}, row {number}", known, class_names)
        for number, row in enumerate(rows, start=2)
        if (row["decision"] or "").strip()
    ]


def _decision(row: Mapping[str, str], where: str, known: Collection[Key], class_names: Sequence[str]) -> Decision:
    verdict = row["decision"].strip().lower()
    if verdict not in VERDICTS:
        raise DamagedInput(f"{where}: decision {row['decision']!r}.", "Write accept or refuse, or leave it empty.")
    number = (row["index"] or "").strip()
    key = ((row["split"] or "").strip(), int(number) if number.isdecimal() else -1, (row["suspicion"] or "").strip())
    if key not in known:
        raise DamagedInput(
            f"{where}: {row['split']}:{row['index']} is not in the review as {row['suspicion']!r}.",
            "Take the decisions of this review, not of an earlier one.",
        )
    chosen = from_text((row.get("chosen") or "").strip())
    if chosen and chosen not in class_names:
        raise DamagedInput(f"{where}: {chosen!r} is no class.", f"Classes: {', '.join(class_names)}.")
    return Decision(key, verdict == "accept", chosen)
