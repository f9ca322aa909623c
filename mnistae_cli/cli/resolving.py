"""From what was given on the command line, in the environment and in a file to the configs of the stages."""

import difflib
import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, get_args, get_origin

import typer

from mnistae_cli.cli.options import (
    COMMON_TYPES,
    PREFIX,
    SHARE_OR_COUNT,
    SHARED,
    SHARED_BY,
    SHARERS,
    Common,
    settings_by_name,
    variable_of,
)
from mnistae_cli.common import MnistaeError, Notice, Report, UsageError, silent
from mnistae_cli.settings import (
    AUTO,
    STAGE_CONFIGS,
    WHICH,
    Experiment,
    chosen,
    is_float,
    kinds_of,
    load_experiment,
    may_be_auto,
    settings_of,
    stage_config,
    without_other_kinds,
)

GIVEN_BY = ("COMMANDLINE", "ENVIRONMENT", "PROMPT")


def resolve(
    stages: Collection[str], common: Common, given: Mapping[str, Any], report: Report = silent
) -> dict[str, Any]:
    """The configs of some stages: defaults, then preset or file, then what was given.

    Args:
        stages: of the command.
        common: names the preset or the file.
        given: `stage__setting` → value, only what the command line or the environment said.
        report: hears what of a preset or a file is left out.

    Raises:
        UsageError: an unknown preset, a file that cannot be read, a refused value.
    """
    experiment = load_experiment(common.preset, common.config)
    shared = SHARERS if _method(experiment, given) == SHARED_BY else {}
    configs = {}
    for stage in stages:
        try:
            over = _given_to(stage, given, shared)
            values, left_out = without_other_kinds(stage, experiment[stage], over)
            if left_out:
                source = f"preset {common.preset}" if common.preset else str(common.config)
                report(Notice(f"the settings for {left_out} in {source} are left out: another is chosen"))
            if WHICH & over.keys():
                values = {name: value for name, value in values.items() if name not in WHICH}
            if len(stages) > 1:
                values, over = _from_owners(stage, experiment, values, over, shared)
            configs[stage] = stage_config(stage, values | over)
        except UsageError as problem:  # two stages may have an option of this name
            raise UsageError(
                f"{stage}: {problem.problem}", problem.remedy + _set_outside(stage, problem.problem)
            ) from None
    return configs


def _method(experiment: Experiment, given: Mapping[str, Any]) -> str:
    """The word that chooses how `cluster` groups the images."""
    words = {"method": given.get("cluster__method") or experiment["cluster"].get("method")}
    return chosen(kinds_of(STAGE_CONFIGS["cluster"]), words).name()


def _given_to(stage: str, given: Mapping[str, Any], shared: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """What was given that a stage knows, each value in the type of its setting."""
    settings, over = settings_by_name(stage), {}
    for key, value in given.items():
        owner, _, name = key.partition("__")
        if name in settings and (owner == stage or name in SHARED or name in shared):
            over[name] = _parsed(settings[name][0].flag, value, settings[name][0].hint)
    return over


def _from_owners(
    stage: str,
    experiment: Experiment,
    values: dict[str, Any],
    over: dict[str, Any],
    shared: Mapping[str, Sequence[str]],
) -> tuple[dict[str, Any], dict[str, Any]]:
    """A stage's values with those that it shares with their owner, where its kind of code uses them."""
    for name, (owner, *_) in shared.items():
        if owner == stage:
            continue
        if name in _used(stage, values | over):
            values = {name: experiment[owner][name]} | values if name in experiment[owner] else values
        else:
            over = {each: value for each, value in over.items() if each != name}
    return values, over


def _used(stage: str, values: Mapping[str, Any]) -> set[str]:
    """The names of the settings that a stage uses, with the kinds that `values` choose."""
    kinds = kinds_of(STAGE_CONFIGS[stage])
    kind = chosen(kinds, values) if kinds else None
    return {each.name for each in settings_of(STAGE_CONFIGS[stage]) if each.kind is kind or each.kind is None}


def _set_outside(stage: str, problem: str) -> str:
    """A wrong value may come from a variable that nobody remembers."""
    named = [each for each in settings_of(STAGE_CONFIGS[stage]) if f"{each.flag} " in problem]
    return set_in_environment(
        variable_of(sharer, each) for each in named for sharer in SHARERS.get(each.name, (stage,))
    )


def set_in_environment(variables: Iterable[str]) -> str:
    """A sentence that names those of the variables that are set; empty where none is."""
    found = sorted({name for name in variables if name in os.environ})
    return f" Set in the environment: {', '.join(found)}." if found else ""


def with_variable(error: MnistaeError) -> MnistaeError:
    """An error about an option of every stage or command, with the variable that gave the value, if one did."""
    named = [name for name in (*COMMON_TYPES, *SHARED) if f"--{name.replace('_', '-')} " in error.problem]
    outside = set_in_environment(f"{PREFIX}{name.upper()}" for name in named)
    return error if outside in error.remedy else type(error)(error.problem, error.remedy + outside)


def _parsed(flag: str, value: Any, hint: Any) -> Any:
    """What Typer gave as text, in the setting's own type."""
    try:
        if hint == tuple[str, ...]:
            return tuple(part.strip() for part in value.split(","))
        if get_origin(hint) is tuple:
            return tuple(int(part) for part in value.split(",")) if value.strip() else ()
        if hint == SHARE_OR_COUNT:
            return int(value) if value.strip().isdigit() else float(value)
        if may_be_auto(hint) and value == AUTO:
            return value
        if {int, float} & {hint, *get_args(hint)}:
            return float(value) if is_float(hint) else int(value)
    except ValueError:
        raise UsageError(f"{flag} is {value}: it must be {_expected(hint)}.", f"Give {flag} another value.") from None
    return value


def _expected(hint: Any) -> str:
    if hint == SHARE_OR_COUNT:
        return "a share (0.1) or a count (6000)"
    if get_origin(hint) is tuple:
        return "whole numbers, as 500,500,2000"
    return "a number" if is_float(hint) else f"a whole number or {AUTO}" if may_be_auto(hint) else "a whole number"


def given_values(context: typer.Context) -> dict[str, Any]:
    """The parameters that the command line or the environment gave, by name."""
    return {
        name: value
        for name, value in context.params.items()
        if getattr(context.get_parameter_source(name), "name", "") in GIVEN_BY
    }


def misspelt_variables(environment: Iterable[str]) -> list[str]:
    """One line for each variable whose name is near one of ours, with that name. Other variables get no line."""
    known = [f"{PREFIX}{name.upper()}" for name in COMMON_TYPES]
    for stage, config_class in STAGE_CONFIGS.items():
        known += [variable_of(stage, each) for each in settings_of(config_class)]
    words, lines = [each.removeprefix(PREFIX) for each in known], list[str]()
    for name in environment:
        if name.startswith(PREFIX) and name not in known:
            word = name.removeprefix(PREFIX)
            meant = [each for each in words if each.endswith(f"_{word}")]
            near = (meant or difflib.get_close_matches(word, words))[:1]
            lines += [f"{name} is no setting and is ignored. Did you mean '{PREFIX}{each}'?" for each in near]
    return lines
