"""Experiments: what a preset or a `--config` file says, and the stage configs that it makes."""

import re
import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from mnistae_cli.common import UsageError
from mnistae_cli.settings.kinds import chosen, kinds_of, selectors_of, settings_of
from mnistae_cli.settings.options import choices, suggestion
from mnistae_cli.settings.stages import STAGE_CONFIGS, setting_names, stage_config

SHARED_KEYS = ("dataset", "data_dir", "skip_damaged", "trust_sizes", "kept", "memory_share", "seed")
PATHS = ("dataset", "data_dir", "indices", "labels_from", "kept")  # settings that name a file or a folder

Experiment = dict[str, dict[str, Any]]
"""Per stage, the values that differ from its defaults: what a TOML file says."""


def read_experiment(text: str, source: str) -> Experiment:
    """Read the TOML of a preset or of `--config`.

    The keys of `SHARED_KEYS` at the top count for each stage that knows them; a table
    `[train]`, `[encode]`, … holds what counts for one stage.

    Args:
        text: TOML.
        source: its name in messages.

    Raises:
        UsageError: no TOML, an unknown key, a refused value.
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise UsageError(f"{source} is not valid TOML: {problem}.", "Mend that line of the file.") from None
    shared = {key: tables.pop(key) for key in SHARED_KEYS if key in tables}
    experiment: Experiment = {}
    for stage in STAGE_CONFIGS:
        known = setting_names(stage)
        table = tables.pop(stage, {})
        if not isinstance(table, dict):
            raise UsageError(f"{source}: {stage} is {table!r}, not a table.", f"Write [{stage}] and its keys below.")
        experiment[stage] = {key: value for key, value in shared.items() if key in known} | table
        try:
            stage_config(stage, experiment[stage])
        except UsageError as problem:
            raise UsageError(f"{source}: {_by_keys(stage, problem.problem)}", _by_keys(stage, problem.remedy)) from None
    for key in tables:
        known_keys = [*SHARED_KEYS, *STAGE_CONFIGS]
        raise UsageError(
            f"{source}: {key} is no setting.{suggestion(key, known_keys)}", f"Known: {', '.join(known_keys)}."
        )
    return experiment


def _by_keys(stage: str, text: str) -> str:
    """A message about options as one about a file's keys: `train.model = "dense"` for `--model dense`."""
    for each in settings_of(STAGE_CONFIGS[stage]):
        key = f"{stage}.{each.name}"
        for word in choices(each.hint):
            text = re.sub(rf"{each.flag} {word}\b", f'{key} = "{word}"', text)
        text = re.sub(rf"{each.flag}(?![a-z0-9-])", key, text)
    return text.replace(f'" {stage}.', f'", {stage}.')


def without_other_kinds(stage: str, values: Mapping[str, Any], over: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """What counts of a preset's or a file's values where `over` may choose another kind of code or of head.

    The settings of a kind count for that kind alone: where another is chosen, they are all left out.

    Returns:
        The values that count, and the options of the kind whose settings were left out (empty: none were).

    Raises:
        UsageError: a word that chooses no kind.
    """
    kinds = kinds_of(STAGE_CONFIGS[stage])
    if not kinds:
        return dict(values), ""
    words = selectors_of(kinds)
    before = chosen(kinds, {word: values[word] for word in words if word in values})
    wanted = dict(before.chosen_by)
    for number, word in enumerate(words):
        if word in over and over[word] != wanted.get(word):
            wanted = {each: wanted[each] for each in words[:number] if each in wanted} | {word: over[word]}
    after = chosen(kinds, wanted)
    if after is before:
        return dict(values), ""
    owned = {each.name for kind in kinds for each in settings_of(kind)}
    kept = {name: value for name, value in values.items() if name not in {*owned, *words}}
    left_out = before.options() if owned & values.keys() else ""
    return {**kept, **after.chosen_by}, left_out


def preset_names() -> list[str]:
    """The experiments that come with mnistae, by name."""
    files = resources.files("mnistae_cli.settings") / "presets"
    return sorted(Path(each.name).stem for each in files.iterdir() if each.name.endswith(".toml"))


def load_experiment(preset: str | None, config: Path | None) -> Experiment:
    """The values of a preset, those of a TOML file, or none.

    Args:
        preset: one of `preset_names()`.
        config: a TOML file.

    Raises:
        UsageError: both are given, or the named one cannot be read.
    """
    if preset is not None and config is not None:
        raise UsageError("--preset and --config are both given.", "Give one; copy the preset's values into the file.")
    if preset is not None:
        if preset not in preset_names():
            raise UsageError(
                f"--preset {preset}: there is no such preset.{suggestion(preset, preset_names())}",
                f"Presets: {', '.join(preset_names())}.",
            )
        text = (resources.files("mnistae_cli.settings") / "presets" / f"{preset}.toml").read_text(encoding="utf-8")
        return read_experiment(text, f"preset {preset}")
    if config is not None:
        try:
            text = config.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as problem:
            why = getattr(problem, "strerror", None) or "it is no UTF-8 text"
            raise UsageError(f"--config {config} cannot be read: {why}.", "Name a TOML file.") from None
        return read_experiment(text, str(config))
    return {stage: {} for stage in STAGE_CONFIGS}
