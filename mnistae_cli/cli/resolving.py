"""Make the configs of the stages from the command line, the environment, and a preset or a file."""

import difflib
import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import typer

from mnistae_cli.cli.options import (
    COMMON_NAMES,
    PREFIX,
    SHARED,
    SHARED_BY,
    SHARERS,
    Common,
    flags_of,
    settings_by_name,
    variable_of,
)
from mnistae_cli.common import Mention, MnistaeError, Notice, Report, UsageError, on_command_line, silent
from mnistae_cli.settings import (
    STAGE_CONFIGS,
    WHICH,
    Experiment,
    chosen,
    kinds_of,
    load_experiment,
    make,
    settings_of,
    value_kind,
    with_present_names,
    without_other_kinds,
)

GIVEN_BY = ("COMMANDLINE", "ENVIRONMENT", "PROMPT")


def resolve(
    stages: Collection[str], common: Common, given: Mapping[str, Any], report: Report = silent
) -> dict[str, Any]:
    """The configs of some stages: defaults, overridden by preset or file, overridden by what was given.

    `given`: `stage__setting` → value, as given on the command line or in the environment. `report` gets notices about
    settings that are left out or have an old name.
    """
    experiment = load_experiment(common.preset, common.config, report)
    shared = SHARERS if _method(experiment, given) == SHARED_BY else {}
    flags, configs = flags_of(stages), {}
    for stage in stages:
        try:
            overrides = _given_to(stage, given, shared, report)
            values, left_out = without_other_kinds(stage, experiment[stage], overrides)
            if left_out:
                source = f"preset {common.preset}" if common.preset else str(common.config)
                report(Notice(f"the settings for {left_out} in {source} are left out: another kind is chosen"))
            if WHICH & overrides.keys():
                values = {name: value for name, value in values.items() if name not in WHICH}
            if len(stages) > 1:
                values, overrides = _from_owners(stage, experiment, values, overrides, shared)
            configs[stage] = make(STAGE_CONFIGS[stage], values | overrides)
        except UsageError as error:
            problem, remedy = error.worded(partial(_as_given, common, flags, stage))
            raise UsageError(f"{stage}: {problem}", remedy) from None
    return configs


def _method(experiment: Experiment, given: Mapping[str, Any]) -> str:
    """The method of `cluster`, for example `kmeans`."""
    words = {"method": given.get("cluster__method") or experiment["cluster"].get("method")}
    return chosen(kinds_of(STAGE_CONFIGS["cluster"]), words).name()


def _given_to(
    stage: str, given: Mapping[str, Any], shared: Mapping[str, Sequence[str]], report: Report
) -> dict[str, Any]:
    """What was given for a stage, parsed."""
    settings, overrides = settings_by_name(stage), dict[str, Any]()
    own = {key.removeprefix(f"{stage}__"): value for key, value in given.items() if key.startswith(f"{stage}__")}
    for key, value in given.items():
        name = key.partition("__")[2]
        if name in SHARED or name in shared:
            own.setdefault(name, value)
    for name, value in with_present_names(stage, own, report).items():
        if name in settings:
            overrides[name] = _read(value, settings[name][0].hint)
    return overrides


def _read(value: Any, hint: Any) -> Any:
    """Parse text as a value of this type. Text that cannot be parsed stays: the setting's rule then refuses it."""
    if not isinstance(value, str):
        return value
    try:
        return value_kind(hint).parse(value)
    except ValueError:
        return value


def _from_owners(
    stage: str,
    experiment: Experiment,
    values: dict[str, Any],
    overrides: dict[str, Any],
    shared: Mapping[str, Sequence[str]],
) -> tuple[dict[str, Any], dict[str, Any]]:
    """A stage's values, with those that it shares with another stage, their owner, if its kind of code uses them."""
    for name, (owner, *_) in shared.items():
        if owner == stage:
            continue
        if name in _used(stage, values | overrides):
            values = {name: experiment[owner][name]} | values if name in experiment[owner] else values
        else:
            overrides = {each: value for each, value in overrides.items() if each != name}
    return values, overrides


def _used(stage: str, values: Mapping[str, Any]) -> set[str]:
    """The names of the settings that a stage uses, with the kinds that `values` choose."""
    kinds = kinds_of(STAGE_CONFIGS[stage])
    kind = chosen(kinds, values) if kinds else None
    return {each.name for each in settings_of(STAGE_CONFIGS[stage]) if each.kind is kind or each.kind is None}


def as_given(error: MnistaeError, common: Common) -> MnistaeError:
    """The same error, with its settings written as this command was given them."""
    kind = UsageError if isinstance(error, UsageError) else type(error)
    return kind(*error.worded(partial(_as_given, common, {}, "")))


def _as_given(common: Common, flags: Mapping[tuple[str, str], str], stage: str, mention: Mention) -> str:
    """A setting of a stage as the environment variable that gave it, for example `MNISTAE_SEED`, or as its option."""
    for parameter in common.from_environment:
        owner, _, name = parameter.rpartition("__")
        if name == mention.name and (owner in (stage, "") or name in SHARED or name in SHARERS):
            settings = settings_by_name(owner)[name] if owner else ()
            names = [variable_of(each, settings[0]) for each in SHARERS.get(name, (owner,)) if settings]
            variable = next(filter(os.environ.get, names), PREFIX + name.upper())
            return variable if mention.word is None else f"{variable}={mention.word}"
    flag = flags.get((stage, mention.name), f"--{mention.flag}").removeprefix("--")
    return on_command_line(Mention(mention.name, flag, mention.word))


def given_values(context: typer.Context, sources: Collection[str] = GIVEN_BY) -> dict[str, Any]:
    """The parameters that the command line or the environment gave, by name."""
    return {
        name: value
        for name, value in context.params.items()
        if getattr(context.get_parameter_source(name), "name", "") in sources
    }


def misspelled_variables(environment: Iterable[str]) -> list[str]:
    """One line for each variable whose name resembles one of ours. Other variables get no line."""
    known = [f"{PREFIX}{name.upper()}" for name in COMMON_NAMES]
    for stage, config_class in STAGE_CONFIGS.items():
        known += [variable_of(stage, each) for each in settings_of(config_class)]
    words, lines = [each.removeprefix(PREFIX) for each in known], list[str]()
    for name in environment:
        if name.startswith(PREFIX) and name not in known:
            word = name.removeprefix(PREFIX)
            meant = [each for each in words if each.endswith(f"_{word}")]
            near = (meant or difflib.get_close_matches(word, words))[:1]
            lines += [f"{name} is not a setting, and is ignored. Did you mean '{PREFIX}{each}'?" for each in near]
    return lines
