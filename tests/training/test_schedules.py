import numpy as np
import pytest

from mnistae_cli.training.schedules import learning_rate


def test_the_one_cycle_schedule_rises_and_falls() -> None:
    schedule = learning_rate("one-cycle", 0.5, 100)
    rates = [float(schedule(step)) for step in range(101)]
    assert rates[0] == 0
    assert max(rates) == rates[10] == pytest.approx(0.5)
    assert rates[55] == pytest.approx(0.25)
    assert rates[100] == pytest.approx(0, abs=1e-8)


@pytest.mark.parametrize("n_steps", [1, 7, 100, 1876])
def test_the_trapezoid_is_one_numpy_line(n_steps: int) -> None:
    schedule, t = learning_rate("trapezoid", 0.5, n_steps), np.arange(n_steps + 1)
    expected = 0.5 * np.minimum(np.minimum(t / max(0.03 * n_steps, 1), 1), (n_steps - t) / (0.7 * n_steps))
    assert [float(schedule(int(step))) for step in t] == pytest.approx(expected, abs=1e-6)


def test_the_constant_rate_stays() -> None:
    assert learning_rate("constant", 0.5, 100) == 0.5
