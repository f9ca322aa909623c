"""Cells of CSV files that a spreadsheet program opens."""

FORMULA = ("=", "+", "-", "@")  # a spreadsheet computes a cell that begins with one of these


def as_text(cell: str) -> str:
    """A cell that a spreadsheet takes for text: an apostrophe is put before what begins like a formula."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def from_text(cell: str) -> str:
    """What `as_text` was given."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA) else cell
