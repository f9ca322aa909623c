"""`mnistae status`: the state of each stage."""

from dataclasses import replace
from pathlib import Path

from mnistae_cli.errors import DamagedInput, MissingInput, UsageError
from mnistae_cli.store.checkpoints import interrupted
from mnistae_cli.store.directory import STAGES, command_for
from mnistae_cli.store.manifests import damage
from mnistae_cli.store.plans import Stored
from mnistae_cli.store.reading import read_manifest, stale_reason

LABELS_TABLE = "labels.csv"  # of `label`; a person may correct names in it


def stage_states(root: Path, *, thorough: bool = False) -> dict[str, dict[str, str]]:
    """Per stage its `state` (missing, interrupted, up to date, stale, damaged, edited) and a `reason`.

    A stage is interrupted if it was never finished, but has a checkpoint to go on from. A stage is edited if a person
    has corrected its table.

    Args:
        root: the artifacts directory.
        thorough: read every byte, not only the files that were changed since their manifest was written.
    """
    if root.exists() and not root.is_dir():
        raise UsageError(f"--artifacts {root} is a file.", "Name the directory of the stages.")
    states = {}
    for stage in STAGES:
        try:
            stored = read_manifest(root, stage)
            first, stale = stale_reason(root, stage)
            damaged = damage(stored.folder, stored.manifest, thorough=thorough)
            via = f"{first} is stale, " if first and first != stage else ""
            gone = [role for role in stored.manifest.inputs if not (root / role).exists()]
            edited = damaged and _only_the_table_differs(stored, thorough=thorough)
            state = "edited" if edited else "damaged" if damaged else "stale" if stale else "up to date"
            finished = f"finished {stored.manifest.finished}" + (f"; {', '.join(gone)} is gone" if gone else "")
            reason = f"{LABELS_TABLE} was corrected; {finished}" if edited else damaged or via + stale or finished
        except MissingInput:
            state, reason = "missing", f"run: {command_for(root, stage)}"
        except DamagedInput as problem:
            state, reason = "damaged", problem.problem
        place, command = interrupted(root, stage)
        if place and state == "missing":
            state, reason = "interrupted", f"at {place}; run again: {command}"
        elif place:
            reason += f"; another one was interrupted at {place}"
        states[stage] = {"state": state, "reason": reason}
    return states


def _only_the_table_differs(stored: Stored, *, thorough: bool) -> bool:
    """Whether a damaged stage has its table, and all its other files are as the manifest says."""
    files = stored.manifest.files
    if LABELS_TABLE not in files or not (stored.folder / LABELS_TABLE).is_file():
        return False
    others = {name: entry for name, entry in files.items() if name != LABELS_TABLE}
    return not damage(stored.folder, replace(stored.manifest, files=others), thorough=thorough)
