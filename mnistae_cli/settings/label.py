"""`mnistae label`: the names of the clusters."""

from dataclasses import dataclass

from mnistae_cli.settings.options import Checked, data_dir_option, option, seed_option


@dataclass(frozen=True, kw_only=True)
class LabelConfig(Checked):
    """`mnistae label`: the names of the clusters."""

    names: tuple[str, ...] = option(
        (), "A name for each cluster, for example 7,2,x; else earlier ones are kept, or you are asked."
    )
    images_per_cluster: int = option(
        10,
        "Surest images of a cluster on the sheet, and as many of its least sure ones.",
        minimum=1,
        maximum=100,
        formerly="shown",
    )
    data_dir: str | None = data_dir_option()
    seed: int = seed_option("Not used: labelling draws nothing.", affects_result=False)
