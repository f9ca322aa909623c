"""The commands of single stages."""

import dataclasses
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mnistae_cli.cli import console, options, resolving
from mnistae_cli.cli.commands import EVERY_STAGE, command, session
from mnistae_cli.cli.options import Common, FailUnder, Scheduler
from mnistae_cli.cli.printing import print_manifest, print_scores
from mnistae_cli.common import Report, UsageError
from mnistae_cli.store import LABELS_TABLE, command_for

if TYPE_CHECKING:
    from mnistae_cli.stages.label import Answers


def _stage_command(stage: str, example: str) -> Callable[..., Any]:
    parameters = options.stage_parameters([stage]) + options.common_parameters(EVERY_STAGE)
    return command(stage, parameters, example, "Stages")


def _config(stage: str, context: typer.Context, common: Common, report: Report) -> Any:
    return resolving.resolve([stage], common, resolving.given_values(context), report)[stage]


def _run_stage(stage: str, context: typer.Context, common: Common) -> None:
    with session(common) as listener:
        config = _config(stage, context, common, listener)
        carry_out = getattr(import_module(f"mnistae_cli.stages.{stage}"), stage)
        print_manifest(common, carry_out(config, common.artifacts, listener, force=common.force))


@_stage_command("train", "mnistae train --latent-dim 64 --epochs 10")
def train(context: typer.Context, common: Common) -> None:
    """Train an autoencoder on images. Labels are not used."""
    _run_stage("train", context, common)


@_stage_command("encode", "mnistae encode --images scans/ --output scans.npy")
def encode(
    context: typer.Context,
    common: Common,
    images: Annotated[
        Path | None,
        typer.Option(
            help="Other images to encode: a folder, a picture, an .npy or an IDX file.", rich_help_panel="Encoding"
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="The .npy file for the features of --images.", rich_help_panel="Encoding")
    ] = None,
    scheduler: Scheduler = None,
) -> None:
    """Turn images into features and reconstruction errors, as .npy files."""
    with session(common, closing=images is None) as listener:
        if (images is None) != (output is None):
            missing, present = ("--output", "--images") if output is None else ("--images", "--output")
            raise UsageError(f"{present} is given without {missing}.", f"Give both {present} and {missing}.")
        from mnistae_cli.stages import encode as stage

        config = _config("encode", context, common, listener)
        if images is None or output is None:
            made = stage.encode(config, common.artifacts, listener, force=common.force, scheduler=scheduler)
            print_manifest(common, made)
            return
        given = resolving.given_values(context)  # not the config: a config.toml of run may name a data set
        for name in ("scheduler", "encode__dataset", "encode__kept"):
            if name in given:
                option = name.removeprefix("encode__")
                raise UsageError(f"--{option} is given with --images.", "It is for data sets; leave it out.")
        n, dimension = stage.encode_images(images, output, common.artifacts, listener, config.reading)
        if common.json:
            console.print_json({"output": str(output), "images": n, "dimension": dimension})
        else:
            console.print_table(
                "mnistae encode", ["figure", "value"], [["output", str(output)], ["shape", f"{n} × {dimension}"]]
            )


@_stage_command("classify", "mnistae classify --labels 600")
def classify(context: typer.Context, common: Common) -> None:
    """Train a classifier on the features of a few labeled images."""
    _run_stage("classify", context, common)


@_stage_command("cluster", "mnistae cluster --method graph")
def cluster(context: typer.Context, common: Common) -> None:
    """Group the images by their features. Labels are not used."""
    _run_stage("cluster", context, common)


@_stage_command("evaluate", "mnistae evaluate --fail-under clusters.test.hungarian_accuracy=0.45")
def evaluate(context: typer.Context, common: Common, fail_under: FailUnder = None) -> None:
    """Score reconstructions, classifier and clusters, and draw figures."""
    with session(common) as listener:
        config = _config("evaluate", context, common, listener)
        from mnistae_cli.cli.gates import check_gates, parse_gates
        from mnistae_cli.stages.evaluate import evaluate as stage

        gates = parse_gates(fail_under or [])
        manifest = stage(config, common.artifacts, listener, force=common.force)
        print_scores(common, manifest, listener)
        check_gates(manifest.metrics, gates)


@_stage_command("finetune", "mnistae finetune --per-class 10")
def finetune(context: typer.Context, common: Common) -> None:
    """Train encoder and head together on few labels, and on the network's own predictions for the other images."""
    _run_stage("finetune", context, common)


@_stage_command("review", "mnistae review --apply decisions.csv")
def review(context: typer.Context, common: Common) -> None:
    """Find what is odd in the images: labels that look wrong, strangers, duplicates within and across the splits."""
    _run_stage("review", context, common)


@_stage_command("label", "mnistae label --names 7,2,0,9,1,4,3,5,8,6")
def label(context: typer.Context, common: Common) -> None:
    """Name each cluster by its images on a contact sheet; then each image has a name, and the least sure come last."""
    with session(common, closing=False) as listener:
        config = _config("label", context, common, listener)
        from mnistae_cli.cli.tables import cluster_rows
        from mnistae_cli.stages.label import Answers
        from mnistae_cli.stages.label import label as stage

        manifest = stage(config, common.artifacts, listener, force=common.force)
        listener.stop()
        sheet = common.artifacts / "label" / "contact_sheet.html"
        if LABELS_TABLE not in manifest.files and not common.json and console.somebody_answers():
            answers = Answers(common.artifacts, manifest.inputs["cluster"])
            _ask_for_names(answers, manifest.metrics["clusters"], sheet)
            named = dataclasses.replace(config, names=tuple(answers.names))
            manifest = stage(named, common.artifacts, listener, shown=answers.shown)
            answers.forget()
        if common.json:
            console.print_json(dataclasses.asdict(manifest))
            return
        note = f"Look at {sheet}, then: {command_for(common.artifacts, 'label')} --names NAME,NAME,…"
        if LABELS_TABLE in manifest.files:
            note = f"{sheet.with_name(LABELS_TABLE)} has a name for each image, the least sure last"
        console.print_table("mnistae label", *cluster_rows(manifest.metrics["clusters"]), note)


@_stage_command("report", "mnistae report && xdg-open artifacts/report/report.html")
def report(context: typer.Context, common: Common) -> None:
    """Write one HTML page with all results: scores, figures, an interactive map, the contact sheet, the review."""
    with session(common, closing=False) as listener:
        config = _config("report", context, common, listener)
        from mnistae_cli.stages.report import report as stage

        manifest = stage(config, common.artifacts, listener, force=common.force)
        listener.stop()
        page = common.artifacts / "report" / "report.html"
        print_manifest(common, manifest, f"Open {page} in a browser. It needs no other file.")


def _ask_for_names(answers: "Answers", looks: list[dict[str, Any]], sheet: Path) -> None:
    from mnistae_cli.stages.label import problem_of_name

    console.say(f"Look at {sheet} or at contact_sheet.png, then name each cluster. Two may have the same name.")
    if answers.names:
        console.say(f"Kept from before: {', '.join(answers.names)}. To start over, give --names.")
    for each in looks[len(answers.names) :]:
        mixed = ", looks mixed" if each["mixed"] else ""
        answers.add(console.ask(f"cluster {each['cluster']}, {each['size']:,} images{mixed}", problem_of_name))
