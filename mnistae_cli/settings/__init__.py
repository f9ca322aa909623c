"""What a user can set: one module for each stage's config, the experiments that presets and files describe."""

from mnistae_cli.settings.classify import HEADS, MLP, ClassifyConfig, HeadTraining, Linear, Prototypes
from mnistae_cli.settings.cluster import ClusterConfig, Graph, KMeans
from mnistae_cli.settings.encode import EncodeConfig
from mnistae_cli.settings.evaluate import EvaluateConfig
from mnistae_cli.settings.experiments import (
    PATHS,
    SHARED_KEYS,
    Experiment,
    load_experiment,
    preset_names,
    read_experiment,
    without_other_kinds,
)
from mnistae_cli.settings.finetune import FinetuneConfig
from mnistae_cli.settings.label import LabelConfig
from mnistae_cli.settings.labelled import WHICH, LabelledConfig
from mnistae_cli.settings.reads import reads_of
from mnistae_cli.settings.report import ReportConfig
from mnistae_cli.settings.review import ReviewConfig
from mnistae_cli.settings.stages import PIPELINE, STAGE_CONFIGS, setting_names, stage_config
from mnistae_cli.settings.train import TrainConfig, graph_features

__all__ = [
    "HEADS",
    "MLP",
    "PATHS",
    "PIPELINE",
    "SHARED_KEYS",
    "STAGE_CONFIGS",
    "WHICH",
    "ClassifyConfig",
    "ClusterConfig",
    "EncodeConfig",
    "EvaluateConfig",
    "Experiment",
    "FinetuneConfig",
    "Graph",
    "HeadTraining",
    "KMeans",
    "LabelConfig",
    "LabelledConfig",
    "Linear",
    "Prototypes",
    "ReportConfig",
    "ReviewConfig",
    "TrainConfig",
    "graph_features",
    "load_experiment",
    "preset_names",
    "read_experiment",
    "reads_of",
    "setting_names",
    "stage_config",
    "without_other_kinds",
]
