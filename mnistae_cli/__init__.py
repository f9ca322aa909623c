"""Learn features of small gray images with an autoencoder, classify from few labels, and cluster without labels.

In Python: `import mnistae_cli as mnistae`. Each name is loaded when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mnistae_cli.api.artifacts import Artifacts, open
    from mnistae_cli.api.classifier import FewLabelClassifier
    from mnistae_cli.api.clusters import GraphClusters
    from mnistae_cli.api.datasets import load_digits, load_images, load_mnist
    from mnistae_cli.api.dense import DenseAutoencoder
    from mnistae_cli.api.invariant import InvariantEncoder
    from mnistae_cli.api.sparse import SparseAutoencoder

__version__ = "0.9.0"

_HOMES = {
    "artifacts": ("Artifacts", "open"),
    "classifier": ("FewLabelClassifier",),
    "clusters": ("GraphClusters",),
    "datasets": ("load_digits", "load_images", "load_mnist"),
    "dense": ("DenseAutoencoder",),
    "invariant": ("InvariantEncoder",),
    "sparse": ("SparseAutoencoder",),
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
            return getattr(import_module(f"{__name__}.api.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
