"""Environment variables: a wrong value names its variable, other programs' variables are left in peace."""

from pathlib import Path

import pytest

from mnistae_cli.cli.resolving import misspelled_variables
from tests.conftest import Mnistae, assert_two_lines


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("MNISTAE_TRAIN_LOSS", "hinge", "--loss is 'hinge': it must be one of bce, mse"),
        ("MNISTAE_TRAIN_MODEL", "tree", "--model is 'tree'"),
        ("MNISTAE_TRAIN_EPOCHS", "many", "--epochs is 'many': it must be a whole number or auto"),
        ("MNISTAE_DATASET", "mnits", "--dataset mnits"),
        ("MNISTAE_DATA_DIR", "/nope", "--data-dir /nope is not a folder"),
        ("MNISTAE_PRESET", "orginal", "--preset orginal"),
        ("MNISTAE_CONFIG", "none.toml", "--config none.toml"),
        ("MNISTAE_SEED", "x", "--seed is 'x'"),
        ("MNISTAE_FORCE", "perhaps", "--force"),
    ],
)
def test_a_wrong_value_names_its_variable(
    variable: str, value: str, words: str, mnistae: Mnistae, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    assert_two_lines(mnistae("train", "-a", tmp_path), 2, words, f"Set in the environment: {variable}.")


def test_a_value_of_the_command_line_names_no_variable(mnistae: Mnistae, tmp_path: Path) -> None:
    assert "environment" not in mnistae("train", "--loss", "hinge", "-a", tmp_path).err


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("MNISTAE_EPOCHS", "_EPOCHS"),
        ("MNISTAE_CLUSTERS", "_CLUSTERS"),
        ("MNISTAE_TRAIN_LATENTDIM", "MNISTAE_TRAIN_LATENT_DIM"),
    ],
)
def test_a_variable_that_is_nearly_ours_is_told(variable: str, meant: str) -> None:
    (line,) = misspelled_variables([variable])
    assert variable in line
    assert meant in line.split("Did you mean")[1]


@pytest.mark.parametrize("variable", ["MNISTAE_HOME", "MNISTAE_FOO", "PATH", "MNISTAE_TRAIN_EPOCHS"])
def test_other_variables_are_left_in_peace(variable: str) -> None:
    assert misspelled_variables([variable]) == []
