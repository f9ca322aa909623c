"""Settings that had another name in an earlier version."""

from dataclasses import replace
from pathlib import Path

import pytest

from mnistae_cli.settings import LabelConfig, ReportConfig, ReviewConfig, read_experiment
from mnistae_cli.settings.options import Checked
from mnistae_cli.store import Plan
from tests.conftest import Mnistae
from tests.making import make_stage


@pytest.mark.parametrize(
    ("stage", "old", "name"),
    [
        ("label", "shown", "images_per_cluster"),
        ("review", "shown", "least_rows"),
        ("report", "shown", "map_images"),
        ("finetune", "unlabelled_weight", "unlabeled_weight"),
    ],
)
def test_the_old_key_of_a_file_is_taken_and_told(stage: str, old: str, name: str) -> None:
    told: list[str] = []
    found = read_experiment(f"[{stage}]\n{old} = 7\n", "my.toml", lambda event: told.append(event.text))  # type: ignore[union-attr]
    assert found[stage] == {name: 7}
    assert told == [f"{old} of {stage} is called {name} now"]


def test_the_old_option_is_taken_and_told_but_not_in_the_help(finished: Path, mnistae: Mnistae) -> None:
    made = mnistae("label", "-a", finished, "--shown", "3")
    assert made.code == 0, made.err
    assert "--shown of label is called --images-per-cluster now" in made.err
    assert "up to date" in mnistae("label", "-a", finished, "--images-per-cluster", "3").err
    assert "--shown" not in mnistae("label", "--help").out


@pytest.mark.parametrize("config", [LabelConfig(), ReviewConfig(), ReportConfig()])
def test_what_an_earlier_version_made_is_up_to_date(config: Checked, tmp_path: Path) -> None:
    plan = Plan(type(config).__name__.removesuffix("Config").lower(), config)
    manifest = make_stage(tmp_path, plan, lambda work: None)
    (name,) = (name for name in ("images_per_cluster", "least_rows", "map_images") if name in manifest.config)
    earlier = {("shown" if key == name else key): value for key, value in manifest.config.items()}
    assert plan.is_that_of(replace(manifest, config=earlier))
    assert not plan.is_that_of(replace(manifest, config=earlier | {"shown": 3}))
