"""Configs by the names of their settings, without groups, as on the command line, in TOML files and in manifests.

Some configs choose between several kinds, each with its own settings: `train` between kinds of code, `classify` between
heads. A kind is a dataclass; words choose it (`--model sparse --sparsity topk`).
"""

import dataclasses
from abc import ABC
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, ClassVar, Literal, TypeVar, get_type_hints

from mnistae_cli.common import RefusedValue, setting
from mnistae_cli.settings.options import Checked, Rule

Config = TypeVar("Config", bound=Checked)


def choice(kinds: Sequence[type["Kind"]], **help: str) -> Any:
    """A dataclass field that holds one of several kinds, by default the first. `help`: selecting setting → its text."""
    return field(default_factory=kinds[0], metadata={"kinds": kinds, "selectors": help})


class Kind(Checked, ABC):
    """Base of what a `choice` chooses between. Each of its fields is an `option` or a group of options."""

    chosen_by: ClassVar[Mapping[str, str]]
    """The words that choose it, for example `{"model": "sparse", "sparsity": "topk"}`; the last one is its name."""
    summary: ClassVar[str]
    """What it is, in a few words, for the help text."""

    @classmethod
    def name(cls) -> str:
        """The last word that chooses it."""
        return list(cls.chosen_by.values())[-1]

    @classmethod
    def options(cls) -> str:
        """The settings that choose it, as a part of a message: `--model sparse --sparsity topk`."""
        return " ".join(setting(selector, word) for selector, word in cls.chosen_by.items())


@dataclass(frozen=True)
class Setting:
    """One setting of a config.

    Args:
        name: its key.
        hint: its type.
        default: its value if none is given.
        rule: its help text, its range, and the rest of `Rule`.
        kind: the kind that has it; None if it does not belong to a kind.
    """

    name: str
    hint: Any
    default: Any
    rule: Rule
    kind: type[Kind] | None = None

    @property
    def flag(self) -> str:
        """Its option: `--latent-dim` for `latent_dim`, unless its rule gives another name."""
        return "--" + (self.rule.flag or self.name.replace("_", "-"))


def settings_of(config_class: type[Checked]) -> tuple[Setting, ...]:
    """All settings of a config, including those of its groups and of every kind.

    A setting that several kinds have is listed once for each of them.
    """
    return _all_settings(config_class)  # type: ignore[arg-type]  # a class is hashable


@cache
def _all_settings(config_class: Any) -> tuple[Setting, ...]:
    return tuple(_settings(config_class, None, None))


def _settings(config_class: type[Checked], group: Checked | None, kind: type[Kind] | None) -> Iterator[Setting]:
    hints = get_type_hints(config_class)
    for each in dataclasses.fields(config_class):  # type: ignore[arg-type]
        if "kinds" in each.metadata:
            for selector, help in each.metadata["selectors"].items():
                words = _words(each.metadata["kinds"], selector)
                first = each.metadata["kinds"][0].chosen_by.get(selector)
                own = [one for one in each.metadata["kinds"] if list(one.chosen_by)[-1] == selector]
                described = "; ".join(f"{one.name()}: {one.summary}" for one in own)
                yield Setting(selector, Literal[words], first, Rule(help=f"{help} {described}."))
            for one in each.metadata["kinds"]:
                yield from _settings(one, None, one)
        elif isinstance(each.default, Checked):
            yield from _settings(type(each.default), getattr(group, each.name, each.default), kind)
        else:
            if "rule" not in each.metadata:
                raise TypeError(f"{config_class.__name__}.{each.name} is not an option(…) and not a group of options")
            default = getattr(group, each.name) if group else each.default
            yield Setting(each.name, hints[each.name], default, each.metadata["rule"], kind)


def make(config_class: type[Config], values: Mapping[str, Any]) -> Config:
    """A config from values by name; other settings have their defaults. A wrong or unused value is a `UsageError`."""
    return _made(config_class, values, None)


