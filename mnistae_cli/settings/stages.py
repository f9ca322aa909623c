"""Every stage and its settings."""

from collections.abc import Mapping
from typing import Any

from mnistae_cli.common import UsageError
from mnistae_cli.settings.classify import ClassifyConfig
from mnistae_cli.settings.cluster import ClusterConfig
from mnistae_cli.settings.encode import EncodeConfig
from mnistae_cli.settings.evaluate import EvaluateConfig
from mnistae_cli.settings.finetune import FinetuneConfig
from mnistae_cli.settings.kinds import make, settings_of
from mnistae_cli.settings.label import LabelConfig
from mnistae_cli.settings.options import Checked, suggestion
from mnistae_cli.settings.report import ReportConfig
from mnistae_cli.settings.review import ReviewConfig
from mnistae_cli.settings.train import TrainConfig

STAGE_CONFIGS: dict[str, type[Checked]] = {
    "train": TrainConfig,
    "encode": EncodeConfig,
    "classify": ClassifyConfig,
    "finetune": FinetuneConfig,
    "cluster": ClusterConfig,
    "label": LabelConfig,
    "review": ReviewConfig,
    "evaluate": EvaluateConfig,
    "report": ReportConfig,
}
PIPELINE = ("train", "encode", "classify", "cluster", "evaluate")  # what `run` does; `label` needs a person


def setting_names(stage: str) -> list[str]:
    """The names of a stage's settings, each once."""
    return list(dict.fromkeys(each.name for each in settings_of(STAGE_CONFIGS[stage])))


def stage_config(stage: str, values: Mapping[str, Any]) -> Any:
    """The config of a stage: its defaults, with `values` in their place.

    Args:
        stage: its name.
        values: setting → value, with the names of a TOML file, for example `model`.

    Raises:
        UsageError: a key is not a setting of the stage, or a value is refused.
    """
    known = setting_names(stage)
    for key in values:
        if key not in known:
            raise UsageError(
                f"there is no setting {stage}.{key}.{suggestion(key, known)}",
                f"Settings of {stage}: {', '.join(known)}.",
            )
    return make(STAGE_CONFIGS[stage], values)
