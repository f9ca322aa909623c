"""Writing a stage's folder: it is complete, or as it was before.

A stage holds the directory's lock, works in a hidden sibling folder, writes `manifest.json` there last and
then swaps the folder in by renaming. If the process is killed, the earlier result stays in its place.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from mnistae_cli.common import DamagedInput, MissingInput, Report, StageEnded, UsageError, setting, silent
from mnistae_cli.store.checkpoints import Checkpoint
from mnistae_cli.store.directory import replaced
from mnistae_cli.store.manifests import MANIFEST, Manifest, with_dataset
from mnistae_cli.store.plans import Plan
from mnistae_cli.store.reading import read_manifest, up_to_date


class Work:
    """The folder a stage fills, the figures that go into its manifest, and the checkpoint of a long stage."""

    def __init__(self, folder: Path, checkpoint: Checkpoint) -> None:
        self.folder = folder
        self.checkpoint = checkpoint
        self.metrics: dict[str, Any] = {}
        self.manifest: Manifest


@contextmanager
def begin_stage(root: Path, plan: Plan, report: Report = silent, *, force: bool = False) -> Iterator[Work]:
    """Give a stage an empty folder to fill; swap it in when the block ends without an error.

    Call it under `hold`. `Work.manifest` is set after the block, and the checkpoint is deleted.
    """
    started = time.perf_counter()
    checkpoint = Checkpoint(root, plan, report)
    if force:
        checkpoint.clear()
    with replaced(root / plan.stage) as folder:
        work = Work(folder, checkpoint)
        yield work
        work.manifest = plan.seal(folder, work.metrics, time.perf_counter() - started)
    checkpoint.clear()


def make_stage(
    root: Path, plan: Plan, fill: Callable[[Work], None], report: Report = silent, *, force: bool = False
) -> Manifest:
    """Let `fill` write the stage's folder, unless an undamaged result of an equal plan is there already.

    Raises:
        UsageError: the folder's name is taken by something that mnistae did not write.
    """
    started = time.perf_counter()
    _refuse_foreign_files(root, plan.stage)
    manifest = None if force else up_to_date(root, plan, report)
    fresh = manifest is None
    if manifest is None:
        with begin_stage(root, plan, report, force=force) as work:
            fill(work)
            if not force:
                _refuse_loss(root, plan.stage, work.folder)
        manifest = work.manifest
    elif plan.dataset and manifest.dataset != plan.dataset:  # the same bytes, at another place or time
        manifest = with_dataset(root / plan.stage, manifest, plan.dataset)
    report(StageEnded(root / plan.stage, not fresh, time.perf_counter() - started))
    return manifest


def _refuse_loss(root: Path, stage: str, made: Path) -> None:
    """Where the manifest cannot be read, nobody knows whose the files are that the new folder does not have."""
    try:
        read_manifest(root, stage)
    except MissingInput:
        return
    except DamagedInput:
        lost = _files_beyond({each.name for each in made.iterdir()}, root / stage)
        if lost:
            raise UsageError(
                f"{lost[0]} would be lost, and {root / stage / MANIFEST} cannot be read to see whose it is.",
                f"Move away what you need of {', '.join(each.name for each in lost)}; "
                f"then run again with {setting('force', True)}.",
            ) from None


def _refuse_foreign_files(root: Path, stage: str) -> None:
    """A stage's folder is replaced as a whole, so it must not hold a file of the user."""
    folder = root / stage
    if not folder.exists() and not folder.is_symlink():
        return
    foreign = [] if folder.is_dir() and not folder.is_symlink() and (folder / MANIFEST).exists() else [folder]
    with suppress(DamagedInput, MissingInput):
        foreign += _files_beyond(read_manifest(root, stage).manifest.files, folder)
    if foreign:
        raise UsageError(
            f"mnistae did not write {foreign[0]}, and {stage} would replace it.",
            f"Move it away, or name another {setting('artifacts')}.",
        )


def _files_beyond(known: Iterable[str], folder: Path) -> list[Path]:
    """What is in a stage's folder beside these files, the manifest, and hidden files; in order."""
    names = {*known, MANIFEST}
    return sorted(each for each in folder.iterdir() if each.name not in names and not each.name.startswith("."))
