"""Plans, which say what a stage is going to do, and stored stages, which are the results."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mnistae_cli.fields import Checked
from mnistae_cli.flat import record, settings_of
from mnistae_cli.store.manifests import Manifest, seal


@dataclass(frozen=True)
class Stored:
    """A stage's folder, its manifest, and the sha256 of the manifest's file."""

    folder: Path
    manifest: Manifest
    sha256: str


@dataclass(frozen=True)
class Plan:
    """What a stage is going to do. Two equal plans give the same files.

    Args:
        stage: its name, which is also the name of its folder.
        config: the stage's whole config.
        inputs: role → the earlier stage's folder.
        dataset: a record, with `sha256`, of the data that the stage reads itself: images, or the drawn labels.
    """

    stage: str
    config: Checked
    inputs: Mapping[str, Stored] = field(default_factory=dict)
    dataset: Mapping[str, Any] | None = None

    @property
    def recorded_config(self) -> dict[str, Any]:
        """The settings as they are read back from JSON: tuples become lists."""
        recorded: dict[str, Any] = json.loads(json.dumps(record(self.config)))
        return recorded

    def seal(self, folder: Path, metrics: dict[str, Any], wall_seconds: float) -> Manifest:
        """Write the manifest of what is in `folder`."""
        return seal(
            folder,
            stage=self.stage,
            config=self.recorded_config,
            inputs={role: stored.sha256 for role, stored in self.inputs.items()},
            dataset=self.dataset,
            metrics=metrics,
            wall_seconds=wall_seconds,
        )

    def is_that_of(self, manifest: Manifest) -> bool:
        """Whether `manifest` was made by an equal plan.

        The place of the data does not count, and neither do settings that this plan does not use.
        """
        ignored = {each.name for each in settings_of(type(self.config)) if each.rule.get("no_matter")}
        mine = {key: value for key, value in self.recorded_config.items() if value is not None and key not in ignored}
        theirs = {key: manifest.config.get(key) for key in mine}
        inputs = {role: stored.sha256 for role, stored in self.inputs.items()}
        fingerprints = [(data or {}).get("sha256") for data in (self.dataset, manifest.dataset)]
        return mine == theirs and inputs == manifest.inputs and fingerprints[0] == fingerprints[1]
