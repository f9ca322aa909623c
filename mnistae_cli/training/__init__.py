"""Everything that imports TensorFlow and Keras: networks, losses, views, fitting, resuming, export.

Other rooms only call `fit_autoencoder` and `finetune_encoder`. Importing this room does not load TensorFlow; the first
call of one of these functions does, and takes seconds.
"""

from mnistae_cli.training.fitting import FinetunedEncoder, FittedAutoencoder, finetune_encoder, fit_autoencoder
