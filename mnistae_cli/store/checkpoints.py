"""A checkpoint: an interrupted stage continues from it. It is complete, or as it was before.

It is a folder like that of a stage, with a manifest that is written last. The metrics of the manifest are the notes.
"""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mnistae_cli.common import Notice, Report, silent
from mnistae_cli.store.directory import checkpoint_of, replaced
from mnistae_cli.store.manifests import MANIFEST, Manifest, damage, parse, versions
from mnistae_cli.store.plans import Plan

Write = Callable[[Path], None]
"""Writes one file."""


class Checkpoint:
    """The checkpoint of a stage with this plan. Use it inside `hold`.

    A checkpoint that is damaged, or of another plan or other versions, is reported and not used. The first `save`
    replaces it.
    """

    def __init__(self, root: Path, plan: Plan, report: Report = silent) -> None:
        self._folder = checkpoint_of(root, plan.stage)
        self._plan = plan
        self._report = report
        manifest = self._usable()
        self._files = set(manifest.files) if manifest else set()
        self.notes: dict[str, Any] = manifest.metrics if manifest else {}

    def find(self, name: str) -> Path | None:
        """A file of the checkpoint, or None."""
        return self._folder / name if name in self._files else None

    def save(self, files: Mapping[str, Write], notes: Mapping[str, Any]) -> None:
        """Write some files and keep all others; `notes` are added to the earlier ones.

        If it cannot be written, this is reported, and the checkpoint stays as it was.
        """
        notes = {**self.notes, **notes}
        try:
            with replaced(self._folder) as folder:
                for name in self._files - set(files):
                    shutil.copy2(self._folder / name, folder / name)
                for name, write in files.items():
                    write(folder / name)
                self._plan.seal(folder, notes, 0.0)
        except OSError as problem:
            self._report(
                Notice(f"the checkpoint of {self._plan.stage} cannot be written: {problem.strerror or problem}")
            )
            return
        self._files |= set(files)
        self.notes = notes

    def clear(self) -> None:
        """Delete it."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._files, self.notes = set(), {}

    def _usable(self) -> Manifest | None:
        if not self._folder.exists():
            return None
        stage = self._plan.stage
        try:
            manifest = parse((self._folder / MANIFEST).read_bytes(), stage)
            problem = damage(self._folder, manifest)
        except (OSError, ValueError) as error:
            manifest, problem = None, f"{self._folder / MANIFEST} cannot be read: {error}"
        if manifest is None or problem:
            self._report(Notice(f"the checkpoint of {stage} is damaged, so {stage} starts over: {problem}"))
            return None
        if not self._plan.is_that_of(manifest):
            self._report(Notice(f"an interrupted {stage} had other settings or images, so this one starts over"))
            return None
        if manifest.versions != versions():
            self._report(Notice(f"an interrupted {stage} had other versions of its libraries, so this one starts over"))
            return None
        return manifest


def interrupted(root: Path, stage: str) -> tuple[str, str]:
    """Where a stage was interrupted, for example "epoch 11 of 26", and its command; both empty if it was not."""
    try:
        manifest = parse((checkpoint_of(root, stage) / MANIFEST).read_bytes(), stage)
    except (OSError, ValueError):
        return "", ""
    return manifest.metrics.get("place", "its first epoch"), manifest.command
