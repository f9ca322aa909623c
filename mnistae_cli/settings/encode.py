"""`mnistae encode`: which images go through the encoder."""

from dataclasses import dataclass

from mnistae_cli.settings.options import Checked, data_dir_option, option, seed_option
from mnistae_cli.settings.read_options import ReadOptions


@dataclass(frozen=True, kw_only=True)
class EncodeConfig(Checked):
    """`mnistae encode`: which images go through the encoder."""

    dataset: str | None = option(None, "Data set to encode; by default the one that train used.", affects_result=False)
    data_dir: str | None = data_dir_option()
    reading: ReadOptions = ReadOptions()
    seed: int = seed_option("Not used: encoding is not random.", affects_result=False)
