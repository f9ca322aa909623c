"""HDF5 files, also MATLAB's version 7.3, read by h5py."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.data.formats.contents import MATLAB_HEAD
from mnistae_cli.data.formats.matlab import images_first
from mnistae_cli.data.formats.unpacked import write_arrays
from mnistae_cli.settings import ReadOptions

if TYPE_CHECKING:
    import h5py


def unpack(path: str, into: str, limits: str) -> None:
    """Write the arrays of a file into a folder, also those inside of groups: `train/data`."""
    import h5py

    with Path(path).open("rb") as head:
        # MATLAB stores the axes of each array in the opposite order.
        is_matlab = head.read(len(MATLAB_HEAD)) == MATLAB_HEAD
    with h5py.File(path, "r") as file:
        arrays = _arrays(file, Path(path), ReadOptions(trust_sizes=not limits))
        turned = ((name, images_first(array.T) if is_matlab else array) for name, array in arrays)
        write_arrays(Path(into), turned)


def _arrays(file: "h5py.File", path: Path, reading: ReadOptions) -> Iterator[tuple[str, NDArray[Any]]]:
    import h5py

    names: list[str] = []
    file.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) and item.shape else None)
    for name in names:
        item = file[name]
        reading.check_size(path, item.nbytes)
        if h5py.check_string_dtype(item.dtype):
            yield name, np.asarray(item.asstr()[...]).astype(str)
        elif item.dtype.kind in "buif" and not name.startswith("#"):
            yield name, item[...]
