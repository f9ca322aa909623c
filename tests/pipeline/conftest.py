"""Artifacts directories that several tests of the pipeline read, each made once; and how they were made."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import LEAN, QUICK, SMALL, Shared, exit_code

INVARIANT = (
    *("--model", "invariant", "--epochs", "12", "--batch-size", "32", "--latent-dim", "16", "--channels", "8"),
    *("--schedule", "one-cycle"),  # in so few steps it learns more
)
# The same code at half the time, most of which TensorFlow takes to compile.
SHALLOW = ("--model", "invariant", "--epochs", "2", "--batch-size", "32", "--latent-dim", "16", "--channels", "")
FEW = ("--labels", "31", "--epochs", "2", "--batch-size", "32")  # of `finetune`
SPARSE = (
    *("--model", "sparse", "--epochs", "20", "--batch-size", "16"),
    *("--latent-dim", "30", "--learning-rate", "0.01"),
)
CODES: dict[str, tuple[str, ...]] = {
    "l1": ("--sparsity", "l1", "--sparsity-weight", "1e-3", "--sparsity-warmup", "0.2"),
    "kl": ("--sparsity", "kl", "--sparsity-weight", "0.1", "--sparsity-target", "0.1"),
    "topk": ("--sparsity", "topk", "--k", "4", "--aux-k", "10"),
    "batchtopk": ("--sparsity", "batchtopk", "--k", "4", "--aux-k", "0"),
    "convolutions": ("--k", "4", "--channels", "4,6", "--hidden", "20", "--augment", "0.5", "--noise", "0.1"),
}
COMPARED = (".npy", ".onnx", ".csv", ".html")


def data_of(page: str) -> dict[str, Any]:
    """What a page shows, as its script reads it."""
    return dict(json.loads(page.split('<script id="data" type="application/json">')[1].split("</script>")[0]))


def manifest(root: Path, stage: str) -> dict[str, Any]:
    return dict(json.loads((root / stage / "manifest.json").read_text()))


def bytes_of(folder: Path) -> dict[str, bytes]:
    """The arrays, networks, tables and pages of a stage, by name."""
    return {each.name: each.read_bytes() for each in folder.iterdir() if each.suffix in COMPARED}


def without_labels(root: Path) -> dict[str, bytes]:
    """What the three stages that look at no label left, but for the copy of the labels themselves."""
    stages = {stage: bytes_of(root / stage) for stage in ("train", "encode", "cluster")}
    return {
        f"{stage}/{name}": content
        for stage, files in stages.items()
        for name, content in files.items()
        if not name.startswith("labels")
    }


def permute_others(data: Path, drawn: np.ndarray, copy: Path) -> Path:
    """A copy of a data set in which the labels of the images that were not drawn are permuted."""
    arrays = dict(np.load(data))
    others = np.setdiff1d(np.arange(len(arrays["y_train"])), drawn)
    arrays["y_train"][others] = np.random.default_rng(0).permutation(arrays["y_train"][others])
    arrays["y_test"] = np.random.default_rng(1).permutation(arrays["y_test"])
    np.savez(copy, **arrays)
    return copy


@pytest.fixture(scope="session")
def permuted_once(shared: Shared, permuted_npz: Path) -> Path:
    """What `finished_once` is, of the same images with permuted labels. Do not touch."""
    return shared.run("permuted", "--dataset", permuted_npz, *QUICK, *LEAN)


@pytest.fixture(scope="session")
def plain_once(shared: Shared, plain_npz: Path) -> Path:
    """What `finished_once` is, of the same images without labels. Do not touch."""
    return shared.run("plain", "--dataset", plain_npz, *QUICK, *SMALL)


@pytest.fixture
def plain(plain_once: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(plain_once, tmp_path / "plain"))


@pytest.fixture(scope="session")
def invariant_once(shared: Shared, shapes_npz: Path) -> Path:
    """An artifacts directory of an invariant code. Do not touch."""
    return shared.run("invariant", "--dataset", shapes_npz, *INVARIANT, *SMALL, "--no-calibrate")


@pytest.fixture
def invariant(invariant_once: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(invariant_once, tmp_path / "invariant"))


@pytest.fixture(scope="session")
def finetuned_once(shared: Shared, invariant_once: Path) -> Path:
    """`invariant_once` with a classifier of prototypes, fine-tuned on `FEW` labels. Do not touch."""

    def make(folder: Path) -> None:
        shutil.copytree(invariant_once, folder, dirs_exist_ok=True)
        for command in (("classify", "--head", "prototypes"), ("finetune", *FEW)):
            assert exit_code(["mnistae", *command, "-a", str(folder), "-q"]) == 0

    return shared.once("finetuned", make)


@pytest.fixture
def finetuned(finetuned_once: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finetuned_once, tmp_path / "finetuned"))


@pytest.fixture(scope="session")
def sparse_once(shared: Shared, shapes_npz: Path) -> Callable[[str], Path]:
    """By the name of a sparse code, an artifacts directory of it. Do not touch."""

    def of(code: str) -> Path:
        small = (*SMALL, "--no-calibrate", "--probe")
        return shared.run(f"sparse-{code}", "--dataset", shapes_npz, *SPARSE, *CODES[code], *small)

    return of
