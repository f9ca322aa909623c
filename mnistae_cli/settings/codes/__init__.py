"""The kinds of code that `train` knows, one module each: its settings, what it refuses, its network.

Importing this loads no network library: each kind's `build` imports `nets` when it is called.
"""

from mnistae_cli.codes.batchtopk import BatchTopK
from mnistae_cli.codes.dense import Dense
from mnistae_cli.codes.invariant import Invariant
from mnistae_cli.codes.kl import KL
from mnistae_cli.codes.l1 import L1
from mnistae_cli.codes.shared import (
    Code,
    Corruption,
    Layers,
    Learned,
    Schedule,
    Training,
    latent_dim_option,
    loss_option,
    number_of_epochs,
    schedule_option,
)
from mnistae_cli.codes.topk import TopK

CODES: list[type[Code]] = [
    Dense,
    TopK,
    BatchTopK,
    L1,
    KL,
    Invariant,
]
"""The kinds, the default first; of the sparse ones too."""

__all__ = [
    "CODES",
    "KL",
    "L1",
    "BatchTopK",
    "Code",
    "Corruption",
    "Dense",
    "Invariant",
    "Layers",
    "Learned",
    "Schedule",
    "TopK",
    "Training",
    "latent_dim_option",
    "loss_option",
    "number_of_epochs",
    "schedule_option",
]
