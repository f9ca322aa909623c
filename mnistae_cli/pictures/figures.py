"""The pictures of `mnistae evaluate` as Matplotlib figures, for files and notebooks. They do not need a display."""

from mnistae_cli.pictures._axes import save
from mnistae_cli.pictures._clusters import clusters, mistakes, resolutions
from mnistae_cli.pictures._codes import atoms, compositions, density, feature_map
from mnistae_cli.pictures._training import confusion_matrix, loss_curve, one_per_class, reconstructions

__all__ = [
    "atoms",
    "clusters",
    "compositions",
    "confusion_matrix",
    "density",
    "feature_map",
    "loss_curve",
    "mistakes",
    "one_per_class",
    "reconstructions",
    "resolutions",
    "save",
]
