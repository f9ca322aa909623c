"""`mnistae run`: the five stages in a row, each skipped where it is up to date."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mnistae_cli.artifacts import drop_stage, hold, keep_config
from mnistae_cli.manifests import Manifest
from mnistae_cli.progress import Notice, Report, silent
from mnistae_cli.stages.classify import classify
from mnistae_cli.stages.cluster import cluster
from mnistae_cli.stages.encode import encode
from mnistae_cli.stages.evaluate import evaluate
from mnistae_cli.stages.train import train


def run(configs: Mapping[str, Any], artifacts: Path, report: Report = silent, *, force: bool = False) -> Manifest:
    """Train, encode, classify (where there are labels), cluster and evaluate; the manifest of `evaluate`.

    Args:
        configs: stage → its config, all five.

    The resolved configs are kept as `config.toml`, which `--config` takes.
    """
    with hold(artifacts, report):
        keep_config(artifacts, as_toml(configs))
        train(configs["train"], artifacts, report, force=force)
        encoded = encode(configs["encode"], artifacts, report, force=force)
        if "labels_train.npy" in encoded.files:
            classify(configs["classify"], artifacts, report, force=force)
        else:
            drop_stage(artifacts, "classify")
            report(Notice("no labels: classify is left out"))
        cluster(configs["cluster"], artifacts, report, force=force)
        return evaluate(configs["evaluate"], artifacts, report, force=force)


def as_toml(configs: Mapping[str, Any]) -> str:
    """The configs of all stages as TOML; what is None is left out, as TOML has no such value."""
    import tomli_w

    tables = {
        stage: {key: value for key, value in asdict(config).items() if value is not None}
        for stage, config in configs.items()
    }
    return "# The resolved configuration of the last `mnistae run` here.\n\n" + tomli_w.dumps(tables)
