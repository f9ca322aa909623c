"""Files of every kind that a user gives, with changed bytes: each is read, or refused with two sentences."""

import gzip
import random
import resource
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from benchmarks.faulty.scene import Tally
from mnistae_cli.common.errors import MnistaeError
from mnistae_cli.data import load_dataset, open_images, read_gray
from mnistae_cli.settings import STAGE_CONFIGS, load_experiment, stage_config
from mnistae_cli.store import read_stage

MOST_MEMORY = 3 * 2**30  # bytes of address space that reading one file may take in addition to those in use


def mutate_inputs(reference: Path, root: Path, n: int, seed: int) -> Tally:
    """Read `n` changed files. Any error that is not one of mnistae counts as a traceback, also `MemoryError`."""
    draws, tally = random.Random(seed), Tally()
    root.mkdir(parents=True, exist_ok=True)
    kinds = _kinds(reference)
    used = _address_space()
    resource.setrlimit(resource.RLIMIT_AS, (used + MOST_MEMORY, resource.RLIM_INFINITY))
    try:
        for number in range(n):
            name = list(kinds)[number % len(kinds)]
            content, read = kinds[name]
            path = root / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(_mutated(content, draws))
            try:
                read(path)
            except MnistaeError as problem:
                if not (problem.problem and problem.remedy):
                    tally.unnoticed.append(f"{name} {number}: it is refused without a word")
            except Exception as problem:
                tally.tracebacks.append(f"{name} {number}: {type(problem).__name__}: {problem}")
                path.rename(root / f"failed-{number}-{path.name}")
            tally.tried += 1
            if tally.tried % 1000 == 0:
                print(f"inputs {tally.tried} of {n}: {len(tally.tracebacks)} tracebacks", file=sys.stderr)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    return tally


def _address_space() -> int:
    """Of this process, in bytes."""
    return int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[0]) * resource.getpagesize()


def _kinds(reference: Path) -> Mapping[str, tuple[bytes, Callable[[Path], object]]]:
    """File name → undamaged bytes, and how mnistae reads such a file."""
    from io import BytesIO

    from PIL import Image

    images = np.random.default_rng(0).integers(0, 256, (20, 8, 8)).astype(np.uint8)
    labels = (np.arange(20) % 3).astype(np.uint8)
    idx = b"\0\0\x08\x03" + np.array(images.shape, ">u4").tobytes() + images.tobytes()
    npy, floats, archive, png = BytesIO(), BytesIO(), BytesIO(), BytesIO()
    np.save(npy, images)
    np.save(floats, (images / 255).astype(np.float32))
    np.savez_compressed(archive, x_train=images, y_train=labels, x_test=images, y_test=labels)
    Image.fromarray(images[0]).save(png, "PNG")
    toml = b'[train]\nmodel = "sparse"\nepochs = 3\nlatent_dim = 16\nk = 4\n[cluster]\nclusters = 3\n'
    return {
        "images-idx3-ubyte": (idx, _read_images),
        "images-idx3-ubyte.gz": (gzip.compress(idx), _read_images),
        "images.npy": (npy.getvalue(), _read_images),
        "floats.npy": (floats.getvalue(), _read_images),
        "archive.npz": (archive.getvalue(), _read_data),
        "picture.png": (png.getvalue(), read_gray),
        "config.toml": (toml, _read_config),
        "train/manifest.json": ((reference / "train" / "manifest.json").read_bytes(), _read_manifest),
    }


def _read_images(path: Path) -> None:
    for batch in open_images(path).batches(1000):
        batch.sum()


def _read_data(path: Path) -> None:
    for _, images in load_dataset(str(path)).splits():
        images.pixels.sha256()


def _read_config(path: Path) -> None:
    experiment = load_experiment(None, path)
    for stage in STAGE_CONFIGS:
        stage_config(stage, experiment[stage])


def _read_manifest(path: Path) -> None:
    read_stage(path.parents[1], "train")


def _mutated(content: bytes, draws: random.Random) -> bytes:
    """Change, remove, double or insert some bytes, up to four times."""
    changed = bytearray(content)
    for _ in range(draws.randint(1, 4)):
        place = draws.randrange(len(changed)) if changed else 0
        length = draws.choice((1, 1, 2, 4, 16, 64))
        way = draws.choice(("flip", "set", "cut", "double", "insert", "end"))
        if way == "flip" and changed:
            changed[place] ^= 1 << draws.randrange(8)
        elif way == "set":
            changed[place : place + length] = bytes([draws.choice((0, 1, 127, 128, 255))]) * length
        elif way == "cut":
            del changed[place : place + length]
        elif way == "double":
            changed[place:place] = changed[place : place + length]
        elif way == "insert":
            changed[place:place] = draws.randbytes(length)
        else:
            del changed[place:]
    return bytes(changed)
