"""The one home of every default. Each stage has a frozen dataclass, checked when it is made."""

import dataclasses
import difflib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args, get_origin, get_type_hints

from mnistae_cli.errors import UsageError


def option(default: Any, help: str, **rule: Any) -> Any:
    """A dataclass field that knows its help text and its rule.

    Args:
        default: the value where none is given.
        help: one sentence, with the unit.
        rule: `minimum` (allowed itself), `above` (not allowed itself), `maximum`, `below`;
            `flag`, the option's name where it is not the field's; `no_matter`, another value gives the same
            files (where data lies: its fingerprint counts instead).
    """
    return field(default=default, metadata={"help": help, **rule})


def flag_of(config_field: dataclasses.Field[Any]) -> str:
    """`--latent-dim` for the field `latent_dim`."""
    return "--" + str(config_field.metadata.get("flag", config_field.name.replace("_", "-")))


def suggestion(word: str, known: Iterable[str]) -> str:
    """`" Did you mean 'mnist'?"`, or nothing where no known word is near."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f" Did you mean '{near[0]}'?" if near else ""


class Checked:
    """Base of the configs: refuses at construction what its fields' rules do not allow.

    Raises:
        UsageError: a value of a wrong type or out of its range.
    """

    def __post_init__(self) -> None:
        hints = get_type_hints(type(self))
        for each in dataclasses.fields(self):  # type: ignore[arg-type]
            value = _coerced(getattr(self, each.name), hints[each.name])
            object.__setattr__(self, each.name, value)
            problem = _type_problem(value, hints[each.name]) or _range_problem(value, each.metadata)
            if problem:
                raise UsageError(
                    f"{flag_of(each)} is {_shown(value)}: it must be {problem}.",
                    f"Give {flag_of(each)} another value, or leave it out.",
                )


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return ",".join(map(str, value)) or "empty"
    return repr(value) if isinstance(value, str) else str(value)


def _coerced(value: Any, hint: Any) -> Any:
    """TOML knows no tuples and the command line types '1' where '1.0' is meant."""
    if get_origin(hint) is tuple and isinstance(value, list):
        return tuple(value)
    if hint is float and type(value) is int:
        return float(value)
    return value


def _type_problem(value: Any, hint: Any) -> str:
    if get_origin(hint) is Literal:
        return "" if value in get_args(hint) else "one of " + ", ".join(map(str, get_args(hint)))
    if get_origin(hint) is tuple:
        whole = isinstance(value, tuple) and all(type(part) is int for part in value)
        return "" if whole else "whole numbers, as 500,500,2000"
    allowed = get_args(hint) or (hint,)
    if type(value) not in allowed:
        names = {int: "a whole number", float: "a number", str: "text", bool: "true or false"}
        return " or ".join(names[kind] for kind in allowed if kind in names)
    if isinstance(value, float) and not math.isfinite(value):
        return "a finite number"
    return ""


def _range_problem(value: Any, rule: Mapping[str, Any]) -> str:
    for number in value if isinstance(value, tuple) else (value,) if value is not None else ():
        if "minimum" in rule and number < rule["minimum"]:
            return f"at least {rule['minimum']}"
        if "above" in rule and number <= rule["above"]:
            return f"above {rule['above']}"
        if "maximum" in rule and number > rule["maximum"]:
            return f"at most {rule['maximum']}"
        if "below" in rule and number >= rule["below"]:
            return f"below {rule['below']}"
    return ""


DATA_DIR = "Folder to look for the data set's files in first."
SEED = "Start of every random draw."
WIDEST = 2**16  # units of a layer; more does not fit into memory
MAX_SEED = 2**32 - 1  # what scikit-learn takes
USUAL_EPOCHS = 8
LEAST_STEPS = 1000  # fewer steps leave a small data set half learned


@dataclass(frozen=True, kw_only=True)
class TrainConfig(Checked):
    """`mnistae train`: the data set, the network, its optimisation."""

    dataset: str = option(
        "mnist", "mnist, digits, or a PATH: an .npz, .npy, or folder of IDX files or images.", no_matter=True
    )
    data_dir: str | None = option(None, DATA_DIR, no_matter=True)
    latent_dim: int = option(512, "Width of the code, in units.", minimum=1, maximum=WIDEST)
    hidden: tuple[int, ...] = option(
        (), "Layers before the code, in units, as 500,500,2000; the decoder mirrors them.", minimum=1, maximum=WIDEST
    )
    loss: Literal["bce", "mse"] = option("bce", "Binary cross-entropy or mean squared error, per pixel.")
    epochs: int | None = option(
        None, "Passes over the training images; by default 8, more for few images (1,000 steps).", minimum=1
    )
    batch_size: int = option(128, "Images per step.", minimum=1)
    learning_rate: float = option(7e-3, "Adam's step size; the peak of a one-cycle schedule.", above=0)
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
        0.3, "Pull of the weights towards 0: this times the learning rate, per step (AdamW).", minimum=0
    )
    label_smoothing: float = option(0.1, "Share of each target spread over all classes.", minimum=0, below=1)
    epochs: int = option(50, "Passes over the drawn labels.", minimum=1)
    batch_size: int = option(32, "Images per step.", minimum=1)
    learning_rate: float = option(1e-2, "Adam's step size; the peak of a one-cycle schedule.", above=0)
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
    n_init: int = option(3, "Starts (k-means++); the one of lowest inertia is kept.", minimum=1)
    max_iter: int = option(300, "Most iterations of one start.", minimum=1)
    tol: float = option(1e-4, "Stop when the centroids move less than this, relative to the variance.", minimum=0)
    seed: int = option(0, SEED, minimum=0, maximum=MAX_SEED)


@dataclass(frozen=True, kw_only=True)
class EvaluateConfig(Checked):
    """`mnistae evaluate`: what is written beside the scores."""

    figures: bool = option(True, "Draw the PNG figures.")
    data_dir: str | None = option(None, DATA_DIR, no_matter=True)
    seed: int = option(0, "Start of every random draw (the two-dimensional map).", minimum=0, maximum=MAX_SEED)


STAGE_CONFIGS: dict[str, type[Checked]] = {
    "train": TrainConfig,
    "encode": EncodeConfig,
    "classify": ClassifyConfig,
    "cluster": ClusterConfig,
    "evaluate": EvaluateConfig,
}
