"""An extension of Griffe: adds the help and the rule of each `option(…)` to settings, and defaults to parameters.

Griffe only reads the source. It does not see inherited fields, nor what `latent_dim_option()` gives, nor that
`Dense.latent_dim` is 512.
"""

import dataclasses
import inspect
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import griffe

from mnistae_cli.settings.options import Checked

SETTINGS = "mnistae_cli.settings."  # other modules are not imported
ESTIMATORS = "mnistae_cli.api."
LIMITS = {"minimum": "at least {}", "above": "above {}", "maximum": "at most {}", "below": "below {}"}


class Settings(griffe.Extension):
    """Adds the settings to the docstring of each config, of each kind that can be chosen, and of each group."""

    def on_class(self, *, cls: griffe.Class, **_: Any) -> None:
        """Append a section of attributes if the class is a config."""
        if not cls.canonical_path.startswith(SETTINGS) or not cls.docstring:
            return
        config: Any = getattr(import_module(cls.module.canonical_path), cls.name)
        if issubclass(config, Checked) and cls.has_labels("dataclass") and dataclasses.fields(config):
            cls.docstring.value = "\n".join([cls.docstring.value, "", "Attributes:", *lines_of(config)])

    def on_function(self, *, func: griffe.Function, **_: Any) -> None:
        """Show the defaults of the parameters of an estimator as values."""
        if func.name != "__init__" or not func.canonical_path.startswith(ESTIMATORS) or func.parent is None:
            return
        estimator = getattr(import_module(func.parent.module.canonical_path), func.parent.name)
        for name, parameter in inspect.signature(estimator).parameters.items():
            if parameter.default is not parameter.empty:
                func.parameters[name].default = repr(parameter.default)


def lines_of(config: type[Checked]) -> Iterator[str]:
    """A line per field: its name, type, help text, range and default."""
    for field in dataclasses.fields(config):  # type: ignore[arg-type]
        name, told = f"    {field.name} ({inspect.formatannotation(field.type)})", field.metadata
        if "kinds" in told:
            kinds = ", ".join(f"`{each.__name__}`" for each in told["kinds"])
            yield f"{name}: {' '.join(told['selectors'].values())} One of {kinds}; by default the first."
        elif "rule" in told:
            rule = told["rule"]
            given = {limit: getattr(rule, limit) for limit in LIMITS}
            limits = [LIMITS[limit].format(value) for limit, value in given.items() if value is not None]
            within = f" It is {' and '.join(limits)}." if limits else ""
            yield f"{name}: {rule.help}{within} Default: `{field.default!r}`."
        else:
            yield f"{name}: A group of settings, by default `{field.default}`."
