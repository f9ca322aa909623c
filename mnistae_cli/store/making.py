"""Making a stage's folder: it is complete, or as it was before.

A stage holds the directory's lock, opens what it reads, works in a hidden sibling folder, writes `manifest.json` there
last and then swaps the folder in by renaming. If the process is killed, the earlier result stays in its place.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from mnistae_cli.common import DamagedInput, MissingInput, Report, StageEnded, UsageError, setting, silent
from mnistae_cli.settings import Checked
from mnistae_cli.store.checkpoints import Checkpoint
from mnistae_cli.store.directory import hold, replaced
from mnistae_cli.store.manifests import MANIFEST, Manifest, with_dataset
from mnistae_cli.store.plans import Plan, Stored
from mnistae_cli.store.reading import Reads, open_optional, open_stage, read_manifest, up_to_date
from mnistae_cli.store.records import DataRecord


@contextmanager
def stage(
    name: str, artifacts: Path, report: Report = silent, *, force: bool = False, create: bool = False
) -> Iterator["Work"]:
    """Make a stage. Inside this block, open its inputs, ask whether it is due, and fill its folder.

        with stage("cluster", artifacts, report, force=force) as work:
            features = work.open(READS)["encode"].folder / "features_train.npy"
            if work.is_due(config):
                np.save(work.folder / "assignments_train.npy", ...)
        return work.manifest

    When the block ends without an error, the manifest is written, and the folder takes the place of the earlier one.

    Args:
        name: name of the stage and of its folder.
        artifacts: the artifacts directory.
        report: listener.
        force: make the stage even if it is up to date.
        create: make the artifacts directory if it does not exist.

    Raises:
        UsageError: the directory cannot be written, or the folder holds something that mnistae did not write.
        MissingInput: the directory does not exist.
    """
    with hold(artifacts, report, create=create):
        with ExitStack() as swapping:
            work = Work(name, artifacts, report, force, swapping)
            yield work
            work.seal()
        work.finish()


class Work:
    """A stage that is being made.

    Attributes:
        inputs: role → the earlier stage, with what is read of it.
        folder: the folder to fill; exists after `is_due` has returned True.
        metrics: figures for the manifest.
        checkpoint: for a long stage; exists after `is_due` has returned True.
        manifest: the manifest; exists after the block, or after `is_due` has returned False.
    """

    def __init__(self, name: str, artifacts: Path, report: Report, force: bool, swapping: ExitStack) -> None:
        _refuse_foreign_files(artifacts, name)
        self.artifacts = artifacts
        self.inputs: dict[str, Stored] = {}
        self.folder: Path
        self.metrics: dict[str, Any] = {}
        self.checkpoint: Checkpoint
        self.manifest: Manifest
        self._name, self._report, self._force, self._swapping = name, report, force, swapping
        self._plan: Plan
        self._is_new = False

    def open(self, reads: Reads) -> dict[str, Stored]:
        """Open earlier stages and check every byte of them: see `open_stage`.

        This stage is stale if anything changes that `reads` names: see `Manifest.fingerprints`.
        """
        opened = {role: open_stage(self.artifacts, role, names) for role, names in reads.items()}
        self.inputs |= opened
        return opened

    def open_optional(self, reads: Reads) -> dict[str, Stored]:
        """Open those of some earlier stages that exist and are not stale: see `store.open_optional`."""
        opened = open_optional(self.artifacts, self._report, reads)
        self.inputs |= opened
        return opened

    def is_due(self, config: Checked, data: DataRecord | Mapping[str, Any] | None = None) -> bool:
        """Whether the folder must be filled, because no undamaged result has the same settings, inputs and data.

        Args:
            config: the stage's whole config.
            data: a record, with `sha256`, of the data that the stage reads itself: images, or the drawn labels.
        """
        self._started = time.perf_counter()
        dataset = data.as_dict() if isinstance(data, DataRecord) else data
        self._plan = Plan(self._name, config, self.inputs, dataset)
        found = None if self._force else up_to_date(self.artifacts, self._plan, self._report)
        if found:
            moved = dataset and found.dataset != dataset  # the same bytes, at another place or time
            self.manifest = with_dataset(self.artifacts / self._name, found, dataset) if moved and dataset else found
            return False
        self.checkpoint = Checkpoint(self.artifacts, self._plan, self._report)
        if self._force:
            self.checkpoint.clear()
        self.folder = self._swapping.enter_context(replaced(self.artifacts / self._name))
        self._is_new = True
        return True

    @property
    def plan(self) -> Plan:
        """The plan that `is_due` has made."""
        return self._plan

    def seal(self) -> None:
        """Write the manifest of a folder that was filled."""
        if self._is_new:
            if not self._force:
                _refuse_loss(self.artifacts, self._name, self.folder)
            self.manifest = self._plan.seal(self.folder, self.metrics, time.perf_counter() - self._started)

    def finish(self) -> None:
        """Remove the checkpoint, and report that the stage has ended."""
        if self._is_new:
            self.checkpoint.clear()
        self._report(StageEnded(self.artifacts / self._name, not self._is_new, time.perf_counter() - self._started))


def _refuse_loss(root: Path, stage: str, made: Path) -> None:
    """Without a manifest, files that the new folder does not have may be the user's: refuse to remove them."""
    try:
        read_manifest(root, stage)
    except MissingInput:
        return
    except DamagedInput:
        lost = _files_beyond({each.name for each in made.iterdir()}, root / stage)
        if lost:
            raise UsageError(
                f"{lost[0]} would be lost, and {root / stage / MANIFEST} cannot be read to see whether it is yours.",
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
    """The files in a stage's folder other than these, the manifest, and hidden ones; sorted."""
    names = {*known, MANIFEST}
    return sorted(each for each in folder.iterdir() if each.name not in names and not each.name.startswith("."))
