"""`mnistae encode`: which images go through the encoder."""

from dataclasses import dataclass

from mnistae_cli.settings.options import Checked, data_dir_option, option, seed_option
from mnistae_cli.settings.read_options import Reading


@dataclass(frozen=True, kw_only=True)
class EncodeConfig(Checked):
    """`mnistae encode`: which images go through the encoder."""

    dataset: str | None = option(None, "Data set to encode; by default the one that train used.", no_matter=True)
    data_dir: str | None = data_dir_option()
    reading: Reading = Reading()
    seed: int = seed_option("Not used: encoding draws nothing.", no_matter=True)
