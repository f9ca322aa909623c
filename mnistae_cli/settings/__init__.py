"""What a user can set: a config for each stage, and the experiments that presets and TOML files describe."""

from mnistae_cli.settings.classify import HEADS, MLP, ClassifyConfig, HeadTraining, Linear, Prototypes
from mnistae_cli.settings.cluster import ClusterConfig, Graph, KMeans, check_clusters
from mnistae_cli.settings.codes import (
    CODES,
    KL,
    L1,
    BatchTopK,
    Code,
    Corruption,
    Dense,
    Invariant,
    Layers,
    Schedule,
    SparseCode,
    TopK,
    Training,
    Views,
    latent_dim_option,
    loss_option,
)
from mnistae_cli.settings.encode import EncodeConfig
from mnistae_cli.settings.evaluate import EvaluateConfig
from mnistae_cli.settings.experiments import (
    PATHS,
    SHARED_KEYS,
    Experiment,
    load_experiment,
    preset_names,
    read_experiment,
    with_present_names,
    without_other_kinds,
)
from mnistae_cli.settings.finetune import FinetuneConfig
from mnistae_cli.settings.kinds import Setting, chosen, kinds_of, make, record, settings_of
from mnistae_cli.settings.label import LabelConfig
from mnistae_cli.settings.labeled import WHICH, LabeledConfig
from mnistae_cli.settings.options import MAX_SEED, Checked, check_path, suggestion
from mnistae_cli.settings.read_options import DEFAULT, PAD, ReadOptions
from mnistae_cli.settings.report import ReportConfig
from mnistae_cli.settings.review import ReviewConfig
from mnistae_cli.settings.stages import PIPELINE, STAGE_CONFIGS, stage_config
from mnistae_cli.settings.train import GRAPH_FEATURES_OF, TrainConfig, graph_features
from mnistae_cli.settings.values import AUTO, WholeOrAuto, as_typed, value_kind
