"""Networks and their training. TensorFlow and Keras are imported in this package and nowhere else.

Importing it takes seconds: import it inside the function that trains.
"""

import gc
import os

from mnistae_cli.nets.unused import UNUSED, hidden
from mnistae_cli.own_process import is_own

# With oneDNN, a step of an invariant training takes two thirds of the time. TensorFlow reads this when it is imported.
# By itself it uses oneDNN only on processors with special instructions for networks (VNNI, AMX).
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
# The import makes about a million objects, and all of them stay. To look for garbage among them takes a tenth of the
# import's time.
_gc_was_on = gc.isenabled()
gc.disable()
try:
    with hidden(*(UNUSED if is_own() else ())):
        from mnistae_cli.nets.augmentation import corrupted
        from mnistae_cli.nets.autoencoder import Autoencoder, build_dense
        from mnistae_cli.nets.batches import Examples, plan_steps
        from mnistae_cli.nets.export import export_onnx, load_keras
        from mnistae_cli.nets.finetuning import build_finetuned, labelled_loss
        from mnistae_cli.nets.invariance import build_invariant
        from mnistae_cli.nets.regrouping import carry_over, encoded
        from mnistae_cli.nets.resuming import Part
        from mnistae_cli.nets.runtime import start_session
        from mnistae_cli.nets.sparse import build_sparse, growing
        from mnistae_cli.nets.sparsity import BatchTopK, KLPenalty, L1Penalty, TopK
        from mnistae_cli.nets.training import Fitted, Optimisation, train_network
finally:
    if _gc_was_on:
        gc.enable()

__all__ = [
    "Autoencoder",
    "BatchTopK",
    "Examples",
    "Fitted",
    "KLPenalty",
    "L1Penalty",
    "Optimisation",
    "Part",
    "TopK",
    "build_dense",
    "build_finetuned",
    "build_invariant",
    "build_sparse",
    "carry_over",
    "corrupted",
    "encoded",
    "export_onnx",
    "growing",
    "labelled_loss",
    "load_keras",
    "plan_steps",
    "start_session",
    "train_network",
]
