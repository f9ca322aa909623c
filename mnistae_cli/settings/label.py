"""`mnistae label`: the names of the clusters."""

from dataclasses import dataclass

from mnistae_cli.settings.options import Checked, data_dir_option, option, seed_option


@dataclass(frozen=True, kw_only=True)
class LabelConfig(Checked):
    """`mnistae label`: the names of the clusters."""

    names: tuple[str, ...] = option(
        (), "A name for each cluster, for example 7,2,x; without it, earlier names are kept, or you are asked."
    )
    images_per_cluster: int = option(
        10,
        "Images per cluster on the sheet: this many of the surest ones, and as many of the least sure ones.",
        minimum=1,
        maximum=100,
        formerly="shown",
    )
    data_dir: str | None = data_dir_option()
    seed: int = seed_option("Not used: labeling is not random.", affects_result=False)
