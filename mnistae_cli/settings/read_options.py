"""Which images of a data set are used, and how they are read: settings of the stages that open one."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mnistae_cli.common import DamagedInput, RefusedValue, UsageError, setting
from mnistae_cli.settings.options import Checked, option

PAD: Literal["pad"] = "pad"
ROLES = ("images", "labels", "names", "train_images", "train_labels", "test_images", "test_labels")
MOST_BYTES = 2**30  # a file that unpacks to at most this is harmless
MOST_TIMES = 200  # the file's size; MNIST unpacks to 5 times its size, one repeated byte to 1,032 times


@dataclass(frozen=True, kw_only=True)
class ReadOptions(Checked):
    """Which images of a data set are used, how they are read, and what is refused by default."""

    frame: Literal["pad", "ink", "stretch"] | None = option(
        None,
        "Bring pictures to one size: whole on their own ground, cropped to their ink, or stretched; by default pad if "
        "their sizes differ.",
        affects_result=False,
    )
    side: int | None = option(
        None,
        "Side of framed pictures, in pixels; by default the median of the longer sides, from 16 to 64.",
        minimum=4,
        maximum=1024,
        affects_result=False,
    )
    polarity: Literal["keep", "dark-on-light", "light-on-dark", "auto"] | None = option(
        None,
        "Polarity that all pictures get; auto: light on dark, if ink and ground can be told apart. By default auto if "
        "sizes differ, otherwise keep.",
        affects_result=False,
    )
    keys: tuple[str, ...] = option(
        (),
        "Names of the arrays or columns in a file: images=NAME,labels=NAME, also train_images, test_labels and so on.",
        affects_result=False,
    )
    transpose: bool = option(False, "Swap the axes of each image, as EMNIST needs it.", affects_result=False)
    skip_damaged: bool = option(False, "Leave out pictures that cannot be read or framed.", affects_result=False)
    trust_sizes: bool = option(
        False, "Unpack a file even if its header claims very much more than its size.", affects_result=False
    )

    kept: str | None = option(
        None, "Use only the images and labels in this kept.csv of mnistae review.", affects_result=False
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        for key in self.keys:
            role, given, name = key.partition("=")
            if not (given and name and role in ROLES):
                raise RefusedValue(self.named("keys"), key, f"it must be ROLE=NAME, with a role of {', '.join(ROLES)}")

    def refuse_keys(self, place: str) -> None:
        """Raise `UsageError` if names of arrays are given for a place that has none."""
        if self.keys:
            raise UsageError(
                f"{self.named('keys', ','.join(self.keys))} is given, but {place} has no named arrays.", "Leave it out."
            )

    def check_size(self, path: Path, unpacked: int) -> None:
        """Refuse a packed file that claims an absurd size. Nothing is unpacked.

        Args:
            path: the file.
            unpacked: the bytes to which it unpacks, as its header says.

        Raises:
            DamagedInput: more than 1 GiB, and more than 200 times the bytes of the file.
        """
        packed = path.stat().st_size
        if not self.trust_sizes and unpacked > MOST_BYTES and unpacked > MOST_TIMES * packed:
            raise DamagedInput(
                f"{path} has {packed:,} bytes, but its header says that it unpacks to {unpacked:,}.",
                f"If that is its true size, give {setting('trust_sizes', True)}; otherwise get the file again.",
            )


DEFAULT = ReadOptions()
