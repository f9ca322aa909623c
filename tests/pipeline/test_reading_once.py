"""`run` opens the data set once, for training, encoding and the figures, and hashes its images once."""

import hashlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mnistae_cli.data import from_array
from mnistae_cli.data.formats import contents
from mnistae_cli.data.formats.archives import Archive
from mnistae_cli.settings.read_options import ReadOptions
from tests.conftest import HEIGHT, QUICK, SMALL, WIDTH, Mnistae, shapes


def test_run_opens_the_data_set_once(
    shapes_npz: Path, tmp_path: Path, mnistae: Mnistae, monkeypatch: pytest.MonkeyPatch
) -> None:
    def counted(path: Path, reading: ReadOptions) -> Archive:
        opened.append(path)
        return Archive(path, reading)

    opened: list[Path] = []
    monkeypatch.setattr("mnistae_cli.data.formats.files.WITH_NAMES", {contents.ZIP: counted})
    quick = (*QUICK, "--epochs", "1", "--clusters", "3", "--labels", "30", "--head", "prototypes", "-q")
    assert mnistae("run", "--dataset", shapes_npz, "-a", tmp_path, *quick).code == 0
    assert len(opened) == 1


@pytest.mark.parametrize("again", [False, True])
def test_run_hashes_the_images_of_each_split_once(
    again: bool, shapes_npz: Path, finished: Path, tmp_path: Path, mnistae: Mnistae, monkeypatch: pytest.MonkeyPatch
) -> None:
    def counted(content: bytes = b"") -> Any:
        begun.append(content)
        return hashlib.sha256(content)

    begun: list[bytes] = []
    monkeypatch.setattr("mnistae_cli.data.sources.hashlib", SimpleNamespace(sha256=counted))
    root = finished if again else tmp_path / "new"
    assert mnistae("run", "--dataset", shapes_npz, "-a", root, *QUICK, *SMALL, "-q").code == 0
    assert begun == [f"{n} {HEIGHT} {WIDTH}".encode() for n in (240, 60)]


def test_a_part_of_the_images_has_a_hash_of_its_own() -> None:
    images = shapes(5, 0)[0]
    source = from_array(images, "images")
    whole, part = source.sha256(), source.take(np.array([0, 3]))
    assert part.sha256() == from_array(images[[0, 3]], "others").sha256() != whole
    assert source.sha256() == whole == from_array(images, "others").sha256()
