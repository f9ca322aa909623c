"""`run` opens the data set once, for training, encoding and the figures."""

from pathlib import Path

import pytest

from mnistae_cli.data.archives import Archive
from mnistae_cli.settings.read_options import ReadOptions
from tests.conftest import QUICK, Mnistae


def test_run_opens_the_data_set_once(
    shapes_npz: Path, tmp_path: Path, mnistae: Mnistae, monkeypatch: pytest.MonkeyPatch
) -> None:
    def counted(path: Path, reading: ReadOptions) -> Archive:
        opened.append(path)
        return Archive(path, reading)

    opened: list[Path] = []
    monkeypatch.setattr("mnistae_cli.data.datasets.Archive", counted)
    quick = (*QUICK, "--epochs", "1", "--clusters", "3", "--labels", "30", "--head", "prototypes", "-q")
    assert mnistae("run", "--dataset", shapes_npz, "-a", tmp_path, *quick).code == 0
    assert len(opened) == 1
