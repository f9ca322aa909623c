"""The one home of every default. Each stage has a frozen dataclass, checked when it is made."""

from dataclasses import Field, dataclass, fields, replace
from typing import Any, Literal

from mnistae_cli.checked import Checked, flag_of, option
from mnistae_cli.codes import CODES, LEAST_STEPS, OF_THE_CODE, USUAL_EPOCHS, code_settings, options_of
from mnistae_cli.errors import UsageError

DATA_DIR = "Folder to look for the data set's files in first."
SEED = "Start of every random draw."
WIDEST = 2**16  # units of a layer; more does not fit into memory
MAX_SEED = 2**32 - 1  # what scikit-learn takes

# Threads add their partial sums in the order in which they end. Two sums commute, three would not be
# associative, so with more threads the same seed could give other bytes.
REPRODUCIBLE_THREADS = 2


def check_clusters(n_clusters: int, n: int) -> None:
    """Refuse more clusters than there are training images.

    Raises:
        UsageError: there are more.
    """
    if n_clusters > n:
        raise UsageError(
            f"--clusters is {n_clusters}, and there are {n} images to learn from.", f"Give at most {n}, or more images."
        )


@dataclass(frozen=True, kw_only=True)
class TrainConfig(Checked):
    """`mnistae train`: the data set, the network, its optimisation."""

    dataset: str = option(
        "mnist", "mnist, digits, or a PATH: an .npz, .npy, or folder of IDX files or images.", no_matter=True
    )
    data_dir: str | None = option(None, DATA_DIR, no_matter=True)
    model: Literal["dense", "sparse", "invariant"] = option(
        "dense",
        "A dense code, one in which few units are active, or one that is the same for an image and small warps of it.",
    )
    latent_dim: int = option(
        None,
        "Width of the code, in units; by default 512. invariant: of the embedding; 128.",
        minimum=1,
        maximum=WIDEST,
    )
    hidden: tuple[int, ...] = option(
        (),
        "Layers before the code, in units, as 500,500,2000; the decoder of a dense or an invariant code mirrors them.",
        minimum=1,
        maximum=WIDEST,
    )
    channels: tuple[int, ...] = option(
        None,
        "Convolutions before these layers, in channels, as 16,32; invariant has 24,64. The decoder stays dense.",
        minimum=1,
        maximum=WIDEST,
    )
    sparsity: Literal["l1", "kl", "topk", "batchtopk"] | None = option(
        None, "What keeps a sparse code sparse: a penalty (l1, kl) or a choice (topk, batchtopk); by default topk."
    )
    sparsity_weight: float | None = option(
        None, "l1, kl: weight of the penalty beside the loss; a dense code has a trace of l1, 0: none.", minimum=0
    )
    sparsity_target: float | None = option(None, "kl: mean activation ρ that each unit is to have.", above=0, below=1)
    sparsity_warmup: float | None = option(
        None, "l1, kl: share of the training over which the weight grows from 0.", minimum=0, maximum=1
    )
    k: int | None = option(None, "topk: most active units of an image; batchtopk: on average.", minimum=1)
    aux_k: int | None = option(
        None, "topk, batchtopk: units silent for long that learn what the others leave over; 0: none.", minimum=0
    )
    n_clusters: int | None = option(
        None,
        "invariant: clusters that a head tells apart, of about equal size; by default 10.",
        minimum=2,
        maximum=1000,
        flag="clusters",
    )
    n_heads: int | None = option(None, "invariant: heads that each assign the clusters.", minimum=1, maximum=100)
    entropy_weight: float | None = option(
        None, "invariant: weight of the clusters' equal size beside the views' agreement.", minimum=1
    )
    n_neighbors: int | None = option(
        None,
        "invariant: nearest images, one of which is every other time the second view; 0: none.",
        minimum=0,
        maximum=100,
    )
    augment: float = option(
        None,
        "Warp the input, not the target: 1 is up to 15°, 15% in size, 0.25 in shear, 10% in place; invariant has 1.",
        minimum=0,
        maximum=4,
    )
    occlusion: float = option(
        None, "Share of the inputs of which one side is hidden; by default 0, invariant 0.5.", minimum=0, maximum=1
    )
    noise: float = option(
        0.0, "Gaussian noise on the input, not on the target: its standard deviation, 1 is white.", minimum=0, maximum=4
    )
    loss: Literal["bce", "mse"] | None = option(
        None, "Binary cross-entropy or mean squared error, per pixel; by default bce. A sparse code has mse."
    )
    epochs: int | None = option(
        None, "Passes over the training images; by default 8, invariant 26, more for few images.", minimum=1
    )
    batch_size: int = option(None, "Images per step; by default 128, invariant 256.", minimum=1)
    learning_rate: float = option(
        None,
        "Adam's step size, the peak of a one-cycle schedule; by default 1e-2, sparse 2e-3, invariant 3e-3.",
        above=0,
    )
    schedule: Literal["one-cycle", "constant"] = option(
        "one-cycle", "One-cycle: 10% linear warm-up, then a cosine to 0."
    )
    beta_2: float = option(0.99, "Adam's decay of the squared gradients.", minimum=0, below=1)
    patience: int = option(
        0, "Stop after so many epochs without a better loss on held-out training images; 0: never.", minimum=0
    )
    validation_fraction: float = option(
        0.1, "Share of the training images held out to stop by, with patience.", above=0, below=1, flag="validation"
    )
    seed: int = option(0, SEED, minimum=0, maximum=MAX_SEED)

    def __post_init__(self) -> None:
        given = {each.name: getattr(self, each.name) for each in fields(self)}
        for name, usual in code_settings(given).items():
            if given[name] is None:
                object.__setattr__(self, name, usual)
        super().__post_init__()
        if self.k is not None and given["k"] is None:
            object.__setattr__(self, "k", min(self.k, max(self.latent_dim // 2, 1)))
        foreign = OF_THE_CODE - CODES[self.code].keys()
        for each in fields(self):
            if each.name in foreign and given[each.name] is not None:
                raise self._unused(each)
        self._check_sparse()
        if self.n_clusters is not None and self.batch_size < self.n_clusters:
            raise UsageError(
                f"--batch-size is {self.batch_size}: it is to have room for {self.n_clusters} clusters.",
                f"Give at least {self.n_clusters}.",
            )

    def _check_sparse(self) -> None:
        if self.model == "sparse" and self.loss != "mse":
            raise UsageError(
                f"--loss is '{self.loss}': a sparse code adds up its atoms, which has a squared error only.",
                "Give --loss mse, or leave it out.",
            )
        if self.model == "sparse" and self.sparsity_weight == 0:
            raise UsageError(
                f"--sparsity-weight is {self.sparsity_weight}: without it nothing keeps a sparse code sparse.",
                "Give a weight above 0, or --model dense.",
            )
        if self.k is not None and self.k >= self.latent_dim:
            raise UsageError(
                f"--k is {self.k}: it must be below --latent-dim, {self.latent_dim}.",
                "Give a larger --latent-dim, or a smaller --k.",
            )

    def _unused(self, setting: Field[Any]) -> UsageError:
        """The refusal of a setting for which this kind of code has no use."""
        variant = f"--model {self.model}" if self.model != "sparse" else f"--sparsity {self.sparsity}"
        users = [options_of(code) for code, settings in CODES.items() if setting.name in settings]
        if setting.name == "sparsity":
            users = ["--model sparse"]
        if self.model == "sparse":
            users = [each.removeprefix("--model sparse ") for each in users]
        return UsageError(
            f"{flag_of(setting)} is {getattr(self, setting.name)}: {variant} does not use it.",
            f"Give {' or '.join(users)} with it, or leave it out.",
        )

    @property
    def code(self) -> str:
        """The row of `CODES` that is meant."""
        return self.sparsity or "topk" if self.model == "sparse" else self.model

    def for_images(self, n: int) -> "TrainConfig":
        """The same config with its epochs as a number, for `n` training images.

        Raises:
            UsageError: fewer images than clusters.
        """
        if self.n_clusters is not None:
            check_clusters(self.n_clusters, n)
        steps_per_epoch = -(-n // self.batch_size)
        least = -(-LEAST_STEPS[self.model] // steps_per_epoch)
        return replace(self, epochs=self.epochs or max(USUAL_EPOCHS[self.model], least))


@dataclass(frozen=True, kw_only=True)
class EncodeConfig(Checked):
    """`mnistae encode`: which images go through the encoder."""

    dataset: str | None = option(None, "Data set to encode; by default the one that train used.", no_matter=True)
    data_dir: str | None = option(None, DATA_DIR, no_matter=True)
    seed: int = option(0, "Not used: encoding draws nothing.", minimum=0, maximum=MAX_SEED, no_matter=True)


@dataclass(frozen=True, kw_only=True)
class ClassifyConfig(Checked):
    """`mnistae classify`: the labels that may be used and the head that learns from them."""

    labels: float | int = option(0.1, "Labels to learn from: a share (0.1), or a count (6000).", above=0)
    stratify: bool = option(True, "Draw the same share of every class.")
    hidden: int = option(64, "Width of the ReLU layer, in units.", minimum=1, maximum=WIDEST)
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
    seed: int = option(0, SEED, minimum=0, maximum=MAX_SEED)

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.labels, float) and self.labels > 1:
            raise UsageError(
                f"--labels is {self.labels}: a share must be at most 1.0.",
                "Give a whole number for a count of labels.",
            )


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
    seed: int = option(0, SEED, minimum=0, maximum=MAX_SEED)


@dataclass(frozen=True, kw_only=True)
class EvaluateConfig(Checked):
    """`mnistae evaluate`: what is written beside the scores."""

    figures: bool = option(True, "Draw the PNG figures.")
    probe: bool = option(False, "Fit a linear probe on the features of all training labels (seconds to minutes).")
    data_dir: str | None = option(None, DATA_DIR, no_matter=True)
    seed: int = option(
        0, "Start of every random draw (the map, what the probe holds out).", minimum=0, maximum=MAX_SEED
    )


STAGE_CONFIGS: dict[str, type[Checked]] = {
    "train": TrainConfig,
    "encode": EncodeConfig,
    "classify": ClassifyConfig,
    "cluster": ClusterConfig,
    "evaluate": EvaluateConfig,
}
