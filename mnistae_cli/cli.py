"""The command line: options → config → stage → print. Nothing is computed here."""

import dataclasses
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from mnistae_cli import __version__, console, options
from mnistae_cli.artifacts import stage_states
from mnistae_cli.commands import EVERY_STAGE, READING, app, command, session
from mnistae_cli.configs import PIPELINE
from mnistae_cli.directory import command_for
from mnistae_cli.errors import INTERRUPTED, KEPT, DamagedInput, MissingInput, UsageError
from mnistae_cli.manifests import Manifest
from mnistae_cli.options import Common, FailUnder, Jobs, Seeds, Verify


def _stage_command(stage: str, example: str) -> Callable[..., Any]:
    parameters = options.stage_parameters([stage]) + options.common_parameters(EVERY_STAGE)
    return command(stage, parameters, example, "Stages")


def _config(stage: str, context: typer.Context, common: Common) -> Any:
    return options.resolve([stage], common, options.given_values(context))[stage]


def _print_manifest(common: Common, manifest: Manifest) -> None:
    if common.json:
        console.print_json(dataclasses.asdict(manifest))
        return
    from mnistae_cli.tables import manifest_rows

    console.print_table(f"mnistae {manifest.stage}", ["figure", "value"], manifest_rows(manifest.metrics))


def _run_stage(stage: str, context: typer.Context, common: Common) -> None:
    with session(common) as listener:
        config = _config(stage, context, common)
        carry_out = getattr(import_module(f"mnistae_cli.stages.{stage}"), stage)
        _print_manifest(common, carry_out(config, common.artifacts, listener, force=common.force))


@_stage_command("train", "mnistae train --latent-dim 64 --epochs 10")
def train(context: typer.Context, common: Common) -> None:
    """Train an autoencoder on images. No label is looked at."""
    _run_stage("train", context, common)


@_stage_command("encode", "mnistae encode --images scans/ --output scans.npy")
def encode(
    context: typer.Context,
    common: Common,
    images: Annotated[
        Path | None,
        typer.Option(
            help="Images of no data set: a folder, a picture, an .npy or an IDX file.", rich_help_panel="Encoding"
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="The .npy file for the features of --images.", rich_help_panel="Encoding")
    ] = None,
) -> None:
    """Turn images into features and reconstruction errors, as .npy files."""
    with session(common, closing=images is None) as listener:
        if (images is None) != (output is None):
            missing, present = ("--output", "--images") if output is None else ("--images", "--output")
            raise UsageError(f"{present} is given without {missing}.", f"Give both {present} and {missing}.")
        from mnistae_cli.stages import encode as stage

        if images is None or output is None:
            config = _config("encode", context, common)
            _print_manifest(common, stage.encode(config, common.artifacts, listener, force=common.force))
            return
        n, dimension = stage.encode_images(images, output, common.artifacts, listener)
        if common.json:
            console.print_json({"output": str(output), "images": n, "dimension": dimension})
        else:
            console.print_table(
                "mnistae encode", ["figure", "value"], [["output", str(output)], ["shape", f"{n} × {dimension}"]]
            )


@_stage_command("classify", "mnistae classify --labels 600")
def classify(context: typer.Context, common: Common) -> None:
    """Train a classifier on the features of a few labelled images."""
    _run_stage("classify", context, common)


@_stage_command("cluster", "mnistae cluster --clusters 20")
def cluster(context: typer.Context, common: Common) -> None:
    """Group the features by KMeans. No label is looked at."""
    _run_stage("cluster", context, common)


@_stage_command("evaluate", "mnistae evaluate --fail-under clusters.test.hungarian_accuracy=0.45")
def evaluate(context: typer.Context, common: Common, fail_under: FailUnder = None) -> None:
    """Score reconstructions, classifier and clusters, and draw figures."""
    with session(common) as listener:
        config = _config("evaluate", context, common)
        from mnistae_cli.gates import check_gates, parse_gates
        from mnistae_cli.stages.evaluate import evaluate as stage

        gates = parse_gates(fail_under or [])
        manifest = stage(config, common.artifacts, listener, force=common.force)
        _print_scores(common, manifest, listener)
        check_gates(manifest.metrics, gates)


