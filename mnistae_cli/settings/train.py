"""`mnistae train`: the data set and the kind of code."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from mnistae_cli.settings.codes import CODES
from mnistae_cli.settings.codes.shared import Code
from mnistae_cli.settings.kinds import choice, make
from mnistae_cli.settings.options import Checked, data_dir_option, memory_share_option, option, seed_option
from mnistae_cli.settings.read_options import ReadOptions


@dataclass(frozen=True, kw_only=True)
class TrainConfig(Checked):
    """The settings of `train`. The code has those of the network."""

    dataset: str = option(
        "mnist",
        "mnist, digits, or a PATH: a folder of pictures or IDX files, or a file of arrays (.npz, .npy, .mat, HDF5, "
        "CSV, Parquet).",
        affects_result=False,
    )
    data_dir: str | None = data_dir_option()
    reading: ReadOptions = ReadOptions()
    memory_share: float = memory_share_option()
    code: Code = choice(
        CODES,
        model="The kind of code; in a sparse one, few units are active.",
        sparsity="What keeps a sparse code sparse, by default topk.",
    )
    seed: int = seed_option()

    def for_images(self, n: int) -> "TrainConfig":
        """The same settings with the epochs as a number, for `n` training images; `UsageError` if these are too few."""
        return replace(self, code=self.code.for_images(n))


GRAPH_FEATURES_OF = ("#config.model", "#config.latent_dim")
"""What a stage that calls `graph_features` reads of `train`."""


def graph_features(recorded: Mapping[str, Any]) -> slice:
    """The columns of the features by which images are linked, for an autoencoder with these recorded settings."""
    return make(TrainConfig, recorded).code.graph_features
