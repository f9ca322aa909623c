"""`manifest.json`: the files of a stage's folder, and the inputs, settings and versions that made them."""

import hashlib
import json
import platform
import resource
import shlex
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from mnistae_cli import __version__
from mnistae_cli.store.files import damage_of, fsync, seal_of, time_of_writing
from mnistae_cli.store.records import DataRecord

SCHEMA_VERSION = 1  # of what commands print, and of `metrics.json`
MANIFEST_VERSION = 2
MANIFEST = "manifest.json"
RECORDED_PACKAGES = ("tensorflow", "keras", "numpy", "scipy", "scikit-learn", "onnxruntime")


@dataclass(frozen=True)
class Manifest:
    """The content of a `manifest.json`.

    Args:
        stage: its name.
        config: setting → its value.
        inputs: earlier stage → what was read of it: `fingerprints`.
        dataset: names, sizes and sha256 of the data that the stage read; None if it read none itself.
        files: name → the `sha256` and the `bytes` of a file in the folder.
        metrics: figures, as the stage describes them.
        versions: package → its version when the files were made.
        seed: seed of all draws.
        command: the command line.
        finished: when the files were complete: UTC, ISO 8601.
        checked: when all files were last known to be as `files` says.
        wall_seconds: duration of the stage.
        peak_memory_bytes: largest memory of the process so far.
        schema_version: version of these fields.
        seal: the sha256 of everything else here.
    """

    stage: str
    config: dict[str, Any]
    inputs: dict[str, dict[str, str]]
    dataset: dict[str, Any] | None
    files: dict[str, dict[str, Any]]
    metrics: dict[str, Any]
    versions: dict[str, str]
    seed: int
    command: str
    finished: str
    checked: str
    wall_seconds: float
    peak_memory_bytes: int
    schema_version: int = MANIFEST_VERSION
    seal: str = ""

    @property
    def data(self) -> DataRecord:
        """The record of the images that the stage read."""
        return DataRecord.from_dict(self.dataset or {})

    def own_sha256(self) -> str:
        """Hex sha256 of everything but the seal. The seal has to be equal to it."""
        return seal_of(asdict(self))

    def fingerprints(self, names: Iterable[str]) -> dict[str, str]:
        """The sha256 of what a later stage reads; "" for what does not exist.

        Args:
            names: names of files, or of facts in the manifest, for example `#dataset.class_names`.
        """
        return {name: self._fact(name[1:]) if name.startswith("#") else self._file(name) for name in names}

    def _file(self, name: str) -> str:
        return str(self.files.get(name, {}).get("sha256", ""))

    def _fact(self, path: str) -> str:
        value: Any = asdict(self)
        for key in path.split("."):
            if not isinstance(value, dict) or key not in value:
                return ""
            value = value[key]
        return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def with_dataset(folder: Path, manifest: Manifest, dataset: Mapping[str, Any]) -> Manifest:
    """Write the manifest again with a new record of the same data: where it is, and its files' times.

    All files of `folder` must have been checked just now.
    """
    return write_manifest(folder, replace(manifest, dataset=dict(dataset), checked=time_now()))


def write_manifest(folder: Path, manifest: Manifest) -> Manifest:
    """Write a manifest with its seal, after all files of its folder, through to the disk."""
    manifest = replace(manifest, seal=manifest.own_sha256())
    partial = folder / f".{MANIFEST}.partial"
    partial.write_text(json.dumps(asdict(manifest), indent=2) + "\n", encoding="utf-8")
    fsync(partial)
    partial.replace(folder / MANIFEST)
    fsync(folder)
    return manifest


def time_now() -> str:
    """The time now: UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def parse(content: bytes, stage: str) -> Manifest:
    """Read the manifest of `stage` from the bytes of its file; `ValueError` if this version cannot read it."""
    try:
        fields = json.loads(content)
        version = fields.get("schema_version", MANIFEST_VERSION)
        manifest = Manifest(**fields) if version == MANIFEST_VERSION else None
    except (AttributeError, TypeError, ValueError, RecursionError):
        raise ValueError("its fields are not those of a manifest") from None
    if manifest is None:
        raise ValueError(f"another version of mnistae wrote it, schema_version {version}, not {MANIFEST_VERSION}")
    if manifest.stage != stage:
        raise ValueError(f"it belongs to stage {manifest.stage}")
    if manifest.seal != manifest.own_sha256():
        raise ValueError("it was changed after it was written")
    outside = [name for name in manifest.files if Path(name).name != name]
    if outside:
        raise ValueError(f"it names files outside of its folder: {', '.join(outside)}")
    return manifest


def damage(folder: Path, manifest: Manifest, *, thorough: bool = True) -> str:
    """What is wrong with the files of `folder`; empty if every byte is as the manifest says.

    If not `thorough`, a file of the right size is read only if it was changed after the manifest was written. But if
    the manifest itself was copied or touched since, its time proves nothing, and all files are read.
    """
    checked = datetime.fromisoformat(manifest.checked).timestamp()
    written = 0 if thorough else time_of_writing(folder / MANIFEST, checked)
    return damage_of(folder, manifest.files, written)


def versions() -> dict[str, str]:
    """The versions of Python, mnistae and the packages that decide its results."""
    own = {"python": platform.python_version(), "mnistae": __version__}
    return own | {name: metadata.version(name) for name in RECORDED_PACKAGES}


def command_line() -> str:
    """The command line of this process. The program is named without its folder."""
    return shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])


def peak_memory_bytes() -> int:
    """Largest resident size of this process so far.

    On Linux it is read from /proc: `getrusage` includes the memory of the parent process when it started this one.
    `ru_maxrss` is in bytes on macOS, and in KiB elsewhere.
    """
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
