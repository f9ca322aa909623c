"""From the parameters of an estimator to the settings of a stage, and back to them in messages."""

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import numpy as np

from mnistae_cli.common import Mention, UsageError, in_python
from mnistae_cli.settings import MAX_SEED, Checked, make

Config = TypeVar("Config", bound=Checked)
RandomState = int | np.random.RandomState | None


def config_of(config_class: type[Config], values: Mapping[str, Any]) -> Config:
    """The settings of a stage with these values in the place of its defaults; None leaves a default.

    Raises:
        ValueError: a value that is refused; it names the parameter.
    """
    with value_errors():
        return make(config_class, {name: _plain(value) for name, value in values.items() if value is not None})


@contextmanager
def value_errors() -> Iterator[None]:
    """Raise a `UsageError` as a `ValueError` whose message names parameters instead of options."""
    try:
        yield
    except UsageError as error:
        problem, remedy = error.worded(_as_parameter, between=", ")
        raise ValueError(f"{problem} {remedy}") from error


def seed_of(random_state: RandomState) -> int:
    """A whole number is the seed itself, as `--seed`; else one is drawn, as elsewhere in scikit-learn."""
    if isinstance(random_state, int | np.integer):
        return int(random_state)
    from sklearn.utils import check_random_state

    return int(check_random_state(random_state).randint(MAX_SEED, dtype=np.uint32))


@contextmanager
def same_global_draws() -> Iterator[None]:
    """Keras starts the global generators of Python and NumPy anew: give the caller back his own."""
    before, numpy_before = random.getstate(), np.random.get_state()
    try:
        yield
    finally:
        random.setstate(before)
        np.random.set_state(numpy_before)


def _as_parameter(mention: Mention) -> str:
    """A setting as a parameter of an estimator, where the seed has scikit-learn's name."""
    return "random_state" if mention.name == "seed" else in_python(mention)


def _plain(value: Any) -> Any:
    """NumPy's scalars, as a grid search gives them, as Python's own; lists as tuples."""
    if isinstance(value, np.generic):
        return value.item()
    return tuple(value) if isinstance(value, list) else value
