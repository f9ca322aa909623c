"""The one home of every default. Each stage has a frozen dataclass, checked when it is made."""

from collections.abc import Mapping
from dataclasses import Field, dataclass, fields, replace
from typing import Any, Literal

from mnistae_cli.checked import Checked, flag_of, option
from mnistae_cli.errors import UsageError

DATA_DIR = "Folder to look for the data set's files in first."
SEED = "Start of every random draw."
WIDEST = 2**16  # units of a layer; more does not fit into memory
MAX_SEED = 2**32 - 1  # what scikit-learn takes
USUAL_EPOCHS = 8
CODES: Mapping[str, Mapping[str, Any]] = {
    "dense": {"loss": "bce", "learning_rate": 1e-2, "sparsity_weight": 4e-6},
    "l1": {"loss": "mse", "learning_rate": 2e-3, "sparsity_weight": 5e-4, "sparsity_warmup": 0.1},
    "kl": {
        "loss": "mse",
        "learning_rate": 2e-3,
        "sparsity_weight": 1e-3,
        "sparsity_target": 0.05,
        "sparsity_warmup": 0.1,
    },
    "topk": {"loss": "mse", "learning_rate": 2e-3, "k": 25, "aux_k": 256},
    "batchtopk": {"loss": "mse", "learning_rate": 2e-3, "k": 25, "aux_k": 256},
}
"""Kind of code → the settings whose default or whose meaning depends on it. What is not in its row, it refuses."""
OF_THE_CODE = frozenset(name for settings in CODES.values() for name in settings)
LEAST_STEPS = 1000  # fewer steps leave a small data set half learned


def still_meant(values: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Of a preset's or a file's values for train, those that `over`, which names another code, leaves a meaning."""
    before = values.get("model", "dense")
    model = over.get("model", before)
    sparsity = over.get("sparsity", values.get("sparsity", "topk"))
    taken = CODES.get(sparsity if model == "sparse" else "dense", {})
    foreign = OF_THE_CODE - taken.keys()
    if model != before:
        foreign |= {"loss", "learning_rate", "sparsity_weight"}
    if model == "dense":
        foreign |= {"sparsity"}
    return {name: value for name, value in values.items() if name not in foreign}


@dataclass(frozen=True, kw_only=True)
class TrainConfig(Checked):
    """`mnistae train`: the data set, the network, its optimisation."""

    dataset: str = option(
        "mnist", "mnist, digits, or a PATH: an .npz, .npy, or folder of IDX files or images.", no_matter=True
    )
    data_dir: str | None = option(None, DATA_DIR, no_matter=True)
    model: Literal["dense", "sparse"] = option("dense", "A dense code, or one in which few units are active.")
    latent_dim: int = option(512, "Width of the code, in units.", minimum=1, maximum=WIDEST)
    hidden: tuple[int, ...] = option(
        (),
        "Layers before the code, in units, as 500,500,2000; a dense code's decoder mirrors them.",
        minimum=1,
        maximum=WIDEST,
    )
    channels: tuple[int, ...] = option(
        (),
        "Convolutions of stride 2 before these layers, in channels, as 16,32; the decoder stays dense.",
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
    augment: float = option(
        0.0,
        "Warp the input, not the target: 1 is up to 15°, 15% in size, 0.25 in shear, 10% in place.",
        minimum=0,
        maximum=4,
    )
    noise: float = option(
        0.0, "Gaussian noise on the input, not on the target: its standard deviation, 1 is white.", minimum=0, maximum=4
    )
    loss: Literal["bce", "mse"] | None = option(
        None, "Binary cross-entropy or mean squared error, per pixel; by default bce. A sparse code has mse."
    )
    epochs: int | None = option(
        None, "Passes over the training images; by default 8, more for few images (1,000 steps).", minimum=1
    )
    batch_size: int = option(128, "Images per step.", minimum=1)
    learning_rate: float | None = option(
        None, "Adam's step size, the peak of a one-cycle schedule; by default 1e-2, for sparse codes 2e-3.", above=0
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
        super().__post_init__()
        if self.model == "sparse" and self.sparsity is None:
            object.__setattr__(self, "sparsity", "topk")
        if self.model == "dense" and self.sparsity is not None:
            raise UsageError(
                f"--sparsity is '{self.sparsity}': --model dense does not use it.",
                "Give --model sparse with it, or leave it out.",
            )
        for each in fields(self):
            if each.name in OF_THE_CODE:
                self._settle(each)
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

    def _settle(self, setting: Field[Any]) -> None:
        """Give a setting the default of this kind of code, or refuse it where the code has no use for it."""
        name, settings = setting.name, CODES[self.code]
        value = getattr(self, name)
        if value is None:
            usual = settings.get(name)
            if name == "k" and usual:
                usual = min(usual, max(self.latent_dim // 2, 1))
            object.__setattr__(self, name, usual)
        elif name not in settings:
            variant = f"--sparsity {self.sparsity}" if self.sparsity else "--model dense"
            codes = [code for code, taken in CODES.items() if name in taken]
            users = " or ".join("--model dense" if code == "dense" else f"--sparsity {code}" for code in codes)
            raise UsageError(
                f"{flag_of(setting)} is {value}: {variant} does not use it.",
                f"Give {'' if self.model == 'sparse' else '--model sparse '}{users} with it, or leave it out.",
            )

    @property
    def code(self) -> str:
        """The row of `CODES` that is meant."""
        return self.sparsity or "dense"

    def for_images(self, n: int) -> "TrainConfig":
        """The same config with its epochs as a number, for `n` training images."""
        steps_per_epoch = -(-n // self.batch_size)
        return replace(self, epochs=self.epochs or max(USUAL_EPOCHS, -(-LEAST_STEPS // steps_per_epoch)))


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
