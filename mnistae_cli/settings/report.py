"""`mnistae report`: what is on the page."""

from dataclasses import dataclass

from mnistae_cli.settings.options import Checked, data_dir_option, option, seed_option


@dataclass(frozen=True, kw_only=True)
class ReportConfig(Checked):
    """`mnistae report`: what is on the page."""

    map_images: int = option(
        10_000,
        "Test images on the map, drawn at random if there are more.",
        minimum=1,
        maximum=20_000,
        formerly="shown",
    )
    data_dir: str | None = data_dir_option()
    seed: int = seed_option("Seed of the draw of the test images on the map.")
