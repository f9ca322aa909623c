"""The commands that only read: `status`, `predict`, `data`."""

import dataclasses
import sys
from pathlib import Path
from typing import Annotated

import typer

from mnistae_cli.cli import console, options
from mnistae_cli.cli.commands import READING, command, session
from mnistae_cli.cli.options import Common, Verify
from mnistae_cli.common import DamagedInput, GateFailed, MissingInput
from mnistae_cli.store import DataRecord, stage_states


@command("status", options.common_parameters(READING), "mnistae status --json", "Look")
def status(context: typer.Context, common: Common, verify: Verify = False) -> None:
    """Show each stage as missing, interrupted, up to date, stale, damaged or edited. Exit 3 if stale, 4 if damaged."""
    with session(common):
        states = stage_states(common.artifacts, thorough=verify, compare_data=_compare_data if verify else None)
        if common.json:
            console.print_json({"artifacts": str(common.artifacts), "stages": states})
        else:
            rows = [[stage, each["state"], each["reason"]] for stage, each in states.items()]
            console.print_table(f"{common.artifacts}", ["stage", "state", "why"], rows, words=True)
        found = {each["state"] for each in states.values()}
        code = DamagedInput.exit_code if "damaged" in found else MissingInput.exit_code if "stale" in found else 0
        sys.exit(code)


def _compare_data(record: DataRecord) -> str:
    from mnistae_cli.data import compare_data  # loads NumPy, which `status` does not need

    return compare_data(record)


@command("predict", options.common_parameters(READING), "mnistae predict photo.jpg", "Look")
def predict(
    context: typer.Context,
    common: Common,
    images: Annotated[
        list[Path], typer.Argument(metavar="IMAGE...", help="Picture files, folders of them, or files of arrays.")
    ],
    frame: Annotated[
        bool, typer.Option("--frame/--no-frame", help="Bring each into the frame of the training images.")
    ] = True,
    fail_on_strangers: Annotated[
        bool,
        typer.Option("--fail-on-strangers", help="Exit 5 if a picture is stranger than 99.7% of the training images."),
    ] = False,
) -> None:
    """Predict class, probability and cluster of pictures of any size, and report those unlike the training images."""
    with session(common, closing=False) as listener:
        from mnistae_cli.cli.tables import prediction_rows
        from mnistae_cli.stages.predict import predict as stage

        predictions = stage(images, common.artifacts, listener, frame=frame)
        if common.json:
            console.print_json({"predictions": [dataclasses.asdict(each) for each in predictions]})
        else:
            console.print_table("mnistae predict", *prediction_rows(predictions))
        blank = [each for each in predictions if each.problem]
        if blank:
            raise DamagedInput(" ".join(each.problem for each in blank), "Give pictures that each show one symbol.")
        strangers = [each.image for each in predictions if each.stranger]
        if strangers and fail_on_strangers:
            raise GateFailed(
                f"{len(strangers)} of {len(predictions)} pictures are strangers: {', '.join(strangers[:5])}"
                f"{', …' if len(strangers) > 5 else '.'}",
                "Look at them; no training images are like them.",
            )


@command("data", options.common_parameters(("json", "quiet", "verbose")), "mnistae data --fetch mnist", "Look")
def data(
    context: typer.Context,
    common: Common,
    fetch: Annotated[
        str | None, typer.Option(help="Download this data set into the user's cache.", metavar="NAME")
    ] = None,
    data_dir: Annotated[Path | None, typer.Option(help="A folder to look in first.", envvar="MNISTAE_DATA_DIR")] = None,
    remove_packed: Annotated[
        bool,
        typer.Option("--remove-packed", help="Remove decoded pictures from the cache, while no stage runs."),
    ] = False,
) -> None:
    """List the known data sets, their places and whether their hashes are right; and decoded pictures in your cache."""
    with session(common) as listener:
        from mnistae_cli.stages.data import fetch_data_set, known_data_sets, packed_data_sets
        from mnistae_cli.stages.data import remove_packed as remove

        if fetch is not None:
            folder = fetch_data_set(fetch, listener)
            listener.stop()
            if not common.quiet:
                console.say(f"✓ {fetch}: {folder}")
        if remove_packed:
            freed = remove()
            if not common.quiet:
                console.say(f"✓ removed: {freed:,} bytes")
        known, packed = known_data_sets(str(data_dir) if data_dir else None), packed_data_sets()
        if common.json:
            console.print_json({"data_sets": known, "packed": packed})
            return
        rows = [[each["name"], p["folder"], p["state"], p["problem"]] for each in known for p in each["places"]]
        console.print_table("Known data sets", ["name", "where", "state", "problem"], rows, words=True)
        if packed:
            rows = [[each["source"], f"{each['bytes']:,}", each["packed"], each["state"]] for each in packed]
            total = sum(each["bytes"] for each in packed)
            note = f"{total:,} bytes in all; mnistae data --remove-packed removes them"
            console.print_table("Decoded for all stages", ["source", "bytes", "since", "state"], rows, note, words=True)
