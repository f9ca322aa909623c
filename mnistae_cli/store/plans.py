"""Plans say what a stage is going to do. Stored stages are the results."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mnistae_cli.settings import Checked, record, settings_of
from mnistae_cli.store.files import entry_of
from mnistae_cli.store.manifests import (
    Manifest,
    command_line,
    peak_memory_bytes,
    time_now,
    versions,
    write_manifest,
)


@dataclass(frozen=True)
class Stored:
    """A stage's folder and its manifest.

    Args:
        folder: the stage's folder.
        manifest: its manifest.
        read: what a later stage reads of it, and the sha256 of that: `Manifest.fingerprints`.
    """

    folder: Path
    manifest: Manifest
    read: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """What a stage is going to do. Two equal plans give the same files.

    Args:
        stage: its name, which is also the name of its folder.
        config: the stage's whole config.
        inputs: role → the earlier stage's folder, opened with the names of what is read of it; at least one name.
        dataset: a record, with `sha256`, of the data that the stage reads itself: images, or the drawn labels.
    """

    stage: str
    config: Checked
    inputs: Mapping[str, Stored] = field(default_factory=dict)
    dataset: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        for role, stored in self.inputs.items():
            if not stored.read:
                raise ValueError(f"{self.stage} reads nothing of its input {role}")

    @property
    def recorded_inputs(self) -> dict[str, dict[str, str]]:
        """Role → what is read of it, and its sha256."""
        return {role: dict(stored.read) for role, stored in self.inputs.items()}

    @property
    def recorded_config(self) -> dict[str, Any]:
        """The settings as they are read back from JSON: tuples become lists."""
        recorded: dict[str, Any] = json.loads(json.dumps(record(self.config)))
        return recorded

    def seal(self, folder: Path, metrics: dict[str, Any], wall_seconds: float) -> Manifest:
        """Write the manifest of what is in `folder`."""
        now = time_now()
        manifest = Manifest(
            stage=self.stage,
            config=self.recorded_config,
            inputs=self.recorded_inputs,
            dataset=dict(self.dataset) if self.dataset else None,
            files={each.name: entry_of(each) for each in sorted(folder.iterdir())},
            metrics=metrics,
            versions=versions(),
            seed=self.recorded_config["seed"],
            command=command_line(),
            finished=now,
            checked=now,
            wall_seconds=round(wall_seconds, 3),
            peak_memory_bytes=peak_memory_bytes(),
        )
        return write_manifest(folder, manifest)

    def is_that_of(self, manifest: Manifest) -> bool:
        """Whether `manifest` was made by an equal plan.

        The place of the data does not count, and neither do settings that this plan does not use.
        """
        rules = {each.name: each.rule for each in settings_of(type(self.config))}
        recorded = {key: value for key, value in self.recorded_config.items() if value is not None}
        mine = {key: value for key, value in recorded.items() if key not in rules or rules[key].affects_result}
        former = {key: rules[key].formerly for key in mine if key in rules}
        theirs = {key: manifest.config.get(key, manifest.config.get(former.get(key, ""))) for key in mine}
        fingerprints = [(data or {}).get("sha256") for data in (self.dataset, manifest.dataset)]
        return mine == theirs and self.recorded_inputs == manifest.inputs and fingerprints[0] == fingerprints[1]
