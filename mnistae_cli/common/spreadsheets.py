"""CSV files that a spreadsheet program opens and saves."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from mnistae_cli.common.errors import DamagedInput, MissingInput

FORMULA = ("=", "+", "-", "@")  # a spreadsheet computes a cell that begins with one of these


def as_text(cell: str) -> str:
    """Mark a cell as text for a spreadsheet: one that begins like a formula gets an apostrophe in front."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def from_text(cell: str) -> str:
    """Undo `as_text`."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA) else cell


def read_table(path: Path, named: str, columns: Sequence[str], remedy: str) -> list[dict[str, str]]:
    """The rows of a CSV file by column, without spaces around the cells. The separator is , or ;.

    It must have these `columns`, and may have others. Errors call the file `named`, and have this `remedy`.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig", errors="surrogateescape") as file:
            header = file.readline()
            file.seek(0)
            rows = list(csv.reader(file, delimiter=";" if header.count(";") > header.count(",") else ","))
    except OSError:
        raise MissingInput(f"{named} is not a file that can be read.", remedy) from None
    except csv.Error as problem:
        raise DamagedInput(f"{named} is not a CSV file: {problem}.", remedy) from None
    names = [each.strip() for each in rows[0]] if rows else []
    lacking = [name for name in columns if name not in names]
    if lacking:
        raise DamagedInput(f"{named} has no column {lacking[0]}.", remedy)
    cells = ([each.strip() for each in row] + [""] * len(names) for row in rows[1:] if row)
    return [dict(zip(names, each, strict=False)) for each in cells]


def whole_number(cell: str) -> int:
    """The number in a cell, or -1 if it holds none from 0 to 10¹² - 1. Spreadsheets may write 7 as 7.0."""
    digits = cell.removesuffix(".0")
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) <= 12 else -1


def write_history(path: Path, history: Mapping[str, list[float]]) -> None:
    """Write one row per epoch: its number from 1, then its losses."""
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["epoch", *history])
        table.writerows([epoch, *row] for epoch, row in enumerate(zip(*history.values(), strict=True), start=1))
