"""The kinds of code that `train` knows: the settings of each, and what it refuses.

How a kind is learned is in `training/builders.py`.
"""

from mnistae_cli.settings.codes.dense import Dense
from mnistae_cli.settings.codes.invariant import Invariant
from mnistae_cli.settings.codes.shared import (
    Code,
    Corruption,
    Layers,
    Schedule,
    Training,
    Views,
    latent_dim_option,
    loss_option,
    number_of_epochs,
    schedule_option,
)
from mnistae_cli.settings.codes.sparse import KL, L1, BatchTopK, SparseCode, TopK

CODES: list[type[Code]] = [Dense, TopK, BatchTopK, L1, KL, Invariant]
"""All kinds. The default is first, and so is the default of the sparse kinds."""
