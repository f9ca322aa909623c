"""The kinds of code that train knows, what each has for defaults, and train's config."""

from collections.abc import Mapping
from dataclasses import Field, dataclass, fields, replace
from typing import Any, Literal

from mnistae_cli.checked import WIDEST, Checked, data_dir_option, flag_of, option, seed_option
from mnistae_cli.errors import UsageError

_DENSE: Mapping[str, Any] = {
    "latent_dim": 512,
    "channels": (),
    "augment": 0.0,
    "occlusion": 0.0,
    "batch_size": 128,
    "loss": "bce",
    "learning_rate": 1e-2,
    "sparsity_weight": 4e-6,
}
_SPARSE = {name: value for name, value in _DENSE.items() if name != "sparsity_weight"} | {
    "loss": "mse",
    "learning_rate": 2e-3,
}
CODES: Mapping[str, Mapping[str, Any]] = {
    "dense": _DENSE,
    "l1": {**_SPARSE, "sparsity": "l1", "sparsity_weight": 5e-4, "sparsity_warmup": 0.1},
    "kl": {**_SPARSE, "sparsity": "kl", "sparsity_weight": 1e-3, "sparsity_target": 0.05, "sparsity_warmup": 0.1},
    "topk": {**_SPARSE, "sparsity": "topk", "k": 25, "aux_k": 256},
    "batchtopk": {**_SPARSE, "sparsity": "batchtopk", "k": 25, "aux_k": 256},
    "invariant": {
        "latent_dim": 128,
        "channels": (24, 64),
        "augment": 1.0,
        "occlusion": 0.5,
        "batch_size": 256,
        "loss": "bce",
        "learning_rate": 3e-3,
        "n_clusters": 10,
        "n_heads": 10,
        "entropy_weight": 2.5,
        "n_neighbors": 4,
    },
}
"""Kind of code → the settings whose default or whose meaning depends on it. What is not in its row, it refuses."""
OF_THE_CODE = frozenset(name for settings in CODES.values() for name in settings)
TUNED = frozenset({"loss", "learning_rate", "sparsity_weight"})  # for one kind of code, and for another mean another
USUAL_EPOCHS = {"dense": 8, "sparse": 8, "invariant": 26}
LEAST_STEPS = {"dense": 1000, "sparse": 1000, "invariant": 2000}  # fewer leave a small data set half learned


def code_settings(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The row of `CODES` that values for train mean; where there is no such code, which will be refused, dense."""
    model = values.get("model", "dense")
    code = values.get("sparsity") or "topk" if model == "sparse" else model
    return CODES.get(code, _DENSE) if isinstance(code, str) else _DENSE


def still_meant(values: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Of a preset's or a file's values for train, those that `over`, which names another code, leaves a meaning.

    A value that is the other code's default was not chosen; `run` writes them all into its config.toml.
    """
    model, before = (values | over).get("model", "dense"), values.get("model", "dense")
    usual = code_settings(values)
    foreign = OF_THE_CODE - code_settings(values | over).keys()
    if model != before:
        foreign |= TUNED | {name for name in usual if _plain(values.get(name)) == usual[name]}
        foreign |= {"epochs"} if values.get("epochs") == USUAL_EPOCHS.get(before) else set()
    return {name: value for name, value in values.items() if name not in foreign}


def _plain(value: Any) -> Any:
    """TOML has lists for tuples."""
    return tuple(value) if isinstance(value, list) else value


def options_of(code: str) -> str:
    """The options that choose a row of `CODES`."""
    return f"--model {code}" if code in ("dense", "invariant") else f"--model sparse --sparsity {code}"


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
    data_dir: str | None = data_dir_option()
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
    seed: int = seed_option()

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
