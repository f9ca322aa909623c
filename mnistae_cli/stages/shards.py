"""Shards of `encode`: files with the features of a fixed number of batches. Any process can make them."""

import hashlib
import json
import shutil
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from itertools import islice
from pathlib import Path

import numpy as np

from mnistae_cli.common import DamagedInput, MissingInput, UsageError, setting
from mnistae_cli.data import Dataset, load_npy, load_recorded
from mnistae_cli.networks import BATCH_SIZE, ERRORS, Encoded, Network, encode_batch, open_network
from mnistae_cli.store import DataRecord, sha256_of

SHARD_BATCHES = 20  # of BATCH_SIZE images; the last shard of a split may have fewer
RECORD = "record.json"
SECONDS_TO_APPEAR = 15  # most time until files of another machine appear on shared storage


@dataclass(frozen=True)
class Shard:
    """A part of a split, and all that a worker needs to encode it.

    Args:
        folder: the folder of its files, inside a folder of the shards of one plan.
        split: `train` or `test`.
        first: the number of its first image.
        n_batches: number of batches of `BATCH_SIZE` images; the last one may be smaller.
        record: the record of the data set.
        networks: path and sha256 of the encoder and of the decoder.
        versions: versions of the packages on which the bytes depend.
    """

    folder: Path
    split: str
    first: int
    n_batches: int
    record: DataRecord
    networks: tuple[tuple[Path, str], ...]
    versions: Mapping[str, str]


def versions() -> dict[str, str]:
    """The versions on which the bytes of a shard depend."""
    return {name: metadata.version(name) for name in ("mnistae", "numpy", "onnxruntime")}


def plan_shards(root: Path, data: Dataset, record: DataRecord, networks: Mapping[Path, str]) -> list[Shard]:
    """The shards of both splits, in order. Their folder has a name for this plan; folders of other plans are removed.

    `networks` maps the paths of encoder and decoder to their sha256.
    """
    here = versions()
    decides = [record.sha256, list(networks.values()), here, BATCH_SIZE, SHARD_BATCHES]
    folder = root / hashlib.sha256(json.dumps(decides).encode()).hexdigest()[:16]
    for other in root.iterdir() if root.exists() else ():
        if other != folder:
            shutil.rmtree(other, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    return [
        Shard(folder / f"{split}-{first}", split, first, SHARD_BATCHES, record, tuple(networks.items()), here)
        for split, images in data.splits()
        for first in range(0, images.pixels.n, SHARD_BATCHES * BATCH_SIZE)
    ]


def write_shard(shard: Shard) -> dict[str, str]:
    """Encode a shard. Its folder appears when it is complete. Returns the sha256 of each of its files.

    It is refused if this process has other versions, images or networks, or does not have the folder.
    """
    if versions() != shard.versions:
        raise UsageError(
            f"a worker has {_listed(versions())}, but this process has {_listed(shard.versions)}.",
            "Install the same versions everywhere.",
        )
    if not shard.folder.parent.is_dir():
        raise UsageError(
            f"a worker does not have {shard.folder.parent}.",
            f"Give an {setting('artifacts')} on storage that all machines share.",
        )
    pixels = dict(_dataset(json.dumps(shard.record.as_dict(), sort_keys=True)).splits())[shard.split].pixels
    encoder, decoder = (_network(path, sha256) for path, sha256 in shard.networks)
    batches = islice(pixels.batches(BATCH_SIZE, shard.first), shard.n_batches)
    encoded = [encode_batch(raw, encoder, decoder) for raw in batches]
    arrays = {"features": np.concatenate([each.features for each in encoded])}
    arrays |= {name: np.concatenate([each.errors[name] for each in encoded]) for name in ERRORS}
    partial = shard.folder.with_name(
        f".{shard.folder.name}.{uuid.uuid4().hex}"
    )  # two processes may make the same shard
    partial.mkdir()
    try:
        np.save(partial / "moments.npy", np.stack([each.moments for each in encoded]))
        for name, array in arrays.items():
            np.save(partial / f"{name}.npy", array)
        hashes = {path.name: sha256_of(path) for path in sorted(partial.iterdir())}
        (partial / RECORD).write_text(json.dumps(hashes), encoding="utf-8")
        try:
            partial.rename(shard.folder)
        except OSError:
            if not shard.folder.is_dir():  # otherwise another process was faster, and the bytes are the same
                raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return hashes


@lru_cache(maxsize=1)
def _dataset(record: str) -> Dataset:
    """The data set of a record, loaded once per process. It is refused if its images are not the recorded ones."""
    recorded = DataRecord.from_dict(json.loads(record))
    data = load_recorded(recorded, None)
    if any(images.pixels.sha256() != recorded.sha256[f"{split}_images"] for split, images in data.splits()):
        raise MissingInput(
            f"a worker finds other images at {recorded.location}.", "Keep the data set on storage that all share."
        )
    return data


@lru_cache(maxsize=2)
def _network(path: Path, sha256: str) -> Network:
    if not path.is_file() or sha256_of(path) != sha256:
        raise DamagedInput(
            f"a worker does not find the same {path}.", f"Keep {setting('artifacts')} on storage that all share."
        )
    return open_network(path)


def finished(shard: Shard) -> dict[str, str] | None:
    """The sha256 of the files of a shard of an earlier command; None if there is none. A damaged one is removed."""
    if not _is_there(shard.folder):
        return None
    try:
        hashes: dict[str, str] = json.loads((shard.folder / RECORD).read_text(encoding="utf-8"))
        if set(hashes) == {f"{name}.npy" for name in ("features", "moments", *ERRORS)}:
            check(shard, hashes)
            return hashes
    except (OSError, ValueError, TypeError, DamagedInput):
        pass
    shutil.rmtree(shard.folder)
    return None


def _is_there(folder: Path) -> bool:
    return folder in folder.parent.iterdir()  # NFS would remember that `exists` was False


def check(shard: Shard, hashes: Mapping[str, str]) -> None:
    """Compare a shard with the hashes that its maker returned; raise `DamagedInput` if they differ."""
    for name, sha256 in hashes.items():
        if sha256_of(shard.folder / name) != sha256:
            raise DamagedInput(f"{shard.folder / name} is damaged.", "Run the same command again.")


def read_shard(shard: Shard, hashes: Mapping[str, str]) -> Iterator[Encoded]:
    """The batches of a shard, as `encode_batch` returned them. It must exist, with the bytes that its maker wrote."""
    waited_until = time.monotonic() + SECONDS_TO_APPEAR
    while not _is_there(shard.folder):
        if time.monotonic() > waited_until:
            raise MissingInput(
                f"{shard.folder} was written by a worker, but does not exist here.",
                f"Give an {setting('artifacts')} on storage that all machines share.",
            )
        time.sleep(0.2)
    check(shard, hashes)
    arrays = {name: load_npy(shard.folder / f"{name}.npy") for name in ("features", *ERRORS)}
    for number, moments in enumerate(load_npy(shard.folder / "moments.npy")):
        rows = slice(number * BATCH_SIZE, (number + 1) * BATCH_SIZE)
        yield Encoded(arrays["features"][rows], {name: arrays[name][rows] for name in ERRORS}, moments)


def _listed(versions: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in versions.items())
