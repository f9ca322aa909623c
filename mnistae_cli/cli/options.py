"""The options of every command, made from the settings of the stages."""

import dataclasses
import inspect
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import typer
from typer.models import ArgumentInfo, OptionInfo

from mnistae_cli.settings import SHARED_KEYS, STAGE_CONFIGS, Setting, as_typed, settings_of, value_kind
from mnistae_cli.store import DEFAULT_ROOT

PANELS = {
    "train": "Autoencoder",
    "encode": "Encoding",
    "classify": "Classifier",
    "cluster": "Clusters",
    "evaluate": "Evaluation",
    "finetune": "Fine-tuning",
    "label": "Names",
    "review": "Review",
    "report": "Report",
}
SHARED = dict.fromkeys(SHARED_KEYS, "Data") | {"seed": None}  # setting → panel; None: that of the common options
# Setting → the stages that share one option in `run`, the owner first. With KMeans, the heads of the encoder and the
# clusters must have the same number.
SHARERS = {"n_clusters": ("cluster", "train")}
SHARED_BY = "kmeans"
PREFIX = "MNISTAE_"  # of every environment variable
PREFIXES = {"classify": "head"}

Verify = Annotated[
    bool,
    typer.Option("--verify", help="Read every byte, also of the data set, and not only of changed files."),
]
Seeds = Annotated[str, typer.Option(help="Seeds to run, for example 0-4 or 0,3,7.", metavar="SEEDS")]
Jobs = Annotated[
    int, typer.Option(help="Seeds to run at once, each in a process; TensorFlow uses all cores by itself.", min=1)
]
Scheduler = Annotated[
    str | None,
    typer.Option(
        help="Use Dask workers: local, or the address of a scheduler, for example tcp://host:8786.",
        metavar="ADDRESS|local",
        rich_help_panel="Several machines",
    ),
]
FailUnder = Annotated[
    list[str] | None,
    typer.Option(
        help="Exit 5 if a figure is lower, for example clusters.test.purity=0.5; repeatable.",
        metavar="FIGURE=NUMBER",
        rich_help_panel="Evaluation",
    ),
]


def as_path(text: str | Path) -> Path:
    """A path as it was typed. Python takes an empty one for the working directory, which nobody meant."""
    if not str(text):
        raise typer.BadParameter("it is empty. Give a path, or leave the option out.")
    return Path(text)


def refuse_empty_paths(parameter: inspect.Parameter) -> inspect.Parameter:
    """A parameter of a command; if it holds paths, each is read by `as_path`."""
    hint, *notes = get_args(parameter.annotation) if get_origin(parameter.annotation) is Annotated else (None,)
    for each in notes:
        if (Path is hint or Path in get_args(hint)) and isinstance(each, OptionInfo | ArgumentInfo):
            each.parser, each.metavar = as_path, each.metavar or "PATH"
    return parameter


def _everywhere(default: Any, help: str, *short: str) -> Any:
    return dataclasses.field(default=default, metadata={"help": help, "short": short})


@dataclasses.dataclass(frozen=True)
class Common:
    """The options with the same meaning in every command. Each has a variable, for example `MNISTAE_JSON`."""

    artifacts: Path = _everywhere(DEFAULT_ROOT, "Directory of models and features.", "-a")
    json: bool = _everywhere(False, "Print one JSON object instead of a table.")
    quiet: bool = _everywhere(False, "Do not show progress on stderr.", "-q")
    verbose: bool = _everywhere(False, "Show TensorFlow's messages, and tracebacks of bugs.", "-v")
    force: bool = _everywhere(False, "Run even if up to date.", "-f")
    preset: str | None = _everywhere(
        None, "Settings that come with mnistae: original, sparse, topk or invariant; options override them."
    )
    config: Path | None = _everywhere(None, "Settings from a TOML file, for example the config.toml that run writes.")
    from_environment: frozenset[str] = frozenset()
    """The parameters that environment variables gave."""


COMMON_NAMES = tuple(each.name for each in dataclasses.fields(Common) if each.metadata)


def common_parameters(names: Iterable[str]) -> list[inspect.Parameter]:
    """Parameters for some of the fields of `Common`."""
    fields, hints = {each.name: each for each in dataclasses.fields(Common)}, get_type_hints(Common)
    parameters = []
    for name in names:
        known = fields[name].metadata
        option = typer.Option(f"--{name}", *known["short"], help=known["help"], envvar=PREFIX + name.upper())
        parameters.append(_parameter(name, Annotated[hints[name], option], fields[name].default))
    return parameters


def settings_by_name(stage: str) -> dict[str, list[Setting]]:
    """The settings of a stage by name. A name has several settings if several kinds have it."""
    found: dict[str, list[Setting]] = {}
    for each in settings_of(STAGE_CONFIGS[stage]):
        found.setdefault(each.name, []).append(each)
    return found


