"""mnistae: features of small grey images by autoencoders, classes from few labels, clusters from none.

In Python: `import mnistae_cli as mnistae`. Each name is loaded when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mnistae_cli.estimators import (
        DenseAutoencoder,
        FewLabelClassifier,
        GraphClusters,
        InvariantEncoder,
        SparseAutoencoder,
    )
    from mnistae_cli.loading import load_digits, load_images, load_mnist
    from mnistae_cli.opened import Artifacts, open

__version__ = "0.7.0"

_HOMES = {
    "estimators": (
        "DenseAutoencoder",
        "FewLabelClassifier",
        "GraphClusters",
        "InvariantEncoder",
        "SparseAutoencoder",
    ),
    "loading": ("load_digits", "load_images", "load_mnist"),
    "opened": ("Artifacts", "open"),
}

__all__ = [
    "Artifacts",
    "DenseAutoencoder",
    "FewLabelClassifier",
    "GraphClusters",
    "InvariantEncoder",
    "SparseAutoencoder",
    "load_digits",
    "load_images",
    "load_mnist",
    "open",
]


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
