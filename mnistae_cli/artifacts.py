"""The artifacts directory: one folder per stage, whole or not there. Nothing else writes in it.

A stage holds the directory's lock, works in a hidden sibling folder, writes `manifest.json` there last and
then swaps the folder in by renaming. Whatever kills it leaves the earlier result in its place.
"""

import hashlib
import json
import shlex
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from mnistae_cli.checked import Checked
from mnistae_cli.configs import STAGE_CONFIGS
from mnistae_cli.directory import DEFAULT_ROOT, STAGES, command_for, hold, swap_in
from mnistae_cli.errors import DamagedInput, MissingInput, UsageError
from mnistae_cli.files import sha256_of, unfinished
from mnistae_cli.manifests import MANIFEST, Manifest, damage, parse, seal
from mnistae_cli.progress import Notice, Report, StageEnded, silent


@dataclass(frozen=True)
class Stored:
    """A stage's folder whose files were found to be what its manifest says."""

    folder: Path
    manifest: Manifest
    sha256: str


@dataclass(frozen=True)
class Plan:
    """What a stage is about to do. Two equal plans give the same files.

    Args:
        config: the stage's whole config.
        inputs: role → the earlier stage's folder.
        dataset: fingerprints, and more, of what the stage reads of the data itself: images, or which labels were drawn.
    """

    config: Checked
    inputs: Mapping[str, Stored] = field(default_factory=dict)
    dataset: Mapping[str, Any] | None = None

    @property
    def stage(self) -> str:
        """The stage whose config this is."""
        return next(stage for stage, kind in STAGE_CONFIGS.items() if type(self.config) is kind)

    @property
    def recorded_config(self) -> dict[str, Any]:
        """The config as JSON gives it back: lists for tuples."""
        recorded: dict[str, Any] = json.loads(json.dumps(asdict(self.config)))  # type: ignore[call-overload]
        return recorded

    def is_that_of(self, manifest: Manifest) -> bool:
        """Whether `manifest` was made by an equal plan. Where the data was found does not count."""
        no_matter = {each.name for each in fields(self.config) if each.metadata.get("no_matter")}  # type: ignore[arg-type]
        mine, theirs = (
            {key: value for key, value in config.items() if key not in no_matter}
            for config in (self.recorded_config, manifest.config)
        )
        inputs = {role: stored.sha256 for role, stored in self.inputs.items()}
        fingerprints = [(data or {}).get("sha256") for data in (self.dataset, manifest.dataset)]
        return mine == theirs and inputs == manifest.inputs and fingerprints[0] == fingerprints[1]


class Work:
    """The folder a stage fills, and the figures that go into its manifest."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.metrics: dict[str, Any] = {}
        self.manifest: Manifest


@contextmanager
def begin_stage(root: Path, plan: Plan) -> Iterator[Work]:
    """Give a stage an empty folder to fill; swap it in when the block ends without an error.

    Call it under `hold`. `Work.manifest` is there after the block.
    """
    started = time.perf_counter()
    partial = root / f".{plan.stage}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    unfinished.add(partial)
    work = Work(partial)
    try:
        yield work
        work.manifest = seal(
            partial,
            stage=plan.stage,
            config=plan.recorded_config,
            inputs={role: stored.sha256 for role, stored in plan.inputs.items()},
            dataset=plan.dataset,
            metrics=work.metrics,
            wall_seconds=time.perf_counter() - started,
        )
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    finally:
        unfinished.discard(partial)
    swap_in(root, plan.stage)


def make_stage(
    root: Path, plan: Plan, fill: Callable[[Work], None], report: Report = silent, *, force: bool = False
) -> Manifest:
    """Have `fill` fill the stage's folder, unless what is there already comes of an equal plan.

    Raises:
        UsageError: the folder's name is taken by something that mnistae did not write.
    """
    started = time.perf_counter()
    _refuse_what_is_not_ours(root, plan.stage)
    manifest = None if force else up_to_date(root, plan, report)
    fresh = manifest is None
    if manifest is None:
        with begin_stage(root, plan) as work:
            fill(work)
        manifest = work.manifest
    report(StageEnded(root / plan.stage, not fresh, time.perf_counter() - started))
    return manifest


def _refuse_what_is_not_ours(root: Path, stage: str) -> None:
    """A stage's folder is replaced as a whole: nothing of the user's may be in it."""
    folder = root / stage
    if not folder.exists() and not folder.is_symlink():
        return
    strange = [] if folder.is_dir() and not folder.is_symlink() and (folder / MANIFEST).exists() else [folder]
    with suppress(DamagedInput, MissingInput):
        ours = {*_read_manifest(root, stage).manifest.files, MANIFEST}
        strange += [each for each in folder.iterdir() if each.name not in ours and not each.name.startswith(".")]
    if strange:
        raise UsageError(
            f"{strange[0]} is not of mnistae, and {stage} would replace it.", "Move it away, or name other --artifacts."
        )


def open_stage(root: Path, stage: str) -> Stored:
    """Open a stage's folder for reading, every byte checked.

    Raises:
        MissingInput: the stage was not run, or is older than what it was made from.
        DamagedInput: a file is missing or not what the manifest says.
    """
    stored = _read_manifest(root, stage)
    first, reason = stale_reason(root, stage)
    if first:
        via = "" if first == stage else f"{first} is stale, "
        raise MissingInput(f"{root / stage} is stale: {via}{reason}.", f"Run again: {_command_again(root, first)}")
    problem = damage(stored.folder, stored.manifest)
    if problem:
        raise DamagedInput(f"{problem}.", f"Run again: {_command_again(root, stage)}")
    return stored


def read_stage(root: Path, stage: str) -> Stored | None:
    """What a stage's manifest says, whatever became of its inputs and files; None where there is no sound one."""
    try:
        return _read_manifest(root, stage)
    except (MissingInput, DamagedInput):
        return None


