"""`mnistae status`: what is there, and whether it can be used. Reads only."""

from pathlib import Path

from mnistae_cli.artifacts import stage_states


def status(artifacts: Path) -> dict[str, dict[str, str]]:
    """Per stage: `state`, one of `missing`, `up to date`, `stale`, `damaged`, and a `reason`."""
    return stage_states(artifacts)
