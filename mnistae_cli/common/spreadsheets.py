"""CSV files that a spreadsheet program opens and saves."""

import csv
from collections.abc import Mapping
from pathlib import Path

FORMULA = ("=", "+", "-", "@")  # a spreadsheet computes a cell that begins with one of these


def as_text(cell: str) -> str:
    """A cell that a spreadsheet takes for text: an apostrophe is put before what begins like a formula."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def from_text(cell: str) -> str:
    """What `as_text` was given."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA) else cell


def read_cells(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    """The header of a CSV file, and its rows by column, without spaces around the cells; separated by , or ;.

    Raises:
        OSError: it cannot be read.
        csv.Error: it is no CSV file.
    """
    with path.open(newline="", encoding="utf-8-sig", errors="surrogateescape") as file:
        header = file.readline()
        file.seek(0)
        rows = list(csv.reader(file, delimiter=";" if header.count(";") > header.count(",") else ","))
    names = [each.strip() for each in rows[0]] if rows else []
    cells = ([each.strip() for each in row] + [""] * len(names) for row in rows[1:] if row)
    return names, [dict(zip(names, each, strict=False)) for each in cells]


def whole_number(cell: str) -> int:
    """The number in a cell, or -1 if it holds none from 0 to 10¹² - 1. Spreadsheets may write 7 as 7.0."""
    digits = cell.removesuffix(".0")
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) <= 12 else -1


def write_history(path: Path, history: Mapping[str, list[float]]) -> None:
    """One row per epoch: its number from 1, then its losses."""
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["epoch", *history])
        table.writerows([epoch, *row] for epoch, row in enumerate(zip(*history.values(), strict=True), start=1))