def open_beside(root: Path, report: Report = silent) -> dict[str, Stored]:
    """The stages that `run` does not make again, as far as they are there; a stale one is left out, with a notice.

    Of `label` the manifest is all that is read: its table may have been corrected.

    Raises:
        DamagedInput: a file is missing or not what the manifest says.
    """
    found = {}
    for stage, open_it in (("finetune", open_stage), ("label", _read_manifest)):
        if (root / stage).exists():
            _, reason = stale_reason(root, stage)
            if reason:
                report(Notice(f"{stage} is stale and is left out: {reason}"))
            else:
                found[stage] = open_it(root, stage)
    return found


def _read_manifest(root: Path, stage: str) -> Stored:
    folder = root / stage
    if not folder.exists() and (root / f".{stage}.previous").exists():
        with hold(root):  # a killed swap; taking the lock mends it
            pass
    path = folder / MANIFEST
    try:
        content = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        swept = (root / "sweep.json").exists()
        remedy = (
            f"Name a seed of the sweep, as --artifacts {root}/seed-0" if swept else f"Run: {command_for(root, stage)}"
        )
        raise MissingInput(f"{folder} is not there: {stage} has not been run.", remedy) from None
    except IsADirectoryError:
        raise DamagedInput(f"{path} is a folder.", "Move it away.") from None
    try:
        manifest = parse(content, stage)
    except ValueError as problem:
        raise DamagedInput(
            f"{path} is no manifest of {stage} that this version reads: {problem}.",
            f"Run {command_for(root, stage)} with the settings that it had.",
        ) from None
    return Stored(folder, manifest, hashlib.sha256(content).hexdigest())


def stale_reason(root: Path, stage: str) -> tuple[str, str]:
    """The earliest stage that is older than what it and `stage` were made from, and why; empty if none is."""
    for role, expected in _read_manifest(root, stage).manifest.inputs.items():
        path = root / role / MANIFEST
        if path.exists():
            earlier = stale_reason(root, role)
            if any(earlier):
                return earlier
            if sha256_of(path) != expected:
                return stage, f"{role} was run again since"
    return "", ""


def _command_again(root: Path, stage: str) -> str:
    """The command line that made a stage, or one that would."""
    made_by = _read_manifest(root, stage).manifest.command
    if not made_by.startswith("mnistae ") or stage == "label":  # its names are those of other clusters
        return command_for(root, stage)
    named = root.parent if made_by.startswith("mnistae sweep ") else root  # a sweep has a directory for each seed
    moved = named != DEFAULT_ROOT and shlex.quote(str(named)) not in made_by
    return made_by + (f" --artifacts {shlex.quote(str(named))}" if moved else "")


def up_to_date(root: Path, plan: Plan, report: Report = silent) -> Manifest | None:
    """The manifest of an undamaged earlier run of an equal plan, if there is one."""
    try:
        stored = _read_manifest(root, plan.stage)
    except MissingInput:
        return None
    except DamagedInput as problem:
        report(Notice(f"{problem.problem} It is made again."))
        return None
    problem_of_files = damage(stored.folder, stored.manifest)
    if problem_of_files:
        report(Notice(f"{problem_of_files}. It is made again."))
    return stored.manifest if plan.is_that_of(stored.manifest) and not problem_of_files else None


def stage_states(root: Path, *, thorough: bool = False) -> dict[str, dict[str, str]]:
    """Per stage its `state` (missing, up to date, stale, damaged) and a `reason`.

    Args:
        root: the artifacts directory.
        thorough: read every byte, not only the files that were changed since their manifest was written.
    """
    if root.exists() and not root.is_dir():
        raise UsageError(f"--artifacts {root} is a file.", "Name the directory of the stages.")
    states = {}
    for stage in STAGES:
        try:
            stored = _read_manifest(root, stage)
            first, stale = stale_reason(root, stage)
            damaged = damage(stored.folder, stored.manifest, thorough=thorough)
            via = f"{first} is stale, " if first and first != stage else ""
            gone = [role for role in stored.manifest.inputs if not (root / role).exists()]
            state = "damaged" if damaged else "stale" if stale else "up to date"
            finished = f"finished {stored.manifest.finished}" + (f"; {', '.join(gone)} is gone" if gone else "")
            reason = damaged or via + stale or finished
        except MissingInput:
            state, reason = "missing", f"run: {command_for(root, stage)}"
        except DamagedInput as problem:
            state, reason = "damaged", problem.problem
        states[stage] = {"state": state, "reason": reason}
    return states
