"""Results of stages on stdout: a table for a person, or one JSON object."""

import dataclasses

from mnistae_cli.cli import console
from mnistae_cli.cli.listener import Listener
from mnistae_cli.cli.options import Common
from mnistae_cli.store import Manifest


def print_manifest(common: Common, manifest: Manifest, note: str = "") -> None:
    """Print the metrics of a stage and a note below them, or its manifest as JSON."""
    if common.json:
        console.print_json(dataclasses.asdict(manifest))
        return
    from mnistae_cli.cli.tables import manifest_rows

    console.print_table(f"mnistae {manifest.stage}", ["figure", "value"], manifest_rows(manifest.metrics), note)


def print_scores(common: Common, manifest: Manifest, listener: Listener) -> None:
    """Print the scores of `evaluate`."""
    listener.stop()
    if common.json:
        console.print_json(manifest.metrics)
        return
    from mnistae_cli.cli.tables import metric_rows

    data = manifest.metrics["dataset"]
    title = f"{data['name']}: {data['n_train']:,} training and {data['n_test']:,} test images"
    figures = [name for name in manifest.files if name.endswith(".png")]
    note = f"Figures: {common.artifacts / 'evaluate'}/ ({', '.join(figures)})" if figures else ""
    console.print_table(title, ["score", "training", "test"], metric_rows(manifest.metrics), note)
