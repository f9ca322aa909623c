"""Reading a stage's folder and checking its hashes. Errors about stale or damaged stages name the command to run."""

import shlex
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from mnistae_cli.common import DamagedInput, MissingInput, Notice, Report, setting, silent
from mnistae_cli.store.directory import DEFAULT_ROOT, STAGES, command_for, hold
from mnistae_cli.store.manifests import MANIFEST, Manifest, damage, parse
from mnistae_cli.store.plans import Plan, Stored
from mnistae_cli.store.steady import Verified

SWAP = 0.05  # seconds; longer than the two renames of a swap

Reads = Mapping[str, Sequence[str]]
"""Role → what is read of that stage: see `Manifest.fingerprints`."""


def open_stage(
    root: Path,
    stage: str,
    reads: Sequence[str] = (),
    *,
    names: Sequence[str] | None = None,
    verified: Verified | None = None,
) -> Stored:
    """Open a stage's folder for reading, and check every byte. Without the lock, do it inside `steady`.

    Args:
        root: the artifacts directory.
        stage: its name.
        reads: what the calling stage reads of it, if it records that in its plan.
        names: the files that are checked; None: all.
        verified: which files need not be read again.

    Raises:
        MissingInput: the stage was not run, or is older than its inputs.
        DamagedInput: a file is missing or not what the manifest says.
    """
    stored = read_manifest(root, stage)
    first, reason = stale_reason(root, stage)
    if first:
        via = "" if first == stage else f"{first} is stale, "
        raise MissingInput(f"{root / stage} is stale: {via}{reason}.", f"Run again: {command_again(root, first)}")
    files = stored.manifest.files
    checked = files if names is None else {name: files[name] for name in names if name in files}
    problem = (verified or Verified()).damage(stored.folder, checked)
    if problem:
        raise DamagedInput(f"{problem}.", f"Run again: {command_again(root, stage)}")
    return replace(stored, read=stored.manifest.fingerprints(reads))


def read_stage(root: Path, stage: str) -> Stored | None:
    """Read a stage's manifest, but check neither its inputs nor its files; None if there is no valid one."""
    try:
        return read_manifest(root, stage)
    except (MissingInput, DamagedInput):
        return None


def open_optional(root: Path, report: Report, reads: Reads) -> dict[str, Stored]:
    """Open some stages, if they exist. A stale one is left out, with a notice.

    Only the manifest of `label` is read, because a person may have corrected its table.
    """
    found = {}
    for stage, names in reads.items():
        open_it = read_manifest if stage == "label" else open_stage
        if (root / stage).exists():
            _, reason = stale_reason(root, stage)
            if reason:
                report(Notice(f"{stage} is stale and is left out: {reason}"))
            else:
                stored = open_it(root, stage)
                found[stage] = replace(stored, read=stored.manifest.fingerprints(names))
    return found


def read_manifest(root: Path, stage: str) -> Stored:
    """Read a stage's manifest, but do not check its files. `DamagedInput` if this version cannot read it."""
    folder = root / stage
    if _is_between_renames(root, stage):
        time.sleep(SWAP)  # it may be done by now; the lock is perhaps held until a training has ended
        if _is_between_renames(root, stage):
            with hold(root):  # a swap was killed; taking the lock repairs it
                pass
    path = folder / MANIFEST
    try:
        content = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        seeds = sorted(root.glob("seed-*")) if (root / "sweep.json").exists() else []
        of_sweep = f"Name a seed of the sweep: {setting('artifacts', shlex.quote(str(seeds[0])))}" if seeds else ""
        remedy = of_sweep or f"Run: {command_for(root, stage)}"
        raise MissingInput(f"{folder} does not exist: {stage} has not been run.", remedy) from None
    except IsADirectoryError:
        raise DamagedInput(f"{path} is a folder.", "Move it away.") from None
    try:
        manifest = parse(content, stage)
    except ValueError as problem:
        raise DamagedInput(
            f"{path} cannot be read as a manifest of {stage}: {problem}.",
            f"Run {command_for(root, stage)} with the same settings as before.",
        ) from None
    return Stored(folder, manifest)


def _is_between_renames(root: Path, stage: str) -> bool:
    return not (root / stage).exists() and (root / f".{stage}.previous").exists()


def stale_reason(root: Path, stage: str, data: Mapping[str, str] = MappingProxyType({})) -> tuple[str, str]:
    """The earliest stale stage among `stage` and its inputs, and why it is stale; both empty if none is.

    `data`: stage → why its data set makes it stale, if that was checked.
    """
    inputs = read_manifest(root, stage).manifest.inputs
    there = [role for role in inputs if (root / role / MANIFEST).exists()]
    for role in there:
        earlier = stale_reason(root, role, data)
        if any(earlier):
            return earlier
    for role in there:
        now = read_manifest(root, role).manifest.fingerprints(inputs[role])
        for name, before in inputs[role].items():
            if now[name] != before:
                how = "is new" if not before else "has changed" if now[name] else "is gone"
                return stage, f"{name.removeprefix('#')} of {role} {how}"
    return (stage, data[stage]) if data.get(stage) else ("", "")


def command_again(root: Path, stage: str) -> str:
    """The command line that made a stage, or the stage's plain command if the former would not work."""
    words = shlex.split(read_manifest(root, stage).manifest.command)
    if words[:1] != ["mnistae"] or stage == "label":  # its --names were for other clusters
        return command_for(root, stage)
    if words[1:2] == ["run"] and stage != STAGES[0]:  # `run` would train again with its own settings
        config = root / "config.toml"
        return command_for(root, stage) + (f" --config {shlex.quote(str(config))}" if config.exists() else "")
    directory = root.parent if words[1:2] == ["sweep"] else root  # a sweep has a directory for each seed
    return shlex.join(_with_directory(words, directory))


def _with_directory(words: list[str], directory: Path) -> list[str]:
    """A command line for this artifacts directory, in place of the one that it names."""
    places = [place for place, word in enumerate(words) if word.partition("=")[0] in ("--artifacts", "-a")]
    given = [words[each].partition("=")[2] or "".join(words[each + 1 : each + 2]) for each in places]
    if Path(given[-1] if given else DEFAULT_ROOT) == directory:
        return words
    dropped = {each + step for each in places for step in ((0,) if "=" in words[each] else (0, 1))}
    return [word for place, word in enumerate(words) if place not in dropped] + ["--artifacts", str(directory)]


def up_to_date(root: Path, plan: Plan, report: Report = silent) -> Manifest | None:
    """The manifest of an undamaged earlier run of an equal plan, if there is one."""
    try:
        stored = read_manifest(root, plan.stage)
    except MissingInput:
        return None
    except DamagedInput as problem:
        report(Notice(f"{problem.parts[0]} It is made again."))
        return None
    problem_of_files = damage(stored.folder, stored.manifest)
    if problem_of_files:
        report(Notice(f"{problem_of_files}. It is made again."))
    return stored.manifest if plan.is_that_of(stored.manifest) and not problem_of_files else None
