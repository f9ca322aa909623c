"""Where a setting may come from: options, the environment, a file."""

import json
from pathlib import Path

import pytest

from tests.conftest import Mnistae, assert_two_lines


def test_environment_variables_stand_in_for_options(
    finished: Path, mnistae: Mnistae, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNISTAE_ARTIFACTS", str(finished))
    monkeypatch.setenv("MNISTAE_JSON", "1")
    monkeypatch.setenv("MNISTAE_QUIET", "1")
    monkeypatch.setenv("MNISTAE_CLUSTER_CLUSTERS", "4")
    made = mnistae("cluster")
    assert json.loads(made.out)["config"]["n_clusters"] == 4
    assert made.err == ""
    assert json.loads(mnistae("cluster", "--clusters", "5").out)["config"]["n_clusters"] == 5


def test_a_wrong_or_unknown_variable_is_named(
    mnistae: Mnistae, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNISTAE_CLASSIFY_EPOCHS", "many")
    assert_two_lines(mnistae("run", "-a", tmp_path), 2, "classify: MNISTAE_CLASSIFY_EPOCHS is 'many'")
    monkeypatch.setenv("MNISTAE_EPOCHS", "3")
    assert "MNISTAE_EPOCHS is not a setting, and is ignored. Did you mean" in mnistae("status", "-a", tmp_path).err


def test_options_override_the_file_and_the_file_the_defaults(finished: Path, mnistae: Mnistae, tmp_path: Path) -> None:
    (tmp_path / "my.toml").write_text("seed = 3\n[cluster]\nn_clusters = 4\nn_init = 2\n")
    made = json.loads(
        mnistae("cluster", "--config", tmp_path / "my.toml", "--clusters", "5", "-a", finished, "--json").out
    )
    assert (made["config"]["n_clusters"], made["config"]["n_init"], made["seed"]) == (5, 2, 3)


@pytest.mark.parametrize(("name", "named"), [("MNISTAE_EPOCHS", True), ("MNISTAE_HOMEPAGE_OF_SOMEONE", False)])
def test_only_a_variable_that_is_nearly_ours_is_named(
    name: str, named: bool, mnistae: Mnistae, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "3")
    assert (name in mnistae("status", "-a", tmp_path).err) == named
