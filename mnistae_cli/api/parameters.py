"""From the parameters of an estimator to the settings of a stage, and back to them in messages."""

import random
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import numpy as np

from mnistae_cli.common import UsageError
from mnistae_cli.settings import MAX_SEED, Checked, make, settings_of

Config = TypeVar("Config", bound=Checked)
RandomState = int | np.random.RandomState | None


def config_of(config_class: type[Config], values: Mapping[str, Any]) -> Config:
    """The settings of a stage with these values in the place of its defaults; None leaves a default.

    Raises:
        ValueError: a value that is refused; it names the parameter.
    """
    with value_errors(config_class):
        return make(config_class, {name: _plain(value) for name, value in values.items() if value is not None})


@contextmanager
def value_errors(config_class: type[Checked]) -> Iterator[None]:
    """Raise a `UsageError` as a `ValueError` whose message names parameters instead of options."""
    try:
        yield
    except UsageError as error:
        raise ValueError(_by_parameters(f"{error.problem} {error.remedy}", config_class)) from error


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


def _by_parameters(message: str, config_class: type[Checked]) -> str:
    names = {each.flag: each.name for each in settings_of(config_class)} | {"--seed": "random_state"}
    return re.sub(r"--[a-z][a-z0-9-]*", lambda found: names.get(found[0], found[0].removeprefix("--")), message)


def _plain(value: Any) -> Any:
    """NumPy's scalars, as a grid search gives them, as Python's own; lists as tuples."""
    if isinstance(value, np.generic):
        return value.item()
    return tuple(value) if isinstance(value, list) else value
