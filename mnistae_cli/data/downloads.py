"""Download a file of a known sha256 from the first mirror that has it, with Pooch."""

from collections.abc import Sequence
from pathlib import Path

from mnistae_cli.common import Advance, MissingInput, Notice, Report, setting
from mnistae_cli.store import NO_PLACE

TIMEOUT_SECONDS = 20


class _Bar:
    """The progress bar that Pooch calls. It passes the progress on to a `Report`."""

    def __init__(self, task: str, report: Report) -> None:
        self.total = 0
        self._done = 0
        self._task, self._report = task, report

    def update(self, amount: int) -> None:
        # At the end, Pooch resets the bar and adds the whole total once more.
        self._done = min(self._done + amount, self.total)
        self._report(Advance(self._task, self._done, self.total, "bytes"))

    def reset(self) -> None:
        self._done = 0

    def close(self) -> None:
        pass


def fetch(name: str, sha256: str, mirrors: Sequence[str], folder: Path, report: Report) -> Path:
    """Download the file `name` into `folder`, from the first of the `mirrors` (URLs, ending in `/`) that has it."""
    import logging

    import pooch
    import requests

    pooch.get_logger().setLevel(logging.ERROR)
    for mirror in mirrors:
        downloader = pooch.HTTPDownloader(timeout=TIMEOUT_SECONDS, progressbar=_Bar(f"fetch {name}", report))
        try:
            return Path(pooch.retrieve(mirror + name, f"sha256:{sha256}", name, folder, downloader=downloader))
        except (requests.RequestException, ValueError, OSError) as problem:
            if isinstance(problem, OSError) and problem.errno in NO_PLACE:
                raise
            report(Notice(f"could not download {name} from {mirror} ({type(problem).__name__})"))
    raise MissingInput(
        f"{name} (sha256 {sha256}) is not on this machine, and no mirror delivered it.",
        f"Put the file into {folder}, or use a data set that needs no download: {setting('dataset', 'digits')}",
    )
