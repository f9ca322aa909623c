"""What a config is made of: settings that know their help text and their rule, checked when the config is made.

A field may hold another config: a group of settings that several configs share.
"""

import dataclasses
import difflib
import math
from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Any, Literal, get_args, get_origin, get_type_hints

from mnistae_cli.common import UsageError

WIDEST = 2**16  # units of a layer; more does not fit into memory
MAX_SEED = 2**32 - 1  # what scikit-learn takes
AUTO: Literal["auto"] = "auto"
WholeOrAuto = int | Literal["auto"]


def option(default: Any, help: str, **rule: Any) -> Any:
    """A dataclass field that knows its help text and its rule.

    Args:
        default: the value where none is given.
        help: one sentence, with the unit.
        rule: `minimum` (allowed itself), `above` (not allowed itself), `maximum`, `below`;
            `flag`, the option's name where it is not the field's; `no_matter`, another value gives the same
            files (where data lies: its fingerprint counts instead).
    """
    return field(default=default, metadata={"help": help, **rule})


def seed_option(help: str = "Start of every random draw.", **rule: Any) -> Any:
    """The field `seed`."""
    return option(0, help, minimum=0, maximum=MAX_SEED, **rule)


def data_dir_option() -> Any:
    """The field `data_dir`."""
    return option(None, "Folder to look for the data set's files in first.", no_matter=True)


def memory_share_option() -> Any:
    """The field `memory_share`."""
    return option(
        0.25,
        "Share of the machine's memory for images or features; what is larger stays on the disk and is read in parts.",
        above=0,
        maximum=1,
        no_matter=True,
    )


def suggestion(word: str, known: Iterable[str]) -> str:
    """`" Did you mean 'mnist'?"`, or nothing where no known word is near."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f" Did you mean '{near[0]}'?" if near else ""


def check_clusters(n_clusters: int, n: int) -> None:
    """Refuse more clusters than there are training images.

    Args:
        n_clusters: wanted.
        n: the number of the images.

    Raises:
        UsageError: there are more.
    """
    if n < 2 <= n_clusters:
        raise UsageError(f"{n_clusters} clusters need more images than {n} to learn from.", "Give more images.")
    if n_clusters > n:
        raise UsageError(
            f"--clusters is {n_clusters}, and there are {n} images to learn from.", f"Give at most {n}, or more images."
        )


class Checked:
    """Base of the configs: refuses at construction what its fields' rules do not allow.

    Raises:
        UsageError: a value of a wrong type or out of its range.
    """

    def __post_init__(self) -> None:
        hints = get_type_hints(type(self))
        for each in dataclasses.fields(self):  # type: ignore[arg-type]
            if isinstance(getattr(self, each.name), Checked):
                continue  # it has checked itself
            value = _coerced(getattr(self, each.name), hints[each.name])
            object.__setattr__(self, each.name, value)
            problem = _type_problem(value, hints[each.name]) or _range_problem(value, each.metadata)
            if problem:
                flag = flag_name(each.name, each.metadata)
                raise refusal(flag, value, problem)


def refusal(flag: str, value: Any, rule: str) -> UsageError:
    """The error for a value that an option does not take: it must be `rule`."""
    return UsageError(f"{flag} is {shown(value)}: it must be {rule}.", f"Give {flag} another value, or leave it out.")


def flag_name(name: str, rule: Mapping[str, Any]) -> str:
    """`--latent-dim` for the field `latent_dim`, or the name that its rule gives."""
    return "--" + str(rule.get("flag", name.replace("_", "-")))


def shown(value: Any) -> str:
    """A value as a message shows it."""
    if isinstance(value, tuple):
        return ",".join(map(str, value)) or "empty"
    return repr(value) if isinstance(value, str) else str(value)


def _coerced(value: Any, hint: Any) -> Any:
    """TOML knows no tuples, and people type '1' where '1.0' is meant."""
    if get_origin(hint) is tuple and isinstance(value, list):
        return tuple(value)
    if is_float(hint) and type(value) is int:
        return float(value)
    return value


def is_float(hint: Any) -> bool:
    """Whether a setting of this type holds a float, or None; a share or count keeps its whole numbers."""
    return hint in (float, float | None)


def choices(hint: Any) -> tuple[str, ...]:
    """The words that a `Literal`, or one that may be None, allows; none for another type."""
    literals = [part for part in (hint, *get_args(hint)) if get_origin(part) is Literal]
    return get_args(literals[0]) if literals else ()


def may_be_auto(hint: Any) -> bool:
    """Whether a setting is a whole number or the word `auto`."""
    return int in get_args(hint) and choices(hint) == (AUTO,)


def _type_problem(value: Any, hint: Any) -> str:
    if may_be_auto(hint):
        return "" if value == AUTO or type(value) is int else f"a whole number or {AUTO}"
    words = choices(hint)
    if words:
        return "" if value in words or (value is None and hint != Literal[words]) else "one of " + ", ".join(words)
    if hint == tuple[str, ...]:
        texts = isinstance(value, tuple) and all(type(part) is str for part in value)
        return "" if texts else "words, as 7,2,x"
    if get_origin(hint) is tuple:
        whole = isinstance(value, tuple) and all(type(part) is int for part in value)
        return "" if whole else "whole numbers, as 500,500,2000"
    allowed = get_args(hint) or (hint,)
    if type(value) not in allowed:
        names = {int: "a whole number", float: "a number", str: "text", bool: "true or false"}
        return " or ".join(names[kind] for kind in allowed if kind in names)
    if isinstance(value, float) and not math.isfinite(value):
        return "a finite number"
    return ""


def _range_problem(value: Any, rule: Mapping[str, Any]) -> str:
    if value is None or isinstance(value, str):
        return ""
    for number in value if isinstance(value, tuple) else (value,):
        if "minimum" in rule and number < rule["minimum"]:
            return f"at least {rule['minimum']}"
        if "above" in rule and number <= rule["above"]:
            return f"above {rule['above']}"
        if "maximum" in rule and number > rule["maximum"]:
            return f"at most {rule['maximum']}"
        if "below" in rule and number >= rule["below"]:
            return f"below {rule['below']}"
    return ""
