"""What a setting can hold: how each kind of value is read from text, checked, and shown in the help."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, get_args, get_origin

AUTO: Literal["auto"] = "auto"
WholeOrAuto = int | Literal["auto"]
ShareOrCount = float | int


@dataclass(frozen=True)
class ValueKind:
    """A kind of value.

    Args:
        expected: what a value must be, the end of a sentence.
        metavar: what stands for a value in the help.
        parse: text → value; raises ValueError for other text.
        holds: whether a value is of this kind.
        coerce: a value from TOML or Python → the value to keep, for example a list → a tuple.
        words: the allowed words, if only some are.
    """

    expected: str
    metavar: str
    parse: Callable[[str], Any]
    holds: Callable[[Any], bool]
    coerce: Callable[[Any], Any] = lambda value: value
    words: tuple[str, ...] = ()


def _is_whole(value: Any) -> bool:
    return type(value) is int


def _is_number(value: Any) -> bool:
    return type(value) is float and math.isfinite(value)


def _tuple_of(holds: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, tuple) and all(map(holds, value))


def _from_list(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _parse_share(text: str) -> ShareOrCount:
    return int(text) if text.strip().isdigit() else float(text)


FLAG = ValueKind("true or false", "", lambda text: {"true": True, "false": False}[text], lambda v: type(v) is bool)


def _is_text(value: Any) -> bool:
    return type(value) is str


def _names_something(value: Any) -> bool:
    return _is_text(value) and value != "" and "\0" not in value


# Every setting of text names a file, a folder or a data set. Python takes an empty path for the working directory.
TEXT = ValueKind("a name or a path: not empty, without a zero byte", "TEXT", str, _names_something)
WHOLE = ValueKind("a whole number", "INTEGER", int, _is_whole)
NUMBER = ValueKind(
    "a finite number", "NUMBER", float, _is_number, lambda value: float(value) if _is_whole(value) else value
)
WHOLE_OR_AUTO = ValueKind(
    f"a whole number or {AUTO}",
    f"INTEGER|{AUTO}",
    lambda text: text if text == AUTO else int(text),
    lambda value: value == AUTO or _is_whole(value),
)
SHARE_OR_COUNT = ValueKind(
    "a share (0.1) or a count (6000)", "SHARE|COUNT", _parse_share, lambda v: _is_whole(v) or _is_number(v)
)
WHOLE_NUMBERS = ValueKind(
    "whole numbers, for example 500,500,2000",
    "N,N,…",
    lambda text: tuple(int(part) for part in text.split(",")) if text.strip() else (),
    _tuple_of(_is_whole),
    _from_list,
)
NAMES = ValueKind(
    "words, for example 7,2,x",
    "NAME,NAME,…",
    lambda text: tuple(part.strip() for part in text.split(",")),
    _tuple_of(_is_text),
    _from_list,
)
KINDS: dict[Any, ValueKind] = {
    bool: FLAG,
    str: TEXT,
    int: WHOLE,
    float: NUMBER,
    WholeOrAuto: WHOLE_OR_AUTO,
    ShareOrCount: SHARE_OR_COUNT,
    tuple[int, ...]: WHOLE_NUMBERS,
    tuple[str, ...]: NAMES,
}
"""Type of a field → the kind of its values."""


@cache
def value_kind(hint: Any) -> ValueKind:
    """The kind of value of a field of this type, which may also allow None; `TypeError` for an unknown type."""
    parts = [part for part in get_args(hint) if part is not type(None)]
    if type(None) in get_args(hint):
        hint = parts[0] if len(parts) == 1 else next(each for each in KINDS if set(get_args(each)) == set(parts))
    if get_origin(hint) is Literal:
        words = get_args(hint)
        expected = "one of " + ", ".join(words)
        return ValueKind(expected, f"[{'|'.join(words)}]", str, lambda value: value in words, words=words)
    if hint not in KINDS:
        raise TypeError(f"a setting cannot be of type {hint}: add it to KINDS")
    return KINDS[hint]


def may_be_none(hint: Any) -> bool:
    """Whether a field of this type may be left without a value."""
    return type(None) in get_args(hint)


def as_typed(value: Any) -> str:
    """A value as one would type it; nothing for None."""
    if isinstance(value, tuple):
        return ",".join(map(str, value)) or "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
