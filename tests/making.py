"""Stages without anything that computes, for the tests of the store."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from mnistae_cli.common import Report, silent
from mnistae_cli.store import Manifest, Plan, Stored, Work, open_stage, stage


@contextmanager
def begin_stage(root: Path, plan: Plan) -> Iterator[Work]:
    """A stage that is made whether or not it is up to date."""
    with stage(plan.stage, root, force=True, create=True) as work:
        work.inputs |= plan.inputs
        assert work.is_due(plan.config, plan.dataset)
        yield work


def make_stage(
    root: Path, plan: Plan, fill: Callable[[Work], object], report: Report = silent, *, force: bool = False
) -> Manifest:
    """A stage that `fill` fills, if it is due."""
    with stage(plan.stage, root, report, force=force, create=True) as work:
        work.inputs |= plan.inputs
        if work.is_due(plan.config, plan.dataset):
            fill(work)
    return work.manifest


def open_stages(root: Path, reads: dict[str, Sequence[str]]) -> dict[str, Stored]:
    """Earlier stages, with what is read of them."""
    return {role: open_stage(root, role, names) for role, names in reads.items()}
