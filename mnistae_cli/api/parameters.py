"""Convert the parameters of an estimator to the settings of a stage, and back in messages."""

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import numpy as np

from mnistae_cli.common import Mention, UsageError, in_python
from mnistae_cli.settings import MAX_SEED, Checked, make

Config = TypeVar("Config", bound=Checked)
RandomState = int | np.random.RandomState | None


def keep(estimator: object, parameters: Mapping[str, Any]) -> None:
    """Set the parameters of an `__init__`, its `locals()`, as attributes, unchanged, as scikit-learn asks."""
    vars(estimator).update({name: value for name, value in parameters.items() if name != "self"})


def config_of(config_class: type[Config], values: Mapping[str, Any]) -> Config:
    """The settings of a stage with these values; None leaves a default. A `ValueError` names the wrong parameter."""
    with value_errors():
        return make(config_class, {name: _plain(value) for name, value in values.items() if value is not None})


@contextmanager
def value_errors() -> Iterator[None]:
    """Turn a `UsageError` into a `ValueError` whose message names parameters instead of options."""
    try:
        yield
    except UsageError as error:
        problem, remedy = error.worded(_as_parameter, between=", ")
        raise ValueError(f"{problem} {remedy}") from error


def seed_of(random_state: RandomState) -> int:
    """A whole number is the seed itself, like `--seed`. From anything else a seed is drawn, as in scikit-learn."""
    if isinstance(random_state, int | np.integer):
        return int(random_state)
    from sklearn.utils import check_random_state

    return int(check_random_state(random_state).randint(MAX_SEED, dtype=np.uint32))


@contextmanager
def same_global_draws() -> Iterator[None]:
    """Restore the global random generators of Python and NumPy after the block: Keras resets them."""
    before, numpy_before = random.getstate(), np.random.get_state()
    try:
        yield
    finally:
        random.setstate(before)
        np.random.set_state(numpy_before)


def _as_parameter(mention: Mention) -> str:
    """A setting as a parameter of an estimator; the seed has scikit-learn's name."""
    return "random_state" if mention.name == "seed" else in_python(mention)


def _plain(value: Any) -> Any:
    """NumPy's scalars, for example from a grid search, as Python's; lists as tuples."""
    if isinstance(value, np.generic):
        return value.item()
    return tuple(value) if isinstance(value, list) else value