@_stage_command("finetune", "mnistae finetune --per-class 10")
def finetune(context: typer.Context, common: Common) -> None:
    """Train encoder and head together on few labels, and on the rest by the labels they give themselves."""
    _run_stage("finetune", context, common)


@_stage_command("label", "mnistae label --names 7,2,0,9,1,4,3,5,8,6")
def label(context: typer.Context, common: Common) -> None:
    """Name each cluster from a contact sheet; every image gets its cluster's name, the least certain last."""
    with session(common, closing=False) as listener:
        config = _config("label", context, common)
        from mnistae_cli.stages.label import label as stage
        from mnistae_cli.tables import cluster_rows

        manifest = stage(config, common.artifacts, listener, force=common.force)
        listener.stop()
        sheet = common.artifacts / "label" / "contact_sheet.html"
        if "labels.csv" not in manifest.files and not common.json and console.somebody_answers():
            names = _ask_for_names(manifest.metrics["clusters"], sheet)
            manifest = stage(dataclasses.replace(config, names=names), common.artifacts, listener)
        if common.json:
            console.print_json(dataclasses.asdict(manifest))
            return
        note = f"Look at {sheet}, then: {command_for(common.artifacts, 'label')} --names NAME,NAME,…"
        if "labels.csv" in manifest.files:
            note = f"{sheet.with_name('labels.csv')}, the least certain last"
        console.print_table("mnistae label", *cluster_rows(manifest.metrics["clusters"]), note)


def _ask_for_names(looks: list[dict[str, Any]], sheet: Path) -> tuple[str, ...]:
    console.say(f"Look at {sheet} or contact_sheet.png beside it, then name each cluster; two may have one name.")
    mixed = {True: ", looks mixed", False: ""}
    questions = [f"cluster {each['cluster']}, {each['size']:,} images{mixed[each['mixed']]}" for each in looks]
    return tuple(map(console.ask, questions))


def _print_scores(common: Common, manifest: Manifest, listener: console.Listener) -> None:
    listener.stop()
    if common.json:
        console.print_json(manifest.metrics)
        return
    from mnistae_cli.tables import metric_rows

    data = manifest.metrics["dataset"]
    title = f"{data['name']}: {data['n_train']:,} training and {data['n_test']:,} test images"
    figures = [name for name in manifest.files if name.endswith(".png")]
    note = f"Figures: {common.artifacts / 'evaluate'}/ ({', '.join(figures)})" if figures else ""
    console.print_table(title, ["score", "training", "test"], metric_rows(manifest.metrics), note)


@command(
    "run",
    options.stage_parameters(PIPELINE) + options.common_parameters(EVERY_STAGE),
    "mnistae run --dataset digits --no-figures",
    "All at once",
)
def run(context: typer.Context, common: Common, fail_under: FailUnder = None) -> None:
    """Train, encode, classify, cluster and evaluate, skipping what is up to date."""
    with session(common, closing=False) as listener:
        configs = options.resolve(PIPELINE, common, options.given_values(context))
        from mnistae_cli.gates import check_gates, parse_gates
        from mnistae_cli.stages.run import run as stage

        gates = parse_gates(fail_under or [])
        manifest = stage(configs, common.artifacts, listener, force=common.force)
        _print_scores(common, manifest, listener)
        check_gates(manifest.metrics, gates)


@command(
    "sweep",
    options.stage_parameters(PIPELINE, without=("seed",)) + options.common_parameters(EVERY_STAGE),
    "mnistae sweep --seeds 0-4 --preset invariant --no-figures",
    "All at once",
)
def sweep(context: typer.Context, common: Common, seeds: Seeds = "0-4", jobs: Jobs = 1) -> None:
    """Run from several seeds, each in its own directory; tell mean and spread, and choose by the loss alone."""
    with session(common, closing=False) as listener:
        configs = options.resolve(PIPELINE, common, options.given_values(context))
        from mnistae_cli.stages.sweep import parse_seeds
        from mnistae_cli.stages.sweep import sweep as stage

        result = stage(configs, parse_seeds(seeds), common.artifacts, listener, jobs=jobs, force=common.force)
        listener.stop()
        if common.json:
            console.print_json(result.as_dict())
            return
        from mnistae_cli.tables import sweep_rows

        columns, rows = sweep_rows([each.row() for each in result.runs], result.summary())
        note = f"Lowest loss: seed {result.chosen}, in {common.artifacts / f'seed-{result.chosen}'}/"
        console.print_table(f"{len(result.runs)} seeds", columns, rows, note)


