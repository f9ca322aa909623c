"""Artifacts directories that several tests of the pipeline read, each made once; and how they were made."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import LEAN, QUICK, SMALL, Shared

# An invariant code at half the time of `INVARIANT`, most of which TensorFlow takes to compile.
SHALLOW = ("--model", "invariant", "--epochs", "2", "--batch-size", "32", "--latent-dim", "16", "--channels", "")
FEW = ("--labels", "31", "--epochs", "2", "--batch-size", "32")  # of `finetune`
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
def permuted_once(shared: Shared, finished_once: Path, permuted_npz: Path) -> Path:
    """`finished_once`, whose images have permuted labels after its training. Do not touch."""
    later = (("encode", "--dataset", permuted_npz), ("classify", *LEAN[2:6]), ("cluster", *LEAN[:2], "--force"))
    return shared.copy("permuted", finished_once, *later, ("evaluate", "--no-figures"))


@pytest.fixture(scope="session")
def plain_once(shared: Shared, plain_npz: Path) -> Path:
    """What `finished_once` is, of the same images without labels. Do not touch."""
    return shared.run("plain", "--dataset", plain_npz, *QUICK, *SMALL)


@pytest.fixture
def plain(plain_once: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(plain_once, tmp_path / "plain"))


@pytest.fixture
def invariant(invariant_once: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(invariant_once, tmp_path / "invariant"))


@pytest.fixture(scope="session")
def finetuned_once(shared: Shared, invariant_once: Path) -> Path:
    """`invariant_once` with a classifier of prototypes, fine-tuned on `FEW` labels. Do not touch."""
    return shared.copy("finetuned", invariant_once, ("classify", "--head", "prototypes"), ("finetune", *FEW))


@pytest.fixture
def finetuned(finetuned_once: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finetuned_once, tmp_path / "finetuned"))


@pytest.fixture(scope="session")
def dense_finetuned_once(shared: Shared, finished_once: Path) -> Path:
    """`finished_once`, fine-tuned on `FEW` labels. Do not touch."""
    return shared.copy("dense-finetuned", finished_once, ("finetune", *FEW))


@pytest.fixture
def dense_finetuned(dense_finetuned_once: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(dense_finetuned_once, tmp_path / "dense-finetuned"))


def graft(other: Path, root: Path) -> None:
    """Put the stages of other artifacts in the place of those in `root`."""
    for stage in ("train", "encode", "classify", "cluster"):
        shutil.rmtree(root / stage, ignore_errors=True)
        shutil.copytree(other / stage, root / stage)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What `mnistae run` would run with, by stage. It runs nothing."""
    configs: dict[str, Any] = {}

    def noted(given: Mapping[str, Any], *_: object, **__: object) -> None:
        configs.update(given)
        raise SystemExit(0)

    monkeypatch.setattr("mnistae_cli.stages.run.run", noted)
    return configs
