"""`mnistae sweep`: the same run with several seeds, each in its own directory. One is chosen by its loss alone."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import joblib
import numpy as np

from mnistae_cli.common import Notice, RefusedValue, Report, UsageError, own_process, setting, silent
from mnistae_cli.data import KNOWN, Dataset
from mnistae_cli.scores import figure_at, known_figures
from mnistae_cli.settings import MAX_SEED, PATHS, PIPELINE, make, record
from mnistae_cli.stages.run import check_config_place, run
from mnistae_cli.stages.train import open_data
from mnistae_cli.stages.workers import LOCAL, connect, run_in_own_process
from mnistae_cli.store import SCHEMA_VERSION, command_line, hold, keep, open_stage

RESULTS = "sweep.json"
MOST_SEEDS = 1000


@dataclass(frozen=True)
class SeedRun:
    """The result of one seed.

    Args:
        seed: the seed of all stages.
        folder: its artifacts directory.
        loss: the training loss (reconstruction and penalties), mean over the kept epoch.
        seconds: total time of all stages when they were made.
        figures: the figures of `metrics.json` that `--fail-under` knows.
    """

    seed: int
    folder: str
    loss: float
    seconds: float
    figures: dict[str, float]

    def row(self) -> dict[str, float]:
        """All of its numbers in one dict."""
        return {"seed": self.seed, "loss": self.loss, "seconds": self.seconds, **self.figures}


@dataclass(frozen=True)
class Sweep:
    """The runs of several seeds. Labels and test images do not influence the choice.

    Args:
        runs: the runs, in the order of the seeds.
        chosen: the seed with the lowest loss.
    """

    runs: list[SeedRun]
    chosen: int

    def summary(self) -> dict[str, dict[str, float | None]]:
        """Mean, sample standard deviation, min and max of `loss`, `seconds` and each figure that all runs have."""
        rows = [each.row() for each in self.runs]
        shared = [name for name in rows[0] if name != "seed" and all(name in row for row in rows)]
        return {name: _spread([row[name] for row in rows]) for name in shared}

    def as_dict(self) -> dict[str, Any]:
        """Runs, choice and summary, ready for JSON."""
        return {**asdict(self), "summary": self.summary()}


def sweep(
    configs: Mapping[str, Any],
    seeds: Sequence[int],
    artifacts: Path,
    report: Report = silent,
    *,
    jobs: int,
    force: bool = False,
    scheduler: str | None = None,
) -> Sweep:
    """Call `run` in `artifacts/seed-S` for each seed S, skipping what is up to date. Writes `artifacts/sweep.json`.

    Args:
        configs: stage → its config, for all five; their seeds are replaced.
        seeds: the seeds, each at least 0.
        artifacts: the directory for the directories of all seeds.
        report: listener; with several jobs, it only gets a notice when a seed is done.
        jobs: number of processes at a time.
        force: run even if up to date.
        scheduler: `local` or the address of a Dask scheduler, whose workers do one seed each.

    Raises:
        UsageError: several `jobs` are given with an address.
        MnistaeError: see `run`.
    """
    if jobs > 1 and scheduler not in (None, LOCAL):
        raise UsageError(
            f"{setting('jobs', jobs)} with {setting('scheduler', scheduler)}: the scheduler has its own workers.",
            "Give one of them.",
        )
    data = open_data(configs["train"], artifacts, report)  # before a folder is made: it may raise an error
    results_file = artifacts / RESULTS
    _refuse_foreign_file(results_file)
    for folder in (artifacts / f"seed-{seed}" for seed in seeds):
        if folder.exists() and not folder.is_dir():
            raise UsageError(f"{folder} is a file, but a seed needs a directory of this name.", "Move it away.")
        check_config_place(folder)
    with hold(artifacts, report):
        if scheduler is None:
            stage_report = report if jobs == 1 else silent
            job = joblib.delayed(partial(_run_job, own_process.is_own()))
            tasks = (job(configs, artifacts, stage_report, force, seed) for seed in seeds)
            results: Iterator[SeedRun] = joblib.Parallel(n_jobs=jobs, return_as="generator")(tasks)
        else:
            results = _by_workers(_for_elsewhere(configs, data), seeds, artifacts, force, scheduler, jobs)
        runs: list[SeedRun] = []
        for done in results:
            report(Notice(f"seed {done.seed}: loss {done.loss:.4f}, {done.seconds:.0f} s"))
            runs.append(done)
            result = Sweep(runs, min(runs, key=lambda each: each.loss).seed)
            content = {"schema_version": SCHEMA_VERSION, "command": command_line(), **result.as_dict()}
            keep(results_file, json.dumps(content, indent=2) + "\n")
    return result


def _refuse_foreign_file(path: Path) -> None:
    if path.exists() and not (path.is_file() and b'"chosen"' in path.read_bytes()):
        raise UsageError(f"{path} was not written by mnistae sweep, which would replace it.", "Move it away.")


def _by_workers(
    configs: Mapping[str, Any], seeds: Sequence[int], artifacts: Path, force: bool, scheduler: str, jobs: int
) -> Iterator[SeedRun]:
    work = partial(run_in_own_process, partial(_run_seed, configs, artifacts.resolve(), silent, force))
    with connect(scheduler, jobs if jobs > 1 else None) as workers:
        for done in workers.in_order(work, seeds):
            yield replace(done, folder=str(artifacts / f"seed-{done.seed}"))


def _for_elsewhere(configs: Mapping[str, Any], data: Dataset) -> dict[str, Any]:
    """The configs with absolute paths, for a process with another working directory and other caches."""
    location = Path(data.where.location)
    found = (
        str(location) if data.where.source in KNOWN and location.is_dir() else None
    )  # may be in a cache of this machine

    def absolute(config: Any) -> Any:
        values = record(config)
        given = {name: values[name] for name in PATHS if values.get(name) and values[name] not in KNOWN}
        elsewhere = {"data_dir": found} if found and "data_dir" in values else {}
        return make(
            type(config), values | elsewhere | {name: str(Path(path).resolve()) for name, path in given.items()}
        )

    return {stage: absolute(config) for stage, config in configs.items()}


def _run_job(is_own: bool, *arguments: Any) -> SeedRun:
    """`_run_seed` in a process of joblib, which is a command of mnistae if the process that started it is one."""
    if is_own:
        own_process.begin()
    return _run_seed(*arguments)


def _run_seed(configs: Mapping[str, Any], artifacts: Path, report: Report, force: bool, seed: int) -> SeedRun:
    folder = artifacts / f"seed-{seed}"
    scored = run({stage: replace(config, seed=seed) for stage, config in configs.items()}, folder, report, force=force)
    manifests = [open_stage(folder, stage).manifest for stage in PIPELINE if (folder / stage).exists()]
    trained = manifests[0].metrics
    loss = trained["loss"] + trained.get("penalty", 0.0)
    seconds = sum(each.wall_seconds for each in manifests)
    found = {path: figure_at(scored.metrics, path) for path in known_figures()}
    figures = {path: value for path, value in found.items() if isinstance(value, float)}
    return SeedRun(seed, str(folder), loss, seconds, figures)


def _spread(values: Sequence[float]) -> dict[str, float | None]:
    deviation = float(np.std(values, ddof=1)) if len(values) > 1 else None
    return {"mean": float(np.mean(values)), "std": deviation, "min": float(min(values)), "max": float(max(values))}


def parse_seeds(text: str) -> list[int]:
    """`"0-4"`, `"1,5,9"` or both → the seeds, each once, in order. Raises `UsageError` for other text."""
    seeds = set[int]()
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        last = last or first
        if not (first.isdecimal() and last.isdecimal() and len(last) <= len(str(MAX_SEED)) and int(last) <= MAX_SEED):
            remedy = f"Give seeds from 0 to {MAX_SEED}, for example 0-4 or 0,3,7."
            raise RefusedValue(setting("seeds"), text, f"'{part}' is not a seed", remedy)
        if int(last) < int(first):
            raise RefusedValue(setting("seeds"), text, f"{first} is after {last}", f"Give {last}-{first}.")
        if int(last) - int(first) >= MOST_SEEDS:
            raise RefusedValue(setting("seeds"), text, f"it has more than {MOST_SEEDS} seeds", "Give fewer at a time.")
        seeds.update(range(int(first), int(last) + 1))
    return sorted(seeds)
