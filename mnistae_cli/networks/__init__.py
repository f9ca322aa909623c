"""Heads, which predict a class from features: trained by NumPy, without TensorFlow, in a second."""

from mnistae_cli.heads.head import Head
from mnistae_cli.heads.prototypes import prototype_weights, prototypes
from mnistae_cli.heads.saving import onnx_of, write_keras, write_onnx
from mnistae_cli.heads.training import Trained, fit_head

__all__ = ["Head", "Trained", "fit_head", "onnx_of", "prototype_weights", "prototypes", "write_keras", "write_onnx"]
