"""Networks without TensorFlow: exported ones with ONNX Runtime; heads, their calibration and probes with NumPy."""

from mnistae_cli.networks.calibration import held_out_temperature
from mnistae_cli.networks.classifier import fit_classifier
from mnistae_cli.networks.encoding import ERRORS, FEATURES, Encoded, encode_batch
from mnistae_cli.networks.head import Head, onnx_of, write_onnx
from mnistae_cli.networks.head_training import Trained, fit_head
from mnistae_cli.networks.inference import BATCH_SIZE, Network, in_batches, open_network
from mnistae_cli.networks.probing import N_FOLDS, fit_probe, out_of_fold_probabilities
from mnistae_cli.networks.prototypes import prototype_weights, prototypes
