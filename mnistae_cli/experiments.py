"""Experiments: what a preset or a `--config` file says, and the stage configs that it makes."""

import dataclasses
import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from mnistae_cli.checked import suggestion
from mnistae_cli.configs import STAGE_CONFIGS
from mnistae_cli.errors import UsageError

SHARED_KEYS = ("dataset", "data_dir", "seed")

Experiment = dict[str, dict[str, Any]]
"""Per stage, the values that differ from its defaults: what a TOML file says."""


def stage_config(stage: str, values: Mapping[str, Any]) -> Any:
    """The config of a stage: its defaults, with `values` in their place.

    Raises:
        UsageError: a key that the stage does not know, or a value that it refuses.
    """
    config_class = STAGE_CONFIGS[stage]
    known = [each.name for each in dataclasses.fields(config_class)]  # type: ignore[arg-type]
    for key in values:
        if key not in known:
            raise UsageError(
                f"{stage}.{key} is no setting.{suggestion(key, known)}", f"Settings of {stage}: {', '.join(known)}."
            )
    return config_class(**values)


def read_experiment(text: str, source: str) -> Experiment:
    """Read the TOML of a preset or of `--config`.

    The keys `dataset`, `data_dir` and `seed` at the top count for each stage that knows them; a table
    `[train]`, `[encode]`, … holds what counts for one stage.

    Raises:
        UsageError: no TOML, an unknown key, a refused value. `source` is named in the message.
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise UsageError(f"{source} is not valid TOML: {problem}.", "Mend that line of the file.") from None
    shared = {key: tables.pop(key) for key in SHARED_KEYS if key in tables}
    experiment: Experiment = {}
    for stage, config_class in STAGE_CONFIGS.items():
        known = {each.name for each in dataclasses.fields(config_class)}  # type: ignore[arg-type]
        table = tables.pop(stage, {})
        if not isinstance(table, dict):
            raise UsageError(f"{source}: {stage} is {table!r}, not a table.", f"Write [{stage}] and its keys below.")
        experiment[stage] = {key: value for key, value in shared.items() if key in known} | table
        try:
            stage_config(stage, experiment[stage])
        except UsageError as problem:
            raise UsageError(f"{source}: {problem.problem}", problem.remedy) from None
    for key in tables:
        known_keys = [*SHARED_KEYS, *STAGE_CONFIGS]
        raise UsageError(
            f"{source}: {key} is no setting.{suggestion(key, known_keys)}", f"Known: {', '.join(known_keys)}."
        )
    return experiment


def preset_names() -> list[str]:
    """The experiments that come with mnistae, by name."""
    files = resources.files("mnistae_cli") / "presets"
    return sorted(Path(each.name).stem for each in files.iterdir() if each.name.endswith(".toml"))


def load_experiment(preset: str | None, config: Path | None) -> Experiment:
    """The values of a preset, those of a TOML file, or none.

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
        text = (resources.files("mnistae_cli") / "presets" / f"{preset}.toml").read_text(encoding="utf-8")
        return read_experiment(text, f"preset {preset}")
    if config is not None:
        try:
            text = config.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as problem:
            why = getattr(problem, "strerror", None) or "it is no UTF-8 text"
            raise UsageError(f"--config {config} cannot be read: {why}.", "Name a TOML file.") from None
        return read_experiment(text, str(config))
    return {stage: {} for stage in STAGE_CONFIGS}
