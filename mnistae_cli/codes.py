"""The kinds of code that train knows, and what each has for defaults."""

from collections.abc import Mapping
from typing import Any

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
