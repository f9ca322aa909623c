"""CSV files that a spreadsheet program opens and saves."""

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

from mnistae_cli.common.errors import DamagedInput, MissingInput
from mnistae_cli.common.legible import legible

# A spreadsheet computes a cell that begins with one of these. In the page, `review.js` has the same expression.
FORMULA = re.compile(r"'*[=+\-@\t\r\n]")
QUOTED = re.compile(r'[",;\t\r\n]|^\s|\s$')  # also what separates cells in other countries
SEPARATORS = ",;\t"
SURROGATES = re.compile("[\ud800-\udfff]")  # bytes of a name that are not UTF-8
BYTE_ORDER_MARKS = (  # that of UTF-32 begins like that of UTF-16
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def as_text(cell: str) -> str:
    """Mark a cell as text for a spreadsheet: one that begins like a formula gets an apostrophe in front."""
    return f"'{cell}" if FORMULA.match(cell) else cell


def from_text(cell: str) -> str:
    """Undo `as_text`."""
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell) else cell


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a CSV file. Names of files stay as they are, also if they are not UTF-8."""
    with path.open("w", newline="", encoding="utf-8", errors="surrogateescape") as file:
        file.writelines(table_lines(columns, rows))


def table_lines(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The lines of a CSV file."""
    for row in chain((columns,), rows):
        yield ",".join(map(_quoted, row)) + "\r\n"


def _quoted(cell: object) -> str:
    text = str(cell)
    doubled = text.replace('"', '""')
    return f'"{doubled}"' if isinstance(cell, str) and QUOTED.search(text) else text


def read_table(path: Path, named: str, columns: Sequence[str], remedy: str) -> list[dict[str, str]]:
    """The rows of a CSV file by column, as they are, without the marks of `as_text`.

    It is UTF-8, or UTF-16 with a byte order mark; cells are separated by a comma, a semicolon or a tab. It must have
    these `columns`, and may have others. Errors call the file `named`, and have this `remedy`.
    """
    try:
        content = path.read_bytes()
    except OSError:
        raise MissingInput(f"{named} is not a file that can be read.", remedy) from None
    text = _decoded(content, named, remedy)
    if not text.strip():
        raise DamagedInput(f"{named} is empty: it has no column {columns[0]}.", remedy)
    header = text.partition("\n")[0]
    separator = max(SEPARATORS, key=header.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except csv.Error as problem:
        raise DamagedInput(f"{named} is not a CSV file: {problem}.", remedy) from None
    names = [each.strip() for each in rows[0]] if rows else []
    lacking = [name for name in columns if name not in names]
    if lacking:
        raise DamagedInput(f"{named} has no column {lacking[0]}.", remedy)
    cells = ([from_text(each) for each in row] + [""] * len(names) for row in rows[1:] if any(map(str.strip, row)))
    return [dict(zip(names, each, strict=False)) for each in cells]


def _decoded(content: bytes, named: str, remedy: str) -> str:
    """The text of a file; `DamagedInput` if it is not text."""
    encoding = next((each for mark, each in BYTE_ORDER_MARKS if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding, "surrogateescape" if encoding.startswith("utf-8") else "strict")
    except UnicodeDecodeError as problem:
        raise DamagedInput(f"{named} is not {encoding.upper()} text: {problem.reason}.", remedy) from None
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise DamagedInput(f"{named} is not a text file: there is a NUL byte in line {line}.", remedy)
    return text


def find_name(cell: str, names: Iterable[str]) -> str | None:
    """The name in a cell; None if it is none of the names.

    Programs may have added or removed spaces around it, a browser replaces bytes that are not UTF-8, and our pages show
    the `legible` name. That is passed over if there is only one such name.
    """
    known = list(names)
    if cell in known:
        return cell
    plain = _plain(from_text(cell.strip()))
    alike = [name for name in known if plain in (_plain(name), legible(name).strip())]
    return alike[0] if len(alike) == 1 else None


def _plain(name: str) -> str:
    return SURROGATES.sub("\ufffd", name).strip()


def whole_number(cell: str) -> int:
    """The number in a cell, or -1 if it holds none from 0 to 10¹² - 1. Spreadsheets may write 7 as 7.0."""
    digits = cell.strip().removesuffix(".0")
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) <= 12 else -1


def write_history(path: Path, history: Mapping[str, list[float]]) -> None:
    """Write one row per epoch: its number from 1, then its losses."""
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["epoch", *history])
        table.writerows([epoch, *row] for epoch, row in enumerate(zip(*history.values(), strict=True), start=1))
