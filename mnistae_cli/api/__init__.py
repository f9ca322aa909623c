"""The stages as scikit-learn estimators: arrays in, arrays out, no files.

They take their defaults from the settings of the stages, call the same functions, and give the same numbers.
"""

from mnistae_cli.estimators.classifier import FewLabelClassifier
from mnistae_cli.estimators.clusters import GraphClusters
from mnistae_cli.estimators.dense import DenseAutoencoder
from mnistae_cli.estimators.invariant import InvariantEncoder
from mnistae_cli.estimators.sparse import SparseAutoencoder

__all__ = ["DenseAutoencoder", "FewLabelClassifier", "GraphClusters", "InvariantEncoder", "SparseAutoencoder"]
