"""An empty path is refused: Python takes it for the working directory, which nobody meant."""

from pathlib import Path

import pytest

from mnistae_cli.api.datasets import load_images, load_mnist
from mnistae_cli.cli.commands import app
from mnistae_cli.common import RefusedValue, UsageError
from mnistae_cli.settings import STAGE_CONFIGS, make, settings_of
from mnistae_cli.settings.experiments import PATHS, read_experiment
from tests.builders import train_config
from tests.conftest import Mnistae, assert_two_lines

COMMANDS = sorted(each.name for each in app.registered_commands if each.name)
OF_SETTINGS = [
    (stage, each.flag, each.name)
    for stage, config in STAGE_CONFIGS.items()
    for each in settings_of(config)
    if each.name in (*PATHS, "apply")
]


@pytest.mark.parametrize("command", [each for each in COMMANDS if each != "data"])
def test_an_empty_artifacts_directory(command: str, mnistae: Mnistae) -> None:
    arguments = ["x.png"] if command == "predict" else []
    assert_two_lines(mnistae(command, *arguments, "--artifacts", ""), 2, "--artifacts", "empty")


@pytest.mark.parametrize(("stage", "flag", "name"), OF_SETTINGS)
def test_an_empty_path_in_a_setting(stage: str, flag: str, name: str, mnistae: Mnistae, tmp_path: Path) -> None:
    assert_two_lines(mnistae(stage, flag, "", "-a", tmp_path / "made"), 2, f"{flag} is ''", "empty")
    assert not (tmp_path / "made").exists()
    with pytest.raises(RefusedValue, match=f"{name} is ''.*empty"):
        make(STAGE_CONFIGS[stage], {name: ""})
    with pytest.raises(UsageError, match=f"{stage}.{name} is ''.*empty"):
        read_experiment(f'[{stage}]\n{name} = ""', "a.toml")


def test_an_empty_path_in_other_options(mnistae: Mnistae, tmp_path: Path) -> None:
    for arguments in (
        ("run", "--config", ""),
        ("train", "--config", ""),
        ("encode", "--images", "", "--output", tmp_path / "x.npy"),
        ("encode", "--images", tmp_path, "--output", ""),
        ("predict", ""),
        ("predict", "x.png", ""),
        ("data", "--data-dir", ""),
    ):
        assert_two_lines(mnistae(*arguments), 2, "it is empty")


def test_a_path_with_a_zero_byte() -> None:
    with pytest.raises(RefusedValue, match="zero byte"):
        train_config(dataset="a\0b")
    with pytest.raises(UsageError, match="zero byte"):
        read_experiment('dataset = "a\\u0000b"', "a.toml")


def test_an_empty_variable_counts_as_not_set(mnistae: Mnistae, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ARTIFACTS", "DATASET", "DATA_DIR", "CONFIG"):
        monkeypatch.setenv(f"MNISTAE_{name}", "")
    assert '"artifacts": "artifacts"' in mnistae("status", "--json").out


def test_empty_paths_in_python() -> None:
    for load in (load_images, load_mnist):
        with pytest.raises(RefusedValue, match="it must be a name or a path: not empty"):
            load("")
