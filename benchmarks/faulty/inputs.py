"""Files of every kind that a user gives, with changed bytes: each is read, or refused with two sentences."""

import gzip
import json
import os
import random
import resource
import shutil
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas  # noqa: F401 before the forks, which take a tenth of the time then
from numpy.typing import NDArray
from PIL import Image
from scipy import io

from benchmarks.faulty.scene import Tally
from mnistae_cli.common.errors import DamagedInput, MnistaeError
from mnistae_cli.data import load_dataset, open_images, read_gray
from mnistae_cli.data.formats import unpacked
from mnistae_cli.settings import STAGE_CONFIGS, load_experiment, stage_config
from mnistae_cli.store import read_stage

PICTURES = {"png": "PNG", "jpg": "JPEG", "bmp": "BMP", "tif": "TIFF", "webp": "WEBP", "gif": "GIF"}
MOST_MEMORY = 3 * 2**30  # bytes of address space that reading one file may take in addition to those in use


def mutate_inputs(reference: Path, root: Path, n: int, seed: int) -> Tally:
    """Read `n` changed files. Any error that is not one of mnistae counts as a traceback, also `MemoryError`."""
    draws, tally = random.Random(seed), Tally()
    root.mkdir(parents=True, exist_ok=True)
    kinds = _kinds(reference)
    os.environ["XDG_CACHE_HOME"] = str(root / "cache")
    unpacked.run_apart = _run_forked
    for name, (content, read) in kinds.items():  # an input that is refused as it is proves nothing
        path = root / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        read(path)
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
                shutil.rmtree(root / "cache", ignore_errors=True)
                print(f"inputs {tally.tried} of {n}: {len(tally.tracebacks)} tracebacks", file=sys.stderr)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    return tally


def _run_forked(module: str, *arguments: str) -> list[str]:
    """As `run_apart`, in a forked process: in a tenth of the time, and a crash does not end this one either."""
    problem = Path(arguments[1]) / "problem"
    child = os.fork()
    if not child:
        try:
            import_module(f"mnistae_cli.data.formats.{module}").unpack(*arguments)
        except MnistaeError as error:
            problem.write_text(json.dumps(error.parts))
        except BaseException as error:
            problem.write_text(json.dumps([str(error)]))
        finally:
            os._exit(0)
    ended = os.waitpid(child, 0)[1]
    parts: list[str] = json.loads(problem.read_text()) if problem.exists() else [unpacked.CRASH] * bool(ended)
    problem.unlink(missing_ok=True)
    return parts


def _address_space() -> int:
    """Of this process, in bytes."""
    return int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[0]) * resource.getpagesize()


def _kinds(reference: Path) -> Mapping[str, tuple[bytes, Callable[[Path], object]]]:
    """File name → undamaged bytes, and how mnistae reads such a file."""
    images = np.random.default_rng(0).integers(0, 256, (20, 8, 8)).astype(np.uint8)
    labels = (np.arange(20) % 3).astype(np.uint8)
    idx = b"\0\0\x08\x03" + np.array(images.shape, ">u4").tobytes() + images.tobytes()
    split = {"x_train": images, "y_train": labels, "x_test": images, "y_test": labels}
    toml = b'[train]\nmodel = "sparse"\nepochs = 3\nlatent_dim = 16\nk = 4\n[cluster]\nn_clusters = 3\n'
    table = np.column_stack([labels, images.reshape(20, -1)])
    header = ",".join(["label", *(f"pixel{number}" for number in range(64))])
    return {
        "images-idx3-ubyte": (idx, _read_images),
        "images-idx3-ubyte.gz": (gzip.compress(idx), _read_images),
        "images.npy": (_saved(np.save, images), _read_images),
        "floats.npy": (_saved(np.save, (images / 255).astype(np.float32)), _read_images),
        "twelve-bits.npy": (_saved(np.save, images.astype(np.uint16) * 16), _read_images),
        "fortran.npy": (_saved(np.save, np.asfortranarray(images)), _read_images),
        "archive.npz": (_saved(np.savez_compressed, **split), _read_data),
        "names.npz": (_saved(np.savez, images=images, target=labels.astype(str)), _read_data),
        "matlab.mat": (_saved(io.savemat, {"X": images, "y": labels}), _read_data),
        "nested.mat": (_saved(io.savemat, {"dataset": {"train": {"images": images, "labels": labels}}}), _read_data),
        "arrays.h5": (_hdf5({"train/data": images, "train/target": labels}), _read_data),
        "table.csv": (_saved(np.savetxt, table, fmt="%d", delimiter=",", header=header, comments=""), _read_data),
        "plain.csv": (_saved(np.savetxt, table, fmt="%d", delimiter=","), _read_data),
        **{f"picture.{suffix}": (_picture(images[0], kind), read_gray) for suffix, kind in PICTURES.items()},
        "deep.png": (_picture(images[0].astype(np.uint16) * 16, "PNG"), read_gray),
        "config.toml": (toml, _read_config),
        "train/manifest.json": ((reference / "train" / "manifest.json").read_bytes(), _read_manifest),
    }


def _saved(save: Callable[..., object], *arguments: Any, **named: Any) -> bytes:
    """What a function writes into an open file."""
    file = BytesIO()
    save(file, *arguments, **named)
    return file.getvalue()


def _hdf5(arrays: Mapping[str, NDArray[np.uint8]]) -> bytes:
    file = BytesIO()
    with h5py.File(file, "w") as archive:
        for name, array in arrays.items():
            archive[name] = array
    return file.getvalue()


def _picture(levels: NDArray[Any], kind: str) -> bytes:
    return _saved(lambda file: Image.fromarray(levels).save(file, kind))


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
    if read_stage(path.parents[1], "train") is None:
        raise DamagedInput(f"{path} is no manifest.", "Run mnistae train.")


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
