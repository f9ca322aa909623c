"""What a config is made of: settings that know their help text and their rule, checked when the config is made.

A field may hold another config: a group of settings that several configs share.
"""

import dataclasses
import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, get_type_hints

from mnistae_cli.common import RefusedValue, setting
from mnistae_cli.settings.values import may_be_none, value_kind

WIDEST = 2**16  # units of a layer; more does not fit into memory
MAX_SEED = 2**32 - 1  # what scikit-learn takes


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What is known of a setting beside its type and its default.

    Args:
        help: one sentence, with the unit.
        minimum: the least value.
        above: below the least value.
        maximum: the largest value.
        below: above the largest value.
        flag: the option's name without `--`, where it is not the field's.
        affects_result: False: another value gives the same files. Where data lies does not count; its fingerprint does.
        formerly: the setting's name in earlier versions, which is still taken.
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
        """What a value, or each of a tuple, must be and is not; empty if it is in the range."""
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
    """A dataclass field that knows its help text and its rule.

    Args:
        default: the value where none is given.
        help: one sentence, with the unit.
        rule: the rest of `Rule`.
    """
    return field(default=default, metadata={"rule": Rule(help=help, **rule)})


def seed_option(help: str = "Start of every random draw.", **rule: Any) -> Any:
    """The field `seed`."""
    return option(0, help, minimum=0, maximum=MAX_SEED, **rule)


def data_dir_option() -> Any:
    """The field `data_dir`."""
    return option(None, "Folder to look for the data set's files in first.", affects_result=False)


def memory_share_option() -> Any:
    """The field `memory_share`."""
    return option(
        0.25,
        "Share of the machine's memory for images or features; what is larger stays on the disk and is read in parts.",
        above=0,
        maximum=1,
        affects_result=False,
    )


def suggestion(word: str, known: Iterable[str]) -> str:
    """`" Did you mean 'mnist'?"`, or nothing where no known word is near."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f" Did you mean '{near[0]}'?" if near else ""


class Checked:
    """Base of the configs: refuses at construction what its fields' rules do not allow.

    Raises:
        RefusedValue: a value of a wrong type or out of its range.
    """

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
        """A setting of its own as a part of a message: see `setting`."""
        rule: Rule = {each.name: each for each in dataclasses.fields(cls)}[name].metadata["rule"]  # type: ignore[arg-type]
        return setting(name, word, flag=rule.flag)
