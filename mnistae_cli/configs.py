"""The one home of every default. Each stage has a frozen dataclass, checked when it is made; train's is in codes.py."""

from dataclasses import dataclass, fields, replace
from typing import Literal

from mnistae_cli.checked import WIDEST, Checked, data_dir_option, flag_of, option, seed_option
from mnistae_cli.codes import TrainConfig
from mnistae_cli.errors import UsageError

# Threads add their partial sums in the order in which they end. Two sums commute, three would not be
# associative, so with more threads the same seed could give other bytes.
REPRODUCIBLE_THREADS = 2


@dataclass(frozen=True, kw_only=True)
class EncodeConfig(Checked):
    """`mnistae encode`: which images go through the encoder."""

    dataset: str | None = option(None, "Data set to encode; by default the one that train used.", no_matter=True)
    data_dir: str | None = data_dir_option()
    seed: int = seed_option("Not used: encoding draws nothing.", no_matter=True)


WHICH = frozenset({"labels", "per_class", "indices"})  # one of them says which labels may be used


@dataclass(frozen=True, kw_only=True)
class LabelledConfig(Checked):
    """Which labels may be used, wherever some are."""

    labels: float | int | None = option(
        None, "Labels to learn from: a share (0.1), or a count (6000); by default 0.1.", above=0
    )
    per_class: int | None = option(None, "Labels of each class to learn from, instead of --labels.", minimum=1)
    indices: str | None = option(
        None,
        "Training images whose labels are used, instead of a draw: an .npy, as an earlier labelled_indices.npy.",
        no_matter=True,
    )
    stratify: bool = option(True, "Draw the same share of every class.")
    seed: int = seed_option()

    def __post_init__(self) -> None:
        given = [flag_of(each) for each in fields(self) if each.name in WHICH and getattr(self, each.name) is not None]
        if len(given) > 1:
            raise UsageError(f"{' and '.join(given)} contradict each other.", "Give one of them.")
        if not given:
            object.__setattr__(self, "labels", 0.1)
        super().__post_init__()
        if self.per_class is not None and not self.stratify:
            raise UsageError("--per-class and --no-stratify contradict each other.", "Give one of them.")
        if isinstance(self.labels, float) and self.labels > 1:
            raise UsageError(
                f"--labels is {self.labels}: a share must be at most 1.0.",
                "Give a whole number for a count of labels.",
            )


@dataclass(frozen=True, kw_only=True)
class ClassifyConfig(LabelledConfig):
    """`mnistae classify`: the labels that may be used and the head that learns from them."""

    head: Literal["mlp", "linear", "prototypes"] = option(
        "mlp", "A hidden layer, none, or for very few labels the nearest mean of a class."
    )
    hidden: int = option(64, "mlp: width of the ReLU layer, in units.", minimum=1, maximum=WIDEST)
    standardize: bool = option(True, "Scale each feature to mean 0 and variance 1 first.")
    weight_decay: float = option(
        0.6, "Pull of the weights towards 0: this times the learning rate, per step (AdamW).", minimum=0
    )
    label_smoothing: float = option(0.1, "Share of each target spread over all classes.", minimum=0, below=1)
    epochs: int = option(50, "Passes over the drawn labels.", minimum=1)
    batch_size: int = option(128, "Images per step.", minimum=1)
    learning_rate: float = option(2e-2, "Adam's step size; the peak of a one-cycle schedule.", above=0)
    schedule: Literal["one-cycle", "constant"] = option(
        "one-cycle", "One-cycle: 10% linear warm-up, then a cosine to 0."
    )
    patience: int = option(
        0, "Stop after so many epochs without a better loss on held-out drawn labels; 0: never.", minimum=0
    )
    validation_fraction: float = option(
        0.1, "Share of the drawn labels held out to stop by, with patience.", above=0, below=1, flag="validation"
    )
    calibrate: bool = option(True, "Temper the probabilities by labels held out of the drawn ones, a fifth at a time.")


@dataclass(frozen=True, kw_only=True)
class ClusterConfig(Checked):
    """`mnistae cluster`: scikit-learn's KMeans on the training features."""

    n_clusters: int = option(10, "Number of clusters.", minimum=1, flag="clusters")
    n_init: int = option(5, "Starts (k-means++); the one of lowest inertia is kept.", minimum=1)
    init_size: int = option(
        6000, "Images drawn for trying the starts, at least 3 a cluster; the best goes on with all images.", minimum=1
    )
    max_iter: int = option(300, "Most iterations of one start.", minimum=1)
    tol: float = option(1e-4, "Stop when the centroids move less than this, relative to the variance.", minimum=0)
    seed: int = seed_option()


@dataclass(frozen=True, kw_only=True)
class EvaluateConfig(Checked):
    """`mnistae evaluate`: what is written beside the scores."""

    figures: bool = option(True, "Draw the PNG figures.")
    probe: bool = option(False, "Fit a linear probe on the features of all training labels (seconds to minutes).")
    data_dir: str | None = data_dir_option()
    seed: int = seed_option("Start of every random draw (the map, what the probe holds out).")


FINETUNE_EPOCHS = 10
FINETUNE_STEPS = 1000  # at least; fewer leave a small data set half learned


@dataclass(frozen=True, kw_only=True)
class FinetuneConfig(LabelledConfig):
    """`mnistae finetune`: encoder and head together, on few labels and on the rest without."""

    augment: float = option(1.0, "Warps of the strong view, as train's; the weak one has half.", minimum=0, maximum=4)
    threshold: float = option(0.95, "Least confidence of a label that an image gives itself.", minimum=0, maximum=1)
    unlabelled_weight: float = option(0.3, "Weight of these labels beside the drawn ones.", minimum=0)
    epochs: int | None = option(None, "Passes over the training images; by default 10, more for few images.", minimum=1)
    batch_size: int = option(256, "Labelled and other images per step, as many of each.", minimum=1)
    learning_rate: float = option(3e-3, "Adam's step size; the peak of a one-cycle schedule.", above=0)
    schedule: Literal["one-cycle", "constant"] = option(
        "one-cycle", "One-cycle: 10% linear warm-up, then a cosine to 0."
    )
    ema: float = option(0.99, "Share of the old in the running mean of the weights, which is kept.", minimum=0, below=1)
    data_dir: str | None = data_dir_option()

    def for_images(self, n: int) -> "FinetuneConfig":
        """The same config with its epochs as a number, for `n` training images."""
        least = -(-FINETUNE_STEPS // -(-n // self.batch_size))
        return replace(self, epochs=self.epochs or max(FINETUNE_EPOCHS, least))


@dataclass(frozen=True, kw_only=True)
class LabelConfig(Checked):
    """`mnistae label`: the names of the clusters."""

    names: tuple[str, ...] = option(
        (), "A name for each cluster, as 7,2,x; else earlier ones are kept, or you are asked."
    )
    shown: int = option(
        10, "Images of a cluster nearest its centroid, and of its least sure ones.", minimum=1, maximum=100
    )
    data_dir: str | None = data_dir_option()
    seed: int = seed_option("Not used: labelling draws nothing.", no_matter=True)


STAGE_CONFIGS: dict[str, type[Checked]] = {
    "train": TrainConfig,
    "encode": EncodeConfig,
    "classify": ClassifyConfig,
    "finetune": FinetuneConfig,
    "cluster": ClusterConfig,
    "label": LabelConfig,
    "evaluate": EvaluateConfig,
}
PIPELINE = ("train", "encode", "classify", "cluster", "evaluate")  # what `run` does; to label takes a person
