"""Files of several arrays that only a library can read: their arrays are unpacked into the user's cache once.

Damaged files can end the process inside of such a library, so a process of its own unpacks them.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.common import DamagedInput, Report, silent
from mnistae_cli.data.cache import find_or_make
from mnistae_cli.data.npy import load_npy
from mnistae_cli.data.sources import ImageSource, from_array, from_npy
from mnistae_cli.settings import DEFAULT, ReadOptions

NAMES = "names.json"
PLACE = "{:04}.npy"  # of an array in the folder
SCRIPT = """
import json, sys
from mnistae_cli.common import MnistaeError
from mnistae_cli.data.formats.{module} import unpack
try:
    unpack(*sys.argv[1:])
except MnistaeError as problem:
    sys.exit(json.dumps(problem.parts))
except Exception as problem:
    sys.exit(json.dumps([f"{{type(problem).__name__}}: {{problem}}"]))
"""
CRASH = "it ends the library that reads it"


@dataclass(frozen=True)
class Unpacked:
    """The arrays of a file, unpacked by the function `unpack` of a module of this room.

    Args:
        module: the module's name, for example `matlab`.
        what: what the file should be, in messages.
        path: the file.
        reading: how images are read.

    Raises (each method):
        DamagedInput: the file cannot be read, or has absurd sizes.
    """

    module: str
    what: str
    path: Path
    reading: ReadOptions = DEFAULT

    def names(self) -> list[str]:
        """The names of the arrays."""
        return list(self._arrays)

    def array(self, name: str) -> NDArray[Any]:
        """A whole array."""
        found = self._arrays[name]
        return load_npy(found) if isinstance(found, Path) else found

    def images(self, name: str, report: Report = silent) -> ImageSource:
        """An array of images, with numbers that are not checked yet."""
        origin, found = f"{self.path}, {name}", self._arrays[name]
        read = from_npy if isinstance(found, Path) else from_array
        return read(found, origin, transpose=self.reading.transpose)  # type: ignore[arg-type]

    @cached_property
    def _arrays(self) -> Mapping[str, Path | NDArray[Any]]:
        """Name → the file of an array in the cache, or the array itself if the cache cannot be written."""
        state, place = self.path.stat(), self.path.resolve()
        trusted = self.reading.trust_sizes
        key = f"\0{self.module}\0{state.st_size}\0{state.st_mtime_ns}\0{trusted}\0{self._named_column}".encode()
        entry = find_or_make(hashlib.sha256(os.fsencode(place) + key).hexdigest(), place, self._unpack)
        if entry:
            return dict(_found_in(entry.folder))
        with tempfile.TemporaryDirectory() as folder:
            self._unpack(Path(folder))
            return {name: load_npy(path) for name, path in _found_in(Path(folder)).items()}

    @property
    def _named_column(self) -> list[str]:
        """The column of the labels of a CSV file, if the user gave it."""
        given = [key.partition("=")[2] for key in self.reading.keys if key.partition("=")[0].endswith("labels")]
        return [name for name in given[:1] if self.module == "csv_files" and name not in ("none", "labels")]

    def _unpack(self, into: Path) -> dict[str, Any]:
        """Let a process of its own write the arrays into a folder."""
        limits = "" if self.reading.trust_sizes else "limited"
        parts = run_apart(self.module, str(self.path), str(into), limits, *self._named_column)
        if len(parts) == 2:
            raise DamagedInput(*parts)
        if parts:
            why = " ".join(parts[0].split())[:300].removesuffix(".")
            raise DamagedInput(f"{self.path} cannot be read as {self.what}: {why}.", "Save it again.")
        return {}


def run_apart(module: str, *arguments: str) -> list[str]:
    """Run `unpack` of a module in a process of its own. Returns the problem, if any, and the remedy of our errors."""
    command = [sys.executable, "-c", SCRIPT.format(module=module), *arguments]
    paths = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    ended = subprocess.run(
        command, capture_output=True, text=True, errors="replace", check=False, env={**os.environ, **paths}
    )
    if not ended.returncode:
        return []
    last = ended.stderr.strip().rpartition("\n")[2]
    parts: list[str] = json.loads(last) if last.startswith("[") else [CRASH]
    return parts


def write_arrays(into: Path, arrays: Iterable[tuple[str, NDArray[Any]]]) -> None:
    """Write named arrays into a folder; those that are not numbers or text are left out."""
    names: list[str] = []
    for name, array in arrays:
        if array.dtype.kind in "buifSU" and array.ndim:
            np.save(into / PLACE.format(len(names)), np.ascontiguousarray(array))
            names.append(name)
    (into / NAMES).write_text(json.dumps(names), encoding="utf-8")


def _found_in(folder: Path) -> dict[str, Path]:
    names: list[str] = json.loads((folder / NAMES).read_text(encoding="utf-8"))
    return {name: folder / PLACE.format(number) for number, name in enumerate(names)}
