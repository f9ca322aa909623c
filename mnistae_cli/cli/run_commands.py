"""The commands that do all stages: `run`, and `sweep` with several seeds."""

import typer

from mnistae_cli.cli import console, options, resolving
from mnistae_cli.cli.commands import EVERY_STAGE, command, session
from mnistae_cli.cli.options import Common, FailUnder, Jobs, Scheduler, Seeds
from mnistae_cli.cli.printing import print_scores
from mnistae_cli.settings import PIPELINE


@command(
    "run",
    options.stage_parameters(PIPELINE) + options.common_parameters(EVERY_STAGE),
    "mnistae run --dataset digits --no-figures",
    "All at once",
)
def run(context: typer.Context, common: Common, fail_under: FailUnder = None) -> None:
    """Train, encode, classify, cluster and evaluate, skipping what is up to date."""
    with session(common, closing=False) as listener:
        configs = resolving.resolve(PIPELINE, common, resolving.given_values(context), listener)
        from mnistae_cli.cli.gates import check_gates, parse_gates
        from mnistae_cli.stages.run import run as stage

        gates = parse_gates(fail_under or [])
        manifest = stage(configs, common.artifacts, listener, force=common.force)
        print_scores(common, manifest, listener)
        check_gates(manifest.metrics, gates)


@command(
    "sweep",
    options.stage_parameters(PIPELINE, without=("seed",)) + options.common_parameters(EVERY_STAGE),
    "mnistae sweep --seeds 0-4 --preset invariant --no-figures",
    "All at once",
)
def sweep(
    context: typer.Context, common: Common, seeds: Seeds = "0-4", jobs: Jobs = 1, scheduler: Scheduler = None
) -> None:
    """Run with several seeds, each in its own directory; show mean and spread, and choose by the loss alone."""
    with session(common, closing=False) as listener:
        configs = resolving.resolve(PIPELINE, common, resolving.given_values(context), listener)
        from mnistae_cli.stages.sweep import parse_seeds
        from mnistae_cli.stages.sweep import sweep as stage

        which = parse_seeds(seeds)
        result = stage(configs, which, common.artifacts, listener, jobs=jobs, force=common.force, scheduler=scheduler)
        listener.stop()
        if common.json:
            console.print_json(result.as_dict())
            return
        from mnistae_cli.cli.tables import sweep_rows

        columns, rows = sweep_rows([each.row() for each in result.runs], result.summary())
        note = f"Lowest loss: seed {result.chosen}, in {common.artifacts / f'seed-{result.chosen}'}/"
        console.print_table(f"{len(result.runs)} seeds", columns, rows, note)
