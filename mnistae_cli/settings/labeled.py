"""Which labels may be used: shared by every stage that learns from labels."""

from dataclasses import dataclass

from mnistae_cli.common import RefusedValue, UsageError, setting
from mnistae_cli.settings.options import Checked, option, seed_option

WHICH = frozenset({"labels", "per_class", "indices"})
"""Settings that say which labels may be used; at most one of them is given."""


@dataclass(frozen=True, kw_only=True)
class LabeledConfig(Checked):
    """Which labels a stage may use."""

    labels: float | int | None = option(
        None, "Labels to learn from: a share (0.1), or a count (6000); by default 0.1.", above=0
    )
    per_class: int | None = option(None, "Labels of each class to learn from, instead of --labels.", minimum=1)
    indices: str | None = option(
        None,
        "Training images whose labels are used, instead of a draw: an .npy like an earlier labelled_indices.npy.",
        affects_result=False,
    )
    labels_from: str | None = option(
        None,
        "Labels to draw from, instead of the data set's: a kept.csv or labels_corrected.npy of mnistae review.",
        affects_result=False,
    )
    stratify: bool = option(True, "Draw the same share of every class.")
    seed: int = seed_option()

    def __post_init__(self) -> None:
        given = [setting(name) for name in ("labels", "per_class", "indices") if getattr(self, name) is not None]
        if len(given) > 1:
            raise UsageError(f"{' and '.join(given)} contradict each other.", "Give one of them.")
        if not given:
            object.__setattr__(self, "labels", 0.1)
        super().__post_init__()
        if self.per_class is not None and not self.stratify:
            both = f"{setting('per_class')} and {setting('stratify', False)}"
            raise UsageError(f"{both} contradict each other.", "Give one of them.")
        if isinstance(self.labels, float) and self.labels > 1:
            remedy = "Give a whole number for a count of labels."
            raise RefusedValue(setting("labels"), self.labels, "a share must be at most 1.0", remedy)