def _made(config_class: type[Config], values: Mapping[str, Any], group: Config | None) -> Config:
    filled: dict[str, Any] = {}
    for each in dataclasses.fields(config_class):  # type: ignore[arg-type]
        if "kinds" in each.metadata:
            kind = chosen(each.metadata["kinds"], values)
            _refuse_unused(each.metadata["kinds"], kind, values)
            filled[each.name] = _made(kind, values, None)
        elif isinstance(each.default, Checked):
            filled[each.name] = _made(type(each.default), values, each.default)
        elif each.name in values:
            filled[each.name] = values[each.name]
    return config_class(**filled) if group is None else dataclasses.replace(group, **filled)  # type: ignore[type-var]


def chosen(kinds: Sequence[type[Kind]], values: Mapping[str, Any]) -> type[Kind]:
    """The kind that the words in `values` choose. A missing word is that of the first kind that is still possible."""
    left = list(kinds)
    for selector in selectors_of(kinds):
        given, words = values.get(selector), _words(kinds, selector)
        if given is not None and given not in words:
            raise RefusedValue(setting(selector), given, "it must be one of " + ", ".join(words))
        word = left[0].chosen_by.get(selector) if given is None else given
        fitting = [kind for kind in left if kind.chosen_by.get(selector) == word]
        if not fitting:
            users = dict.fromkeys(
                setting(name, kind.chosen_by[name])
                for kind in kinds
                if kind.chosen_by.get(selector) == word
                for name in list(kind.chosen_by)[:-1]
            )
            raise RefusedValue(
                setting(selector),
                word,
                f"{left[0].options()} does not use it",
                f"Give {' or '.join(users)} with it, or leave it out.",
            )
        left = fitting
    return left[0]


def selectors_of(kinds: Sequence[type[Kind]]) -> list[str]:
    """The settings whose words choose a kind, for example `model` and `sparsity`."""
    return list(dict.fromkeys(selector for kind in kinds for selector in kind.chosen_by))


def _words(kinds: Sequence[type[Kind]], selector: str) -> tuple[str, ...]:
    """The words that a selector takes."""
    return tuple(dict.fromkeys(kind.chosen_by[selector] for kind in kinds if selector in kind.chosen_by))


def kinds_of(config_class: type[Checked]) -> Sequence[type[Kind]]:
    """The kinds that a config chooses between; empty if it has no choice."""
    every = (each.metadata.get("kinds", ()) for each in dataclasses.fields(config_class))  # type: ignore[arg-type]
    return [kind for kinds in every for kind in kinds]


def _refuse_unused(kinds: Sequence[type[Kind]], kind: type[Kind], values: Mapping[str, Any]) -> None:
    """Refuse a setting that the chosen kind does not use, and name the kinds that use it."""
    used = {each.name for each in settings_of(kind)}
    for other in kinds:
        for each in settings_of(other):
            if each.name in used or values.get(each.name) is None:
                continue
            users = [one for one in kinds if each.name in {its.name for its in settings_of(one)}]
            shared = " ".join(setting(name, word) for name, word in list(kind.chosen_by.items())[:-1]) + " "
            names = [one.options().removeprefix(shared) for one in users]
            raise RefusedValue(
                setting(each.name, flag=each.rule.flag),
                values[each.name],
                f"{setting(list(kind.chosen_by)[-1], kind.name())} does not use it",
                f"Give {' or '.join(names)} with it, or leave it out.",
            )


def record(config: Checked) -> dict[str, Any]:
    """The settings of a config by name; those that its kind does not use are None."""
    values: dict[str, Any] = {}
    for each in dataclasses.fields(config):  # type: ignore[arg-type]
        value = getattr(config, each.name)
        if isinstance(value, Kind):
            kinds: Sequence[type[Kind]] = each.metadata["kinds"]
            values |= {selector: value.chosen_by.get(selector) for selector in each.metadata["selectors"]}
            unused = {one.name: None for kind in kinds for one in settings_of(kind)}
            values |= {**unused, **record(value)}
        elif isinstance(value, Checked):
            values |= record(value)
        else:
            values[each.name] = value
    return values
