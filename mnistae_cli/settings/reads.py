"""What each stage reads of the stages before it. If none of that changes, its own result is up to date.

A name is that of a file; or, as `#dataset.class_names`, that of a fact which is in the manifest alone. What is named
and is not there counts too: when it comes, the result is stale. Where a data set lies is not named, its bytes are.
"""

from mnistae_cli.settings.classify import ClassifyConfig
from mnistae_cli.settings.cluster import ClusterConfig, Graph
from mnistae_cli.settings.encode import EncodeConfig
from mnistae_cli.settings.evaluate import EvaluateConfig
from mnistae_cli.settings.finetune import FinetuneConfig
from mnistae_cli.settings.label import LabelConfig
from mnistae_cli.settings.options import Checked
from mnistae_cli.settings.report import ReportConfig
from mnistae_cli.settings.review import ReviewConfig

Names = dict[str, tuple[str, ...]]
"""Earlier stage → what is read of it."""

FEATURES = ("features_train.npy", "features_test.npy")
TRAIN_IMAGES, TEST_IMAGES = "#dataset.sha256.train_images", "#dataset.sha256.test_images"

ENCODE: Names = {
    "train": (
        *("encoder.onnx", "decoder.onnx", "#dataset.height", "#dataset.width"),
        *("#config.model", "#config.latent_dim"),  # `graph_features`
    )
}
CLASSIFY: Names = {"encode": (*FEATURES, "labels_train.npy", "#dataset.class_names")}
FINETUNE: Names = {
    # It loads `autoencoder.keras`, which has its date inside. `encoder.onnx` has the same weights and none.
    "train": ("encoder.onnx",),
    "encode": (
        "features_train.npy",
        "labels_train.npy",
        "#dataset.class_names",
        "#dataset.n_train",
        TRAIN_IMAGES,
        TEST_IMAGES,
    ),
}
KMEANS: Names = {"encode": FEATURES}
GRAPH: Names = {
    "encode": (*FEATURES, TRAIN_IMAGES),
    "train": ("neighbors.npy", TRAIN_IMAGES, "#config.model", "#config.latent_dim"),  # `graph_features`
}
PLACEMENT = tuple(
    f"{part}_{split}.npy" for part in ("assignments", "distance", "confidence") for split in ("train", "test")
)
LABEL: Names = {
    "encode": (TRAIN_IMAGES, TEST_IMAGES),
    "cluster": (*PLACEMENT, "#metrics.n_clusters", "#metrics.cluster_sizes", "#config.method"),
}
REVIEW: Names = {
    "encode": (
        *FEATURES,
        *(f"{part}_{split}.npy" for part in ("labels", "reconstruction_fvu") for split in ("train", "test")),
        *("novelty.npy", "#dataset.class_names", TRAIN_IMAGES, TEST_IMAGES),
    ),
    "train": ("#config.model", "#config.latent_dim"),  # `graph_features`
}
SCORES: Names = {
    "encode": (
        *FEATURES,
        *("labels_train.npy", "labels_test.npy", "#metrics.train", "#metrics.test"),
        *("#dataset.name", "#dataset.n_train", "#dataset.n_test", "#dataset.height", "#dataset.width"),
        "#dataset.class_names",
    ),
    "classify": ("labelled_indices.npy", "classifier.onnx", "probabilities_test.npy", "#metrics.labels_used"),
    "finetune": ("probabilities_test.npy", "#metrics.labels_used"),
    "cluster": (
        *("assignments_train.npy", "assignments_test.npy", "confidence_train.npy", "confidence_test.npy"),
        *(f"#metrics.{fact}" for fact in ("n_clusters", "n_small_communities", "stability", "cluster_sizes")),
    ),
    "label": ("#metrics.clusters",),
}
FIGURES: Names = {
    "train": ("decoder.onnx", "history.csv", "atoms.npy"),
    "encode": (TRAIN_IMAGES, TEST_IMAGES),
    "cluster": ("distance_test.npy", "resolutions.csv", "#config.method", "#config.n_clusters"),
}
# What a page shows of the stages that are there.
REPORT: Names = {
    "encode": (
        *("features_test.npy", "labels_test.npy", TRAIN_IMAGES, TEST_IMAGES),
        *(f"#dataset.{fact}" for fact in ("name", "n_train", "n_test", "height", "width", "class_names")),
    ),
    "classify": ("probabilities_test.npy",),
    "cluster": LABEL["cluster"],
    "label": ("#metrics.clusters",),
    "evaluate": (
        "metrics.json",
        *(f"{name}.png" for name in ("reconstructions", "loss", "feature_map", "density", "atoms", "compositions")),
        *(f"{name}.png" for name in ("confusion", "clusters", "resolutions", "mistakes")),
    ),
    "review": ("review.csv",),
}


def reads_of(config: Checked) -> Names:
    """What the stage of a config reads of earlier stages."""
    if isinstance(config, ClusterConfig):
        return GRAPH if isinstance(config.method, Graph) else KMEANS
    if isinstance(config, EvaluateConfig):
        tables = (FIGURES, SCORES) if config.figures else (SCORES,)
        stages = dict.fromkeys(stage for table in tables for stage in table)
        return {stage: tuple(name for table in tables for name in table.get(stage, ())) for stage in stages}
    return {
        EncodeConfig: ENCODE,
        ClassifyConfig: CLASSIFY,
        FinetuneConfig: FINETUNE,
        LabelConfig: LABEL,
        ReportConfig: REPORT,
        ReviewConfig: REVIEW,
    }[type(config)]
