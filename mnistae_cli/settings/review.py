"""`mnistae review`: what is odd in the images."""

from dataclasses import dataclass

from mnistae_cli.fields import Checked, data_dir_option, option, seed_option


@dataclass(frozen=True, kw_only=True)
class ReviewConfig(Checked):
    """`mnistae review`: what is odd in the images."""

    apply: str | None = option(
        None,
        "Decisions on an earlier review: a CSV file with the columns split, index, suspicion, decision. "
        "Writes kept.csv and labels_corrected.npy.",
        no_matter=True,
    )
    shown: int = option(50, "Least number of rows of labels, and of strangers, of each split.", minimum=0)
    data_dir: str | None = data_dir_option()
    seed: int = seed_option("Of the draw of the fifths by which labels are judged.")
