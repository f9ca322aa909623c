"""`mnistae evaluate`: what is written besides the scores."""

from dataclasses import dataclass

from mnistae_cli.settings.options import Checked, data_dir_option, option, seed_option


@dataclass(frozen=True, kw_only=True)
class EvaluateConfig(Checked):
    """`mnistae evaluate`: what is written besides the scores."""

    figures: bool = option(True, "Draw the PNG figures.")
    probe: bool = option(
        False, "Fit a linear probe on the features and labels of all training images (seconds to minutes)."
    )
    data_dir: str | None = data_dir_option()
    seed: int = seed_option("Seed of every random draw (the map, the images that the probe holds out).")
