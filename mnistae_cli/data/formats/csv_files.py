"""CSV files with a row per image, as on Kaggle: `label,pixel0,pixel1,…`, with or without a header, packed or not."""

import gzip
from math import isqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.data.formats.contents import is_gzip
from mnistae_cli.data.formats.named_arrays import LABEL_WORDS
from mnistae_cli.data.formats.unpacked import write_arrays

if TYPE_CHECKING:
    import pandas as pd

INDEX_WORDS = ("", "id", "index", "unnamed: 0", "imageid", "nan")


def unpack(path: str, into: str, limits: str, labels: str = "") -> None:
    """Write the pixels (N, D), as `images`, and the labels (N,), if there are any, into a folder.

    `labels` is the name of their column, if the user gave it; then the array has this name.
    """
    import pandas as pd

    how: dict[str, Any] = {
        "compression": "gzip" if is_gzip(Path(path)) else None,
        "encoding": "utf-8-sig",
        "keep_default_na": False,
        "na_values": [""],  # a class may be called NA
        "sep": _separator(Path(path)),
    }
    names = [str(each).strip() for each in pd.read_csv(path, nrows=1, header=None, dtype=str, **how).iloc[0]]
    has_header = not all(map(_is_number, names)) or names in (
        [str(i) for i in range(k, len(names) + k)] for k in (0, 1)
    )
    table = pd.read_csv(path, header=0 if has_header else None, low_memory=False, **how)
    table.columns = names if has_header else [str(place) for place in range(len(names))]
    table = table.drop(columns=_index_columns(table))
    if labels and labels not in table.columns:
        raise ValueError(f"it has no column {labels}")
    label = labels or _label_column(table, has_header)
    pixels = table.drop(columns=label) if label else table
    wrong = [str(name) for name, dtype in pixels.dtypes.items() if dtype.kind not in "buif"]
    if wrong or not pixels.size or pixels.isna().to_numpy().any():
        why = f"column {wrong[0]} is not a number" if wrong else "a cell is empty"
        raise ValueError(f"it does not hold a row of pixels per image, because {why}")
    arrays = [("images", _small(pixels.to_numpy()))]
    if label:
        column = table[label]
        words = column if column.dtype.kind in "buif" else column.fillna("").astype(str)
        arrays.append((labels or "labels", np.array(words.tolist())))
    write_arrays(Path(into), arrays)


def _separator(path: Path) -> str:
    """The character between the cells: the commonest one of the first line."""
    with gzip.open(path, "rb") if is_gzip(path) else path.open("rb") as file:
        first = file.readline().decode("utf-8", "replace")
    return max(",;\t", key=first.count)


def _index_columns(table: "pd.DataFrame") -> list[str]:
    """The first column, if it only numbers the rows and the others are enough for pixels."""
    n = table.shape[1]
    numbers = table.iloc[:, 0].to_numpy()
    counts = any(np.array_equal(numbers, np.arange(first, first + len(numbers))) for first in (0, 1))
    is_extra = not _is_square(n) and (_is_square(n - 2) or table.columns[0].lower() in INDEX_WORDS)
    return [table.columns[0]] if counts and len(numbers) > 2 and is_extra else []


def _label_column(table: "pd.DataFrame", has_header: bool) -> str:
    """The column of the labels: by its name; or the first or the last one, if the others are the pixels of a square."""
    names = list(table.columns)
    named = [name for name in names if name.lower() in LABEL_WORDS]
    if named:
        return str(named[0])
    if _is_square(len(names)) or not _is_square(len(names) - 1):
        return ""
    ends = [names[0], names[-1]]
    stems = [name.rstrip("0123456789") for name in names]
    odd = [name for name, stem in zip(ends, (stems[0], stems[-1]), strict=True) if stems.count(stem) == 1]
    if has_header and len(odd) == 1:
        return str(odd[0])
    # A corner of most images has the same gray level.
    return str(min(ends, key=lambda name: int(table[name].value_counts().iloc[0])))


def _small(levels: NDArray[Any]) -> NDArray[Any]:
    """Whole numbers from 0 to 255 as bytes."""
    if levels.dtype.kind == "i" and levels.min() >= 0 and levels.max() <= 255:
        return levels.astype(np.uint8)
    return levels


def _is_square(number: int) -> bool:
    return number > 0 and isqrt(number) ** 2 == number


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
