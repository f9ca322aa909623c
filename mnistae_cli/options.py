"""The options of every command, made from the fields of the configs, which hold their defaults."""

import dataclasses
import inspect
import os
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import typer

from mnistae_cli.checked import flag_of, is_float, suggestion
from mnistae_cli.codes import code_settings, still_meant
from mnistae_cli.configs import STAGE_CONFIGS, WHICH
from mnistae_cli.directory import DEFAULT_ROOT
from mnistae_cli.errors import UsageError
from mnistae_cli.experiments import SHARED_KEYS, Experiment, load_experiment, stage_config

PANELS = {
    "train": "Autoencoder",
    "encode": "Encoding",
    "classify": "Classifier",
    "cluster": "Clusters",
    "evaluate": "Evaluation",
    "finetune": "Fine-tuning",
    "label": "Names",
}
SHARED = dict.fromkeys(SHARED_KEYS, "Data") | {"seed": None}  # setting → panel; None is that of all commands
SHARERS = {"n_clusters": ("cluster", "train")}  # setting → the stages that one option of `run` serves, its owner first
PREFIXES = {"classify": "head"}
SHARE_OR_COUNT = float | int | None
GIVEN_BY = ("COMMANDLINE", "ENVIRONMENT", "PROMPT")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of a table.", envvar="MNISTAE_JSON")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.", envvar="MNISTAE_QUIET")]
Verbose = Annotated[
    bool,
    typer.Option("--verbose", "-v", help="TensorFlow's messages, and tracebacks of bugs.", envvar="MNISTAE_VERBOSE"),
]
Artifacts = Annotated[
    Path, typer.Option("--artifacts", "-a", help="Directory of models and features.", envvar="MNISTAE_ARTIFACTS")
]
Force = Annotated[bool, typer.Option("--force", "-f", help="Run even if up to date.", envvar="MNISTAE_FORCE")]
Preset = Annotated[
    str | None,
    typer.Option(
        "--preset",
        help="A published experiment: original, sparse, topk or invariant; options override it.",
        envvar="MNISTAE_PRESET",
    ),
]
ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", help="Settings from a TOML file, as run leaves in config.toml.", envvar="MNISTAE_CONFIG"),
]

Verify = Annotated[
    bool, typer.Option("--verify", help="Read every byte, not only files that changed since they were written.")
]
Seeds = Annotated[str, typer.Option(help="Seeds to run, as 0-4 or 0,3,7.", metavar="SEEDS")]
Jobs = Annotated[int, typer.Option(help="Seeds at a time, each a process; TensorFlow uses all cores by itself.", min=1)]
FailUnder = Annotated[
    list[str] | None,
    typer.Option(
        help="Exit 5 if a figure is lower, as clusters.test.purity=0.5; repeatable.",
        metavar="FIGURE=NUMBER",
        rich_help_panel="Evaluation",
    ),
]


@dataclasses.dataclass(frozen=True)
class Common:
    """The options that mean the same everywhere."""

    artifacts: Path = DEFAULT_ROOT
    json: bool = False
    quiet: bool = False
    verbose: bool = False
    force: bool = False
    preset: str | None = None
    config: Path | None = None


COMMON_TYPES = {
    "artifacts": Artifacts,
    "json": Json,
    "quiet": Quiet,
    "verbose": Verbose,
    "force": Force,
    "preset": Preset,
    "config": ConfigFile,
}


def common_parameters(names: Iterable[str]) -> list[inspect.Parameter]:
    """Parameters for some of the fields of `Common`."""
    defaults = {each.name: each.default for each in dataclasses.fields(Common)}
    return [_parameter(name, COMMON_TYPES[name], defaults[name]) for name in names]


def stage_parameters(stages: Collection[str], without: Collection[str] = ()) -> list[inspect.Parameter]:
    """Parameters for the settings of some stages, named `stage__setting`; the shared ones are there once.

    The first stage that has a setting gives its option the plain name; in a later one it has a prefix, as
    `--head-epochs` beside train's `--epochs`. Settings `without` an option are left out.
    """
    parameters, taken = [], set[str]()
    for stage in stages:
        config_class = STAGE_CONFIGS[stage]
        hints = get_type_hints(config_class)
        for each in dataclasses.fields(config_class):  # type: ignore[arg-type]
            flag = flag_of(each)
            sharers = [other for other in SHARERS.get(each.name, ()) if other in stages] or [stage]
            if each.name in without or (each.name in SHARED and flag in taken) or stage != sharers[0]:
                continue
            if flag in taken:
                flag = f"--{PREFIXES[stage]}-{flag[2:]}"
            taken.add(flag)
            variables = [variable_of(other, each) for other in sharers]
            parameters.append(_setting(stage, each, flag, hints[each.name], variables))
    return parameters


def _setting(
    stage: str, setting: dataclasses.Field[Any], flag: str, hint: Any, variables: list[str]
) -> inspect.Parameter:
    kind, default, metavar = _typer_type(hint, setting.default)
    is_flag = kind is bool
    shared = setting.name in SHARED
    # Long names in a panel of their own: Rich cuts them where a panel has columns to spare for others.
    apart = "" if flag == flag_of(setting) else " training"
    option = typer.Option(
        f"{flag}/--no-{flag[2:]}" if is_flag else flag,
        help=setting.metadata["help"],
        envvar=variables,
        show_envvar=shared,
        metavar=metavar,
        rich_help_panel=SHARED[setting.name] if shared else PANELS[stage] + apart,
    )
    return _parameter(f"{stage}__{setting.name}", Annotated[kind, option], default)


