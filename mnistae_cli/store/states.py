"""`mnistae status`: the state of each stage."""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path

from mnistae_cli.common import DamagedInput, MissingInput, UsageError, setting
from mnistae_cli.store.checkpoints import interrupted
from mnistae_cli.store.directory import STAGES, command_for
from mnistae_cli.store.manifests import damage
from mnistae_cli.store.plans import Stored
from mnistae_cli.store.reading import read_manifest, stale_reason
from mnistae_cli.store.records import DataRecord
from mnistae_cli.store.seen import changed

LABELS_TABLE = "labels.csv"  # a file of `label`; a person may correct names in it

Compare = Callable[[DataRecord], str]
"""The record of a data set → a message if its bytes have changed since, else nothing."""


def stage_states(
    root: Path, *, thorough: bool = False, compare_data: Compare | None = None
) -> dict[str, dict[str, str]]:
    """The `state` of each stage (missing, interrupted, up to date, stale, damaged, edited) and a `reason`.

    A stage is interrupted if it was never finished, but has a checkpoint to continue from. A stage is edited if a
    person has corrected its table. Data sets are compared by the names, sizes and times of their files. If a data set
    is gone, the reason says so, but the stage is not stale: its features can still be used.

    Args:
        root: the artifacts directory.
        thorough: read every byte, not only the files that were changed since their manifest was written.
        compare_data: if given, compares data sets instead of names, sizes and times.
    """
    if root.exists() and not root.is_dir():
        raise UsageError(f"{setting('artifacts', root)} is a file.", "Name the directory of the stages.")
    states = {}
    look = cache(lambda location, files: changed(location, json.loads(files)))  # two stages read the same data set
    data = {stage: _data_state(root, stage, look, compare_data) for stage in STAGES}
    stale_data = {stage: stale for stage, (stale, _) in data.items()}
    for stage in STAGES:
        try:
            stored = read_manifest(root, stage)
            first, stale = stale_reason(root, stage, stale_data)
            damaged = damage(stored.folder, stored.manifest, thorough=thorough)
            via = f"{first} is stale, " if first and first != stage else ""
            gone = [role for role in stored.manifest.inputs if not (root / role).exists()]
            edited = damaged and _only_the_table_differs(stored, thorough=thorough)
            state = "edited" if edited else "damaged" if damaged else "stale" if stale else "up to date"
            finished = f"finished {stored.manifest.finished}" + (f"; {', '.join(gone)} is gone" if gone else "")
            finished += f"; {data[stage][1]}" if data[stage][1] else ""
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


def _data_state(
    root: Path, stage: str, look: Callable[[Path, str], tuple[bool, str]], compare: Compare | None
) -> tuple[str, str]:
    """Why the data set of a stage makes it stale; and a note if the data set is gone."""
    with suppress(MissingInput, DamagedInput):
        manifest = read_manifest(root, stage).manifest
        if (manifest.dataset or {}).get("files"):
            record = manifest.data
            differs, gone = look(Path(record.location), json.dumps(record.files))
            if compare and not gone:
                return compare(record), ""
            why = f"names, sizes or times of {record.location} have changed (status --verify compares the bytes)"
            return (why if differs else ""), gone
    return "", ""


def _only_the_table_differs(stored: Stored, *, thorough: bool) -> bool:
    """Whether a damaged stage still has its table, and all other files are as the manifest says."""
    files = stored.manifest.files
    if LABELS_TABLE not in files or not (stored.folder / LABELS_TABLE).is_file():
        return False
    others = {name: entry for name, entry in files.items() if name != LABELS_TABLE}
    return not damage(stored.folder, replace(stored.manifest, files=others), thorough=thorough)
