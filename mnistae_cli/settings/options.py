"""What a config consists of: settings with a help text and a rule. They are checked when the config is made.

A field may hold another config: a group of settings that several configs share.
"""

import dataclasses
import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, get_type_hints

from mnistae_cli.common import RefusedValue, setting
from mnistae_cli.settings.values import TEXT, may_be_none, value_kind

WIDEST = 2**16  # units of a layer; more do not fit into memory
MAX_SEED = 2**32 - 1  # what scikit-learn takes


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What is known about a setting, besides its type and its default.

    Args:
        help: one sentence, with the unit.
        minimum: a value must be at least this.
        above: a value must be larger than this.
        maximum: a value must be at most this.
        below: a value must be smaller than this.
        flag: the option's name without `--`, if it is not the field's.
        affects_result: False if another value gives the same files. (Data is compared by its hash, not by its place.)
        formerly: the setting's name in earlier versions, which is still accepted.
    """

    help: str
    minimum: float | None = None
    above: float | None = None
    maximum: float | None = None
    below: float | None = None
    flag: str = ""
    affects_result: bool = True
    formerly: str = ""

    def problem(self, value: Any) -> str:
        """What a value, or a value of a tuple, must be but is not; empty if it is in the range."""
        for number in value if isinstance(value, tuple) else (value,):
            if isinstance(number, str) or number is None:
                continue
            if self.minimum is not None and number < self.minimum:
                return f"at least {self.minimum}"
            if self.above is not None and number <= self.above:
                return f"above {self.above}"
            if self.maximum is not None and number > self.maximum:
                return f"at most {self.maximum}"
            if self.below is not None and number >= self.below:
                return f"below {self.below}"
        return ""


def option(default: Any, help: str, **rule: Any) -> Any:
    """A dataclass field with a default, a help text of one sentence, with the unit, and the rest of `Rule`."""
    return field(default=default, metadata={"rule": Rule(help=help, **rule)})


def seed_option(help: str = "Seed of every random draw.", **rule: Any) -> Any:
    """The field `seed`."""
    return option(0, help, minimum=0, maximum=MAX_SEED, **rule)


def data_dir_option() -> Any:
    """The field `data_dir`."""
    return option(None, "Folder in which the data set's files are looked for first.", affects_result=False)


def memory_share_option() -> Any:
    """The field `memory_share`."""
    return option(
        0.25,
        "Share of the memory that images or features may fill; larger ones stay on the disk and are read in parts.",
        above=0,
        maximum=1,
        affects_result=False,
    )


def suggestion(word: str, known: Iterable[str]) -> str:
    """`" Did you mean 'mnist'?"`, or nothing if no known word is similar."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f" Did you mean '{near[0]}'?" if near else ""


def check_path(name: str, value: object) -> None:
    """Raise `RefusedValue` if a path that is no setting, the parameter `name`, is empty: see `TEXT`."""
    if not TEXT.holds(str(value)):
        raise RefusedValue(setting(name), str(value), f"it must be {TEXT.expected}")


class Checked:
    """Base of the configs. It checks its values by the rules of its fields, and raises `RefusedValue`."""

    def __post_init__(self) -> None:
        hints = get_type_hints(type(self))
        for each in dataclasses.fields(self):  # type: ignore[arg-type]
            value, hint = getattr(self, each.name), hints[each.name]
            if isinstance(value, Checked) or (value is None and may_be_none(hint)):
                continue  # a group has checked itself
            kind = value_kind(hint)
            value = kind.coerce(value)
            object.__setattr__(self, each.name, value)
            expected = each.metadata["rule"].problem(value) if kind.holds(value) else kind.expected
            if expected:
                raise RefusedValue(self.named(each.name), value, f"it must be {expected}")

    @classmethod
    def named(cls, name: str, word: object = None) -> str:
        """One of its settings as a part of a message: see `setting`."""
        rule: Rule = {each.name: each for each in dataclasses.fields(cls)}[name].metadata["rule"]  # type: ignore[arg-type]
        return setting(name, word, flag=rule.flag)
