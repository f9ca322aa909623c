"""Every stage: its folder, its command, its config, and that it reads of earlier stages alone."""

from importlib import import_module

import pytest
import typer

from mnistae_cli.cli.commands import app
from mnistae_cli.settings import STAGE_CONFIGS
from mnistae_cli.store.directory import STAGES

COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]


def test_every_stage_has_a_folder_a_config_and_a_command() -> None:
    assert set(STAGES) == set(STAGE_CONFIGS)
    assert set(STAGES) <= set(COMMANDS)


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_reads_of_earlier_stages_alone(stage: str) -> None:
    module = import_module(f"mnistae_cli.stages.{stage}")
    assert callable(getattr(module, stage))
    reads = module.reads_of(STAGE_CONFIGS[stage]()) if hasattr(module, "reads_of") else getattr(module, "READS", {})
    assert bool(reads) == (stage != "train")
    assert {STAGES.index(role) for role in reads} <= set(range(STAGES.index(stage)))
