"""`mnistae review`: what is odd in the images."""

from dataclasses import dataclass

from mnistae_cli.settings.options import Checked, data_dir_option, option, seed_option


@dataclass(frozen=True, kw_only=True)
class ReviewConfig(Checked):
    """`mnistae review`: what is odd in the images."""

    apply: str | None = option(
        None,
        "Decisions on an earlier review: a CSV file with the columns split, index, suspicion, decision. "
        "Writes kept.csv and labels_corrected.npy.",
        affects_result=False,
    )
    least_rows: int = option(
        0,
        "List at least this many of the most suspicious labels and images per split, even if nothing is odd.",
        minimum=0,
        formerly="shown",
    )
    data_dir: str | None = data_dir_option()
    seed: int = seed_option("Seed of the draw of the five folds by which labels are judged.")
