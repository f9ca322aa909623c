"""A download does not begin without a word."""

from pathlib import Path

import pytest

from mnistae_cli.common import Notice
from mnistae_cli.data import load_dataset, mnist


@pytest.mark.usefixtures("without_data_dir")
@pytest.mark.parametrize("given", [True, False])
def test_it_is_said_what_lacks_and_that_the_download_begins(
    given: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "train-images-idx3-ubyte.gz").touch()
    told = list[str]()

    def stop(*_: object) -> None:
        raise ConnectionError(*told)

    monkeypatch.setattr(mnist, "fetch_all", stop)
    with pytest.raises(ConnectionError):
        load_dataset(
            "mnist",
            str(tmp_path) if given else None,
            lambda each: told.append(each.text if isinstance(each, Notice) else ""),
        )
    assert told[-1].endswith(f": downloading into {mnist.cache_folder()}")
    if given:
        lacking = "no train-labels-idx1-ubyte.gz, no t10k-images-idx3-ubyte.gz, no t10k-labels-idx1-ubyte.gz"
        assert f"data_dir={str(tmp_path)!r} has {lacking}: " in told[-1]
        assert str(tmp_path) in told[0]
    else:
        assert told == [f"MNIST is not on this machine: downloading into {mnist.cache_folder()}"]


@pytest.mark.usefixtures("without_data_dir")
def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    told = list[str]()
    assert mnist.find(str(tmp_path), lambda each: told.append(getattr(each, "text", ""))) is None
    assert len(told) == 1
    assert str(tmp_path) in told[0]
