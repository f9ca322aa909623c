"""Small images of a page, collected on a few large ones, so that a browser draws thousands of them at once."""

import base64
import io
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnistae_cli.data import ImageSource, Pixels, unit_scale

LARGEST = 32  # pixels at the longer side of a tile
SHEET = 4096  # pixels at the longest side of a sheet; some browsers cannot draw larger ones
BATCH = 4096


class Tiles:
    """The images that a page shows, each once, in the order of the calls of `of`."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, int], int] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    def numbers_of(self, split: str, rows: Iterable[Any]) -> list[int]:
        """The numbers of the tiles of some images of a split."""
        return [self._numbers.setdefault((split, int(row)), len(self._numbers)) for row in rows]

    def sheets(self, images: Mapping[str, ImageSource]) -> dict[str, Any]:
        """The sheets as data URLs of PNG files, and the layout of their tiles; `images`: split → images of one size."""
        height, width = next(((each.height, each.width) for each in images.values()), (1, 1))
        shrink = max(height, width, LARGEST) / LARGEST
        size = max(round(height / shrink), 1), max(round(width / shrink), 1)
        tiles = np.zeros((len(self), *size), np.uint8)
        for split, source in images.items():
            wanted = sorted((row, number) for (of, row), number in self._numbers.items() if of == split)
            for start in range(0, len(wanted), BATCH):
                rows, numbers = np.array(wanted[start : start + BATCH]).T
                tiles[numbers] = _shrunk(source.take(rows).load(), size)
        columns = SHEET // size[1]
        per_sheet = columns * (SHEET // size[0])
        sheets = [_sheet(tiles[start : start + per_sheet], columns) for start in range(0, len(tiles), per_sheet)]
        return {"width": size[1], "height": size[0], "columns": columns, "per_sheet": per_sheet, "sheets": sheets}


def _shrunk(images: Pixels, size: tuple[int, int]) -> NDArray[np.uint8]:
    gray = np.round(unit_scale(images) * 255).astype(np.uint8)
    if gray.shape[1:] == size:
        return gray
    large = (Image.fromarray(each) for each in gray)
    return np.stack([np.asarray(each.resize(size[::-1], Image.Resampling.BOX)) for each in large])


def _sheet(tiles: NDArray[np.uint8], columns: int) -> str:
    n_rows, (n, height, width) = -(-len(tiles) // columns), tiles.shape
    padded = np.zeros((n_rows * columns, height, width), np.uint8)
    padded[:n] = tiles
    grid = padded.reshape(n_rows, columns, height, width).swapaxes(1, 2).reshape(n_rows * height, columns * width)
    buffer = io.BytesIO()
    Image.fromarray(grid[:, : min(n, columns) * width]).save(buffer, "PNG", optimize=True)
    return data_url(buffer.getvalue())


def data_url(png: bytes) -> str:
    """A PNG file as an address, so that no other file is needed."""
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"
