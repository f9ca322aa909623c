"""What a person decided about the rows of a review: a CSV file, from the report's page or from a spreadsheet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from mnistae_cli.common import DamagedInput, as_text, find_name, read_table, setting, table_lines, whole_number
from mnistae_cli.curation.suspicions import LABEL, Key

COLUMNS = ("split", "index", "suspicion", "decision")
VERDICTS = ("accept", "refuse")
REMEDY = "Give the file that the report's page saves, or a copy of review.csv with a column decision."


@dataclass(frozen=True)
class Decision:
    """A decision about a row of the review.

    Args:
        key: the row.
        accepted: whether the suspicion is right.
        chosen: the class name for an accepted label; empty if the file names none, and then see `named`.
        image: the name of the image, if it is known.
    """

    key: Key
    accepted: bool
    chosen: str
    image: str = field(default="", compare=False)


def read_decisions(path: Path, known: Mapping[Key, str] | None, class_names: Sequence[str]) -> list[Decision]:
    """Read the rows of `path` that have a decision. Rows with an empty decision, and other columns, are ignored.

    Args:
        path: a CSV file with the columns split, index, suspicion and decision, and perhaps image and chosen.
        known: rows of the review → names of their images; None for decisions that were compared with a review before.
        class_names: the classes that can be chosen.

    Raises:
        MissingInput: the file does not exist.
        DamagedInput: a column is missing, a row is not in the review, or two decisions about one row differ.
    """
    rows = read_table(path, setting("apply", path), COLUMNS, REMEDY)
    decisions = dict[Key, Decision]()
    for number, row in enumerate(rows, start=2):
        if not row["decision"].strip():
            continue
        where = f"{setting('apply', path)}, row {number}"
        found = _decision(row, where, known, class_names)
        if decisions.setdefault(found.key, found) != found:
            raise DamagedInput(f"{where}: another row has another decision on {row['split']}:{row['index']}.", REMEDY)
    return list(decisions.values())


def named(decisions: Sequence[Decision], suggested: Mapping[Key, str]) -> list[Decision]:
    """The decisions; an accepted label without a class gets the one that was suggested where it was decided.

    Args:
        decisions: from `read_decisions`.
        suggested: rows of the review that the decisions are about → suggested classes.
    """
    return [replace(each, chosen=suggested.get(each.key, "")) if lacks_class(each) else each for each in decisions]


def lacks_class(decision: Decision) -> bool:
    """Whether it accepts that a label is wrong, but does not say which one is right."""
    return decision.accepted and decision.key[2] == LABEL and not decision.chosen


def decisions_file(decisions: Sequence[Decision]) -> bytes:
    """The content of a file of decisions."""
    accept, refuse = VERDICTS
    rows = (
        (split, index, as_text(each.image), kind, accept if each.accepted else refuse, as_text(each.chosen))
        for each in decisions
        for split, index, kind in (each.key,)
    )
    columns = ("split", "index", "image", "suspicion", "decision", "chosen")
    return "".join(table_lines(columns, rows)).encode("utf-8", "surrogateescape")


def _decision(
    row: Mapping[str, str], where: str, known: Mapping[Key, str] | None, class_names: Sequence[str]
) -> Decision:
    verdict = row["decision"].strip().lower()
    if verdict not in VERDICTS:
        raise DamagedInput(
            f"{where}: the decision is {row['decision']!r}.", "Write accept or refuse, or leave it empty."
        )
    key = (row["split"].strip(), whole_number(row["index"]), row["suspicion"].strip())
    image = row.get("image", "")
    if known is not None and (key not in known or (image.strip() and find_name(image, [known[key]]) is None)):
        what = f"{row['split']}:{row['index'][:20]}" + (f" ({image[:80]})" if image else "")
        raise DamagedInput(
            f"{where}: {what} is not in the review as {row['suspicion'][:20]!r}.",
            "Give decisions on this review, not on another one.",
        )
    given = row.get("chosen", "")
    chosen = find_name(given, class_names)
    if chosen is None and given.strip():
        raise DamagedInput(f"{where}: {given[:80]!r} is not a class.", f"Classes: {', '.join(class_names)}.")
    return Decision(key, verdict == "accept", chosen or "", image if known is None else known[key])