def variable_of(stage: str, setting: dataclasses.Field[Any]) -> str:
    """`MNISTAE_TRAIN_EPOCHS`; `MNISTAE_SEED` for what all stages share."""
    words = setting.name if setting.name in SHARED else f"{stage}_{flag_of(setting)[2:]}"
    return "MNISTAE_" + words.replace("-", "_").upper()


def unknown_variables(environment: Iterable[str]) -> list[str]:
    """What is set as if it were a setting of ours, and is none: a line each, with what may be meant."""
    known = {f"MNISTAE_{name.upper()}" for name in COMMON_TYPES}
    for stage, config_class in STAGE_CONFIGS.items():
        known |= {variable_of(stage, each) for each in dataclasses.fields(config_class)}  # type: ignore[arg-type]
    unknown = [name for name in environment if name.startswith("MNISTAE_") and name not in known]
    return [f"{name} is no setting and is ignored.{suggestion(name, known)}" for name in unknown]


def _typer_type(hint: Any, default: Any) -> tuple[Any, Any, str | None]:
    """What Typer is told of a field: type, default, metavar. Numbers come as text, for an error that shows it."""
    if get_origin(hint) is tuple:
        metavar = "NAME,NAME,…" if hint == tuple[str, ...] else "N,N,…"
        return str | None, None if default is None else ",".join(map(str, default)), metavar
    if hint == SHARE_OR_COUNT:
        return str | None, default, "SHARE|COUNT"
    if {int, float} & {hint, *get_args(hint)}:
        return str | None, None if default is None else str(default), "NUMBER" if is_float(hint) else "INTEGER"
    return hint, default, None


def _parameter(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def resolve(stages: Collection[str], common: Common, given: Mapping[str, Any]) -> dict[str, Any]:
    """The configs of some stages: defaults, then preset or file, then what was given.

    Args:
        given: `stage__setting` → value, only what the command line or the environment said.

    Raises:
        UsageError: an unknown preset, a file that cannot be read, a refused value.
    """
    experiment: Experiment = load_experiment(common.preset, common.config)
    configs = {}
    for stage in stages:
        known = {each.name: each for each in dataclasses.fields(STAGE_CONFIGS[stage])}  # type: ignore[arg-type]
        hints = get_type_hints(STAGE_CONFIGS[stage])
        values, over = dict(experiment[stage]), {}
        try:
            for key, value in given.items():
                owner, _, name = key.partition("__")
                if name in known and (owner == stage or name in SHARED or name in SHARERS):
                    over[name] = _parsed(flag_of(known[name]), value, hints[name])
            if stage == "train" and {"model", "sparsity"} & over.keys():
                values = still_meant(values, over)
            if WHICH & over.keys():
                values = {name: value for name, value in values.items() if name not in WHICH}
            if len(stages) > 1:
                values, over = _from_owners(stage, experiment, values, over)
            configs[stage] = stage_config(stage, values | over)
        except UsageError as problem:  # two stages may have an option of this name
            raise UsageError(
                f"{stage}: {problem.problem}", problem.remedy + _set_outside(stage, problem.problem)
            ) from None
    return configs


def _from_owners(
    stage: str, experiment: Experiment, values: dict[str, Any], over: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """A stage's values with those that it shares with their owner, where its code uses them."""
    for name, (owner, *_) in SHARERS.items():
        if owner != stage and name in code_settings(values | over):
            values = {name: experiment[owner][name]} | values if name in experiment[owner] else values
        elif owner != stage:
            over = {each: value for each, value in over.items() if each != name}
    return values, over


def _set_outside(stage: str, problem: str) -> str:
    """A wrong value may come from a variable that nobody remembers."""
    named = [each for each in dataclasses.fields(STAGE_CONFIGS[stage]) if flag_of(each) in problem]  # type: ignore[arg-type]
    variables = {variable_of(sharer, each) for each in named for sharer in SHARERS.get(each.name, (stage,))}
    found = [name for name in sorted(variables) if name in os.environ]
    return f" Set in the environment: {', '.join(found)}." if found else ""


def _parsed(flag: str, value: Any, hint: Any) -> Any:
    """What Typer gave as text, in the field's own type."""
    try:
        if hint == tuple[str, ...]:
            return tuple(part.strip() for part in value.split(","))
        if get_origin(hint) is tuple:
            return tuple(int(part) for part in value.split(",")) if value.strip() else ()
        if hint == SHARE_OR_COUNT:
            return int(value) if value.strip().isdigit() else float(value)
        if {int, float} & {hint, *get_args(hint)}:
            return float(value) if is_float(hint) else int(value)
    except ValueError:
        kinds = {float: "a number", float | None: "a number", SHARE_OR_COUNT: "a share (0.1) or a count (6000)"}
        whole = "whole numbers, as 500,500,2000" if get_origin(hint) is tuple else "a whole number"
        expected = kinds.get(hint, whole)
        raise UsageError(f"{flag} is {value}: it must be {expected}.", f"Give {flag} another value.") from None
    return value


def given_values(context: typer.Context) -> dict[str, Any]:
    """The parameters that the command line or the environment gave, by name."""
    return {
        name: value
        for name, value in context.params.items()
        if getattr(context.get_parameter_source(name), "name", "") in GIVEN_BY
    }
