"""MATLAB files (`.mat`), read by SciPy; those of version 7.3 are HDF5 files."""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.data.formats.unpacked import write_arrays
from mnistae_cli.settings import ReadOptions


def unpack(path: str, into: str, limits: str) -> None:
    """Write the arrays of a file into a folder, also those inside of structures: `dataset.train.images`."""
    from scipy import io

    reading = ReadOptions(trust_sizes=not limits)
    for _, shape, _ in io.whosmat(path):
        reading.check_size(Path(path), math.prod(shape))
    arrays = _flat(io.loadmat(path))
    write_arrays(Path(into), ((name, images_first(array)) for name, array in arrays))


def images_first(array: NDArray[Any]) -> NDArray[Any]:
    """An array (H, H, N) or (H, H, C, N), as MATLAB's users have it, with N first; others stay as they are."""
    sides, last = array.shape[:2], array.shape[-1] if array.ndim else 0
    if array.ndim in (3, 4) and sides[0] == sides[1] != array.shape[2] and last not in (1, 3):
        return np.moveaxis(array, -1, 0)
    return array


def _flat(values: Mapping[str, Any], inside: str = "") -> Iterator[tuple[str, NDArray[Any]]]:
    """Name → array, also of the fields of structures."""
    for name, value in values.items():
        if name.startswith("__") or not isinstance(value, np.ndarray):
            continue
        if value.dtype.names and value.size == 1:
            fields = {each: value.reshape(-1)[0][each] for each in value.dtype.names}
            yield from _flat(fields, f"{inside}{name}.")
        else:
            yield f"{inside}{name}", value
