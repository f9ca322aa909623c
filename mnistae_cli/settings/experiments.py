"""Experiments: what a preset or a `--config` file says, and the stage configs that it makes."""

import codecs
import json
import tomllib
from collections.abc import Mapping
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any

from mnistae_cli.common import Mention, Notice, Report, UsageError, setting, silent
from mnistae_cli.settings.kinds import chosen, kinds_of, selectors_of, settings_of
from mnistae_cli.settings.options import suggestion
from mnistae_cli.settings.stages import STAGE_CONFIGS, setting_names, stage_config

SHARED_KEYS = (
    *("dataset", "data_dir", "frame", "side", "polarity", "keys", "transpose"),
    *("skip_damaged", "trust_sizes", "kept", "memory_share", "seed"),
)
PATHS = ("dataset", "data_dir", "indices", "labels_from", "kept")  # settings that name a file or a folder
OTHER_ENCODINGS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)  # that of UTF-32 LE begins like one

Experiment = dict[str, dict[str, Any]]
"""Per stage, the values that differ from its defaults: what a TOML file says."""


def read_experiment(text: str, source: str, report: Report = silent) -> Experiment:
    """Read the TOML of a preset or of `--config`.

    A key of `SHARED_KEYS` at the top of the file applies to each stage that has this setting. A table `[train]`,
    `[encode]`, … holds the settings of one stage.

    Args:
        text: TOML.
        source: its name in messages.
        report: listener; it gets a notice for each key with an old name.

    Raises:
        UsageError: the text is not TOML, or has an unknown key or a wrong value.
    """
    try:
        tables = tomllib.loads(text)
    except (ValueError, RecursionError) as problem:  # also of numbers with thousands of digits, of deep nesting
        raise UsageError(f"{source} is not valid TOML: {problem}.", "Correct that line of the file.") from None
    shared = {key: tables.pop(key) for key in SHARED_KEYS if key in tables}
    experiment: Experiment = {}
    for stage in STAGE_CONFIGS:
        known = setting_names(stage)
        table = tables.pop(stage, {})
        if not isinstance(table, dict):
            raise UsageError(f"{source}: {stage} is {table!r}, not a table.", f"Write [{stage}] and its keys below.")
        experiment[stage] = {key: value for key, value in shared.items() if key in known} | table
        experiment[stage] = with_present_names(stage, experiment[stage], report)
        try:
            stage_config(stage, experiment[stage])
        except UsageError as error:
            what, remedy = error.worded(partial(_as_key, stage), between=", ")
            raise UsageError(f"{source}: {what}", remedy) from None
    for key in tables:
        known_keys = [*SHARED_KEYS, *STAGE_CONFIGS]
        raise UsageError(
            f"{source}: there is no setting {key}.{suggestion(key, known_keys)}", f"Known: {', '.join(known_keys)}."
        )
    return experiment


def _as_key(stage: str, mention: Mention) -> str:
    """A setting of a stage as in a TOML file: `train.model`, or `train.model = "dense"`."""
    key = f"{stage}.{mention.name}"
    return key if mention.word is None else f"{key} = {json.dumps(mention.word)}"


def with_present_names(stage: str, values: Mapping[str, Any], report: Report = silent) -> dict[str, Any]:
    """The values of a stage's settings, with names of earlier versions replaced by the present ones."""
    present = {each.rule.formerly: each.name for each in settings_of(STAGE_CONFIGS[stage]) if each.rule.formerly}
    for old in present.keys() & values.keys():
        report(Notice(f"{setting(old)} of {stage} is called {setting(present[old])} now"))
    return {present.get(name, name): value for name, value in values.items()}


def without_other_kinds(
    stage: str, values: Mapping[str, Any], overrides: Mapping[str, Any]
) -> tuple[dict[str, Any], str]:
    """The values of a preset or a file that still apply if `overrides` choose another kind of code or head.

    The settings of a kind apply only to that kind. If another one is chosen, they are all left out.

    Returns:
        The values that apply, and the options of the kind whose settings were left out (empty if none were).

    Raises:
        UsageError: a word that does not choose any kind.
    """
    kinds = kinds_of(STAGE_CONFIGS[stage])
    if not kinds:
        return dict(values), ""
    words = selectors_of(kinds)
    before = chosen(kinds, {word: values[word] for word in words if word in values})
    wanted = dict(before.chosen_by)
    for number, word in enumerate(words):
        if word in overrides and overrides[word] != wanted.get(word):
            wanted = {each: wanted[each] for each in words[:number] if each in wanted} | {word: overrides[word]}
    after = chosen(kinds, wanted)
    if after is before:
        return dict(values), ""
    owned = {each.name for kind in kinds for each in settings_of(kind)}
    kept = {name: value for name, value in values.items() if name not in {*owned, *words}}
    left_out = before.options() if owned & values.keys() else ""
    return {**kept, **after.chosen_by}, left_out


def preset_names() -> list[str]:
    """The names of the experiments that come with mnistae."""
    files = resources.files("mnistae_cli.settings") / "presets"
    return sorted(Path(each.name).stem for each in files.iterdir() if each.name.endswith(".toml"))


def load_experiment(preset: str | None, config: Path | None, report: Report = silent) -> Experiment:
    """The values of a preset, those of a TOML file, or none.

    Args:
        preset: one of `preset_names()`.
        config: a TOML file.
        report: listener; it gets a notice for each key with an old name.

    Raises:
        UsageError: both are given, or the given one cannot be read.
    """
    if preset is not None and config is not None:
        both = f"{setting('preset')} and {setting('config')}"
        raise UsageError(f"{both} are both given.", "Give one; copy the preset's values into the file.")
    if preset is not None:
        if preset not in preset_names():
            raise UsageError(
                f"{setting('preset', preset)}: this preset does not exist.{suggestion(preset, preset_names())}",
                f"Presets: {', '.join(preset_names())}.",
            )
        text = (resources.files("mnistae_cli.settings") / "presets" / f"{preset}.toml").read_text(encoding="utf-8")
        return read_experiment(text, f"preset {preset}")
    if config is not None:
        experiment = read_experiment(_read_text(config), str(config), report)
        if not any(experiment.values()):
            report(Notice(f"{setting('config', config)} has no settings: all have their defaults"))
        return experiment
    return {stage: {} for stage in STAGE_CONFIGS}


def _read_text(config: Path) -> str:
    """The text of a TOML file. The mark with which editors on Windows begin a UTF-8 file is left out."""
    named, remedy = setting("config", config), "Name a TOML file."
    try:
        content = config.read_bytes()
    except (OSError, ValueError) as problem:
        raise UsageError(f"{named} cannot be read: {getattr(problem, 'strerror', problem)}.", remedy) from None
    if content.startswith(OTHER_ENCODINGS):
        raise UsageError(f"{named} is text in UTF-16 or UTF-32, but TOML is UTF-8.", "Save it as UTF-8.")
    if b"\0" in content:
        raise UsageError(f"{named} is not a text file: it has zero bytes.", f"{remedy} If it is one, save it as UTF-8.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = content[: problem.start].count(b"\n") + 1
        byte = f"byte {content[problem.start]:#04x} in line {line}"
        raise UsageError(f"{named} is not UTF-8 text: {byte}.", f"{remedy} If it is one, save it as UTF-8.") from None
