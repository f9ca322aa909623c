"""What the tests of the networks share."""

import pytest

from mnistae_cli.training import steps as training


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """XLA compiles dense trainings, as it does the longer ones of users."""
    monkeypatch.setattr(training, "LEAST_XLA_STEPS", 0)
