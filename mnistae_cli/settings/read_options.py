"""Which images of a data set are used: settings of the stages that open one, and the check of absurd sizes."""

from dataclasses import dataclass
from pathlib import Path

from mnistae_cli.common import DamagedInput, setting
from mnistae_cli.settings.options import Checked, option

MOST_BYTES = 2**30  # a file that unpacks to at most this is harmless
MOST_TIMES = 200  # the file's size; MNIST unpacks to 5 times its size, one repeated byte to 1,032 times


@dataclass(frozen=True, kw_only=True)
class ReadOptions(Checked):
    """Which images of a data set are used, and what is refused by default."""

    skip_damaged: bool = option(
        False, "Leave out pictures that cannot be read, or have another size than most.", affects_result=False
    )
    trust_sizes: bool = option(
        False, "Unpack a file even if its header claims very much more than its size.", affects_result=False
    )

    kept: str | None = option(
        None, "Use only the images and labels in this kept.csv of mnistae review.", affects_result=False
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