@command("status", options.common_parameters(READING), "mnistae status --json", "Look")
def status(context: typer.Context, common: Common, verify: Verify = False) -> None:
    """Say per stage: missing, up to date, stale or damaged. Exit 3 if stale, 4 if damaged."""
    with session(common):
        states = stage_states(common.artifacts, thorough=verify)
        if common.json:
            console.print_json({"artifacts": str(common.artifacts), "stages": states})
        else:
            rows = [[stage, each["state"], each["reason"]] for stage, each in states.items()]
            console.print_table(f"{common.artifacts}", ["stage", "state", "why"], rows, words=True)
        found = {each["state"] for each in states.values()}
        code = DamagedInput.exit_code if "damaged" in found else MissingInput.exit_code if "stale" in found else 0
        sys.exit(code)


@command("predict", options.common_parameters(READING), "mnistae predict photo.jpg", "Look")
def predict(
    context: typer.Context,
    common: Common,
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE...", help="PNG, JPEG or BMP files, or .npy arrays.")],
    frame: Annotated[
        bool, typer.Option("--frame/--no-frame", help="Crop, invert, fit and centre as the training images are.")
    ] = True,
) -> None:
    """Name the class, its probability and the cluster of pictures of any size."""
    with session(common, closing=False) as listener:
        from mnistae_cli.stages.predict import predict as stage
        from mnistae_cli.tables import prediction_rows

        predictions = stage(images, common.artifacts, listener, frame=frame)
        if common.json:
            console.print_json({"predictions": [dataclasses.asdict(each) for each in predictions]})
        else:
            console.print_table("mnistae predict", *prediction_rows(predictions))
        blank = [each for each in predictions if each.problem]
        if blank:
            raise DamagedInput(" ".join(each.problem for each in blank), "Give pictures of one sign each.")


@command("data", options.common_parameters(("json", "quiet", "verbose")), "mnistae data --fetch mnist", "Look")
def data(
    context: typer.Context,
    common: Common,
    fetch: Annotated[
        str | None, typer.Option(help="Fetch this data set into the user's cache.", metavar="NAME")
    ] = None,
    data_dir: Annotated[str | None, typer.Option(help="A folder to look in first.", envvar="MNISTAE_DATA_DIR")] = None,
) -> None:
    """List the known data sets, where each is on this machine, and whether its hash holds."""
    with session(common) as listener:
        from mnistae_cli.stages.data import fetch_data_set, known_data_sets

        if fetch is not None:
            folder = fetch_data_set(fetch, listener)
            listener.stop()
            if not common.quiet:
                console.say(f"✓ {fetch}: {folder}")
        known = known_data_sets(data_dir)
        if common.json:
            console.print_json({"data_sets": known})
            return
        rows = [[each["name"], p["folder"], p["state"], p["problem"]] for each in known for p in each["places"]]
        console.print_table("Known data sets", ["name", "where", "state", "problem"], rows, words=True)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"mnistae {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Features of small grey images by autoencoders; classes from few labels, clusters from none."""


def main() -> None:
    """The console script: usage errors in two lines, as every other error."""
    try:
        code = app(standalone_mode=False)
    except typer.TyperException as problem:
        context = getattr(problem, "ctx", None)
        path = context.command_path if context else "mnistae"
        if problem.format_message():  # no command at all: the help was shown
            console.print_error(problem.format_message(), f"Run: {path} --help")
        sys.exit(problem.exit_code)
    except (typer.Abort, KeyboardInterrupt):
        console.print_error("interrupted.", KEPT)
        sys.exit(INTERRUPTED)
    sys.exit(code if isinstance(code, int) else 0)