def flags_of(stages: Collection[str]) -> dict[tuple[str, str], str]:
    """(stage, setting) → its option in a command with these stages. A setting that stages share has one option.

    If two stages have a setting of the same name, only the first stage's option has the plain name; the other one has a
    prefix, for example train's `--epochs` and classify's `--head-epochs`.
    """
    flags, taken = dict[tuple[str, str], str](), set[str]()
    for stage in stages:
        for name, same in settings_by_name(stage).items():
            flags[stage, name] = same[0].flag
            if name in SHARED or owner_of(stage, name, stages) != stage:
                continue
            if same[0].flag in taken:
                flags[stage, name] = f"--{PREFIXES[stage]}-{same[0].flag[2:]}"
            taken.add(flags[stage, name])
    return flags


def owner_of(stage: str, name: str, stages: Collection[str]) -> str:
    """The stage that owns the option of a setting in a command with these stages."""
    return next((other for other in SHARERS.get(name, ()) if other in stages), stage)


def stage_parameters(stages: Collection[str], without: Collection[str] = ()) -> list[inspect.Parameter]:
    """Parameters for the settings of some stages, named `stage__setting`. A shared setting has one parameter.

    Settings in `without` have none. A renamed setting also has a hidden option with its old name.
    """
    flags, parameters, shared = flags_of(stages), list[inspect.Parameter](), set[str]()
    for stage in stages:
        for name, same in settings_by_name(stage).items():
            if name in without or name in shared or owner_of(stage, name, stages) != stage:
                continue
            shared |= {name} & SHARED.keys()
            sharers = [other for other in SHARERS.get(name, ()) if other in stages] or [stage]
            parameters.append(
                _option(stage, same, flags[stage, name], [variable_of(each, same[0]) for each in sharers])
            )
            former = same[0].rule.formerly
            if former:
                hidden = typer.Option("--" + former.replace("_", "-"), hidden=True)
                parameters.append(_parameter(f"{stage}__{former}", Annotated[str | None, hidden], None))
    return parameters


def variable_of(stage: str, setting: Setting) -> str:
    """Its environment variable: `MNISTAE_TRAIN_EPOCHS`, or `MNISTAE_SEED` for a shared setting."""
    words = setting.name if setting.name in SHARED else f"{stage}_{setting.flag[2:]}"
    return PREFIX + words.replace("-", "_").upper()


def _option(stage: str, same: Sequence[Setting], flag: str, variables: list[str]) -> inspect.Parameter:
    first, kind = same[0], value_kind(same[0].hint)
    n_kinds = len({each.kind for each in settings_of(STAGE_CONFIGS[stage]) if each.kind})
    is_flag, shared = first.hint is bool, first.name in SHARED
    # Long names have their own panel, because Rich cuts them in a panel that has other columns.
    suffix = "" if flag == first.flag else " training"
    option = typer.Option(
        f"{flag}/--no-{flag[2:]}" if is_flag else flag,
        help=_by_kind([(_kind_name(each), each.rule.help) for each in same], n_kinds, " ") + _default(same),
        envvar=variables,
        show_envvar=shared,
        show_default=False,
        metavar=None if is_flag else kind.metavar,
        autocompletion=_completion(kind.words),
        rich_help_panel=SHARED[first.name] if shared else PANELS[stage] + suffix,
    )
    # Values come as text; the setting's kind of value parses them, and its rule checks them.
    return _parameter(f"{stage}__{first.name}", Annotated[bool | None if is_flag else str | None, option], None)


def _by_kind(texts: Sequence[tuple[str, str]], n_kinds: int, between: str) -> str:
    """Join pairs of a kind's name, or nothing, and a text. A text of all `n_kinds` kinds has no name in front."""
    names: dict[str, list[str]] = {}
    for name, text in texts:
        names.setdefault(text, []).append(name)
    everybody = len(texts) == n_kinds
    parts: list[str] = []
    for text, kinds in names.items():
        said_of_all = kinds == [""] or len(kinds) == n_kinds or (everybody and not parts)  # others follow, by name
        parts.append(text if said_of_all else f"{', '.join(kinds)}: {text}")
    return between.join(part for part in parts if part)


def _default(same: Sequence[Setting]) -> str:
    """The default, written as Typer does. If kinds differ: that of the first kind, then the others with their names."""
    defaults = _by_kind([(_kind_name(each), as_typed(each.default)) for each in same], len(same), "; ")
    return f" [dim]\\[default: {defaults}][/dim]" if defaults else ""


def _kind_name(setting: Setting) -> str:
    return setting.kind.name() if setting.kind else ""


def _completion(words: Sequence[str]) -> Any:
    return (lambda incomplete: [word for word in words if word.startswith(incomplete)]) if words else None


def _parameter(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
