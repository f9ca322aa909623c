"""Everything that imports TensorFlow and Keras: networks, losses, views, fitting, resuming, export.

`fit_autoencoder` and `finetune_encoder` are all that other rooms call. Importing this room loads no network library;
the first call of one of the two does, and takes seconds.
"""

from mnistae_cli.training.fitting import FinetunedEncoder, FittedAutoencoder, finetune_encoder, fit_autoencoder
