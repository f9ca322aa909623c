"""`--fail-under`: figures that must not be lower."""

import shutil
from pathlib import Path

import pytest

from tests.conftest import Mnistae, assert_two_lines, the_object


def test_gates(finished: Path, mnistae: Mnistae) -> None:
    passed = mnistae("evaluate", "-a", finished, "--fail-under", "clusters.test.purity=0.01")
    assert passed.code == 0
    failed = mnistae(
        "evaluate", "-a", finished, "--json", "--fail-under", "clusters.test.purity=1.1",
        "--fail-under", "classifier.test.accuracy=2",
    )  # fmt: skip
    assert failed.code == 5
    assert the_object(failed.out)["clusters"]
    assert "clusters.test.purity is" in failed.err
    assert "classifier.test.accuracy is" in failed.err


@pytest.mark.parametrize(
    "gate", ["clusters.test.puritty=0.5", "clusters.test=1", "dataset.name=1", "clusters.test.purity", "a=b",
             "autoencoder.test.mse=0.1", "classifier.test.expected_calibration_error=0.1", "clusters.test.purity=nan",
             "clusters.test.purity=high"]
)  # fmt: skip
def test_gates_that_are_none_are_refused_before_the_work(gate: str, tmp_path: Path, mnistae: Mnistae) -> None:
    assert_two_lines(mnistae("run", "-a", tmp_path / "none", "--fail-under", gate), 2, gate)
    assert not (tmp_path / "none").exists()


def test_a_gate_on_what_was_not_run_fails(finished: Path, mnistae: Mnistae) -> None:
    shutil.rmtree(finished / "cluster")
    failed = mnistae("evaluate", "-a", finished, "--no-figures", "--fail-under", "clusters.test.purity=0")
    assert failed.code == 5
    assert "clusters.test.purity does not exist" in failed.err


def test_the_strictest_gate_of_a_figure_counts(finished: Path, mnistae: Mnistae) -> None:
    gates = ("--fail-under", "clusters.test.purity=1.1", "--fail-under", "clusters.test.purity=0")
    assert mnistae("evaluate", "-a", finished, *gates).code == 5
