"""`.npz` archives: an array is checked by its header before it is unpacked; a large one is never held in memory."""

import hashlib
import math
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.common import Advance, DamagedInput, MnistaeError, Report, silent
from mnistae_cli.data.cache import find_or_make
from mnistae_cli.data.npy import parse_header
from mnistae_cli.data.sources import IN_MEMORY, ImageSource, from_array, from_npy, from_rows
from mnistae_cli.settings import DEFAULT, ReadOptions

COPIED = 2**24  # bytes at a time
PIXELS = "pixels.npy"


@dataclass(frozen=True)
class Archive:
    """The arrays of an `.npz` archive. Each is read when it is needed; pickled objects are refused.

    Raises (each method):
        DamagedInput: it is not an `.npz` file, is damaged, or has absurd sizes.
    """

    path: Path
    reading: ReadOptions = DEFAULT

    def names(self) -> list[str]:
        """The names of the arrays."""
        with self._opened() as archive:
            members = archive.namelist()
        if members and not any(name.endswith(".npy") for name in members):
            raise DamagedInput(
                f"{self.path} is a zip archive of other files, for example {members[-1]}, not an .npz.",
                "Unpack it, and give the folder.",
            )
        return [name.removesuffix(".npy") for name in members]

    def array(self, name: str) -> NDArray[Any]:
        """A whole array."""
        with self._opened() as archive:
            self._header(archive, name)
            with archive.open(f"{name}.npy") as file:
                return np.lib.format.read_array(file, allow_pickle=False)

    def images(self, name: str, report: Report = silent) -> ImageSource:
        """An array of images. If it is large, it is unpacked into the user's cache once.

        If the cache cannot be written, the archive is unpacked each time, a batch at a time.
        """
        origin, transpose = f"{self.path}, {name}", self.reading.transpose
        with self._opened() as archive:
            n_bytes, shape, dtype = self._header(archive, name)
        if n_bytes <= IN_MEMORY:
            return from_array(self.array(name), origin, transpose=transpose)
        place, state = self.path.resolve(), self.path.stat()
        key = hashlib.sha256(os.fsencode(place) + f"\0{name}\0{state.st_size}\0{state.st_mtime_ns}".encode())

        def copy(into: Path) -> dict[str, Any]:
            return self._copy(name, into / PIXELS, n_bytes, report)

        entry = find_or_make(key.hexdigest(), place, copy, report)
        if entry:
            return from_npy(entry.folder / PIXELS, origin, transpose=transpose)
        return from_rows(partial(self._rows, name, shape, dtype), shape, origin, transpose=transpose)

    @contextmanager
    def _opened(self) -> Iterator[zipfile.ZipFile]:
        try:
            with zipfile.ZipFile(self.path) as archive:
                yield archive
        except (PermissionError, MnistaeError):
            raise
        except Exception as problem:  # zipfile, zlib and NumPy raise many kinds of errors for damaged files
            raise DamagedInput(
                f"{self.path} cannot be read as an .npz archive: {problem}.", "Save it again, or get it again."
            ) from None

    def _header(self, archive: zipfile.ZipFile, name: str) -> tuple[int, tuple[int, ...], np.dtype[Any]]:
        """Bytes, shape and dtype of an array, checked against each other and against the archive's size."""
        n_bytes = archive.getinfo(f"{name}.npy").file_size
        self.reading.check_size(self.path, n_bytes)
        with archive.open(f"{name}.npy") as file:
            shape, dtype, _ = parse_header(file, n_bytes, f"{self.path}, {name}", any_order=n_bytes <= IN_MEMORY)
        return n_bytes, shape, dtype

    def _copy(self, name: str, to: Path, n_bytes: int, report: Report) -> dict[str, Any]:
        """Copy an array's file out of the archive."""
        done = 0
        with to.open("wb") as copy:
            for part in self._parts(name, COPIED, 0):
                copy.write(part)
                done += len(part)
                report(Advance(f"unpack {name}", done, n_bytes, "bytes"))
        return {}

    def _rows(
        self, name: str, shape: tuple[int, ...], dtype: np.dtype[Any], size: int, first: int = 0
    ) -> Iterator[NDArray[Any]]:
        """The rows of an array from `first`, unpacked `size` rows at a time."""
        row = math.prod(shape[1:]) * dtype.itemsize
        with self._opened() as archive:
            header = archive.getinfo(f"{name}.npy").file_size - shape[0] * row
        for part in self._parts(name, size * row, header + first * row):
            yield np.frombuffer(part, dtype).reshape(-1, *shape[1:])

    def _parts(self, name: str, size: int, skipped: int) -> Iterator[bytes]:
        """The bytes of an array's file after `skipped` ones, `size` at a time. At the end its checksum is compared."""
        with self._opened() as archive, archive.open(f"{name}.npy") as file:
            while skipped and (part := file.read(min(skipped, COPIED))):
                skipped -= len(part)
            while part := file.read(size):
                yield part
