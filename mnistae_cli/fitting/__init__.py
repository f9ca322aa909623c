"""Learning an autoencoder or a head from arrays: what `train`, `classify` and the estimators have in common.

Importing this loads no network library: `fit_autoencoder` imports `nets` when it is called.
"""

from mnistae_cli.fitting.autoencoder import FittedAutoencoder, fit_autoencoder
from mnistae_cli.fitting.classifier import FittedClassifier, fit_classifier

__all__ = ["FittedAutoencoder", "FittedClassifier", "fit_autoencoder", "fit_classifier"]
