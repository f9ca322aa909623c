"""`mnistae run`: five stages in order. A stage that is up to date is skipped."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mnistae_cli.common import Notice, Report, UsageError, silent
from mnistae_cli.data import can_be_classified, draw_labels, load_dataset
from mnistae_cli.settings import AUTO, PATHS, check_clusters
from mnistae_cli.stages.classify import classify
from mnistae_cli.stages.cluster import cluster
from mnistae_cli.stages.encode import encode, fixed_for
from mnistae_cli.stages.evaluate import evaluate
from mnistae_cli.stages.train import open_data, train
from mnistae_cli.store import Manifest, drop_stage, hold, keep, open_stage

CONFIG_HEADER = "# The resolved configuration of the last `mnistae run` here.\n\n"


def run(configs: Mapping[str, Any], artifacts: Path, report: Report = silent, *, force: bool = False) -> Manifest:
    """Train, encode, classify (if there are classes), cluster and evaluate, skipping what is up to date.

    The resolved configs are written to `config.toml`, which `--config` accepts.

    Args:
        configs: stage → its config, for all five.
        artifacts: the artifacts directory.
        report: listener, for all stages.
        force: run the stages even if they are up to date.

    Returns:
        The manifest of `evaluate`.

    Raises:
        UsageError: `run` did not write the existing `config.toml`, or there are fewer images than clusters or labels.
        MnistaeError: see each stage.
    """
    check_config_place(artifacts)
    data = open_data(configs["train"], artifacts, report)  # before a folder is made: it may raise an error
    n_clusters = configs["cluster"].method.n_clusters
    check_clusters(1 if n_clusters == AUTO else n_clusters, data.train.pixels.n)
    if data.train.labels is not None and len(data.class_names) > 1:  # before the training: it may raise an error
        draw_labels(data.train.labels, data.class_names, configs["classify"])
    with hold(artifacts, report):
        trained = train(configs["train"], artifacts, report, force=force, data=data)
        other = configs["encode"]
        if other.dataset not in (None, configs["train"].dataset):
            fixed = fixed_for(other.reading, open_stage(artifacts, "train"))
            data = load_dataset(other.dataset, other.data_dir, report, other.reading, fixed)
        encoded = encode(configs["encode"], artifacts, report, force=force, data=data)
        made = [trained, encoded]
        if can_be_classified(encoded):
            made.append(classify(configs["classify"], artifacts, report, force=force))
        else:
            for stage in ("classify", "finetune"):
                drop_stage(artifacts, stage)
            report(Notice("fewer than two classes, so classify is left out, and its earlier results are removed"))
        made.append(cluster(configs["cluster"], artifacts, report, force=force))
        made.append(evaluate(configs["evaluate"], artifacts, report, force=force, data=data))
        keep(artifacts / "config.toml", CONFIG_HEADER + as_toml(made))
    return made[-1]


def check_config_place(root: Path) -> None:
    """Refuse to replace a `config.toml` that `run` did not write: raise `UsageError`."""
    path = root / "config.toml"
    if path.exists() and not path.read_bytes().startswith(CONFIG_HEADER.encode()):
        raise UsageError(f"{path} was not written by mnistae run, which would replace it.", "Move it away.")


def as_toml(manifests: Sequence[Manifest]) -> str:
    """The configs of stages as TOML, with absolute paths, and without values that are None."""
    import tomli_w

    tables = {}
    for manifest in manifests:
        table = {key: value for key, value in manifest.config.items() if value is not None}
        table |= {name: str(Path(table[name]).resolve()) for name in PATHS if name in table}
        if "dataset" in table and manifest.dataset:
            table["dataset"] = manifest.dataset["source"]  # a name, or an absolute path
        tables[manifest.stage] = table
    return tomli_w.dumps(tables)
