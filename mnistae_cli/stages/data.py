"""`mnistae data`: which data sets are known, and where they are on this machine."""

from datetime import UTC, datetime
from typing import Any

from mnistae_cli.common import Report, UsageError, setting, silent
from mnistae_cli.data import cache, mnist
from mnistae_cli.settings import suggestion

DESCRIPTIONS = {
    "mnist": "70,000 handwritten digits of 28×28, labeled (LeCun et al. 1998)",
    "digits": "1,797 handwritten digits of 8×8, labeled, inside scikit-learn (Alpaydin & Kaynak 1998)",
}


def known_data_sets(data_dir: str | None = None) -> list[dict[str, Any]]:
    """Every known data set with its `places`: the folders in which it was looked for, and the state of its files.

    Args:
        data_dir: a folder in which it is looked for first.
    """
    searched = [
        {"folder": str(place.folder), "state": place.state, "problem": place.problem}
        for place in mnist.places(data_dir)
    ]
    embedded = [{"folder": "inside scikit-learn", "state": "sound", "problem": ""}]
    places = {"mnist": searched, "digits": embedded}
    return [{"name": name, "description": text, "places": places[name]} for name, text in DESCRIPTIONS.items()]


def packed_data_sets() -> list[dict[str, Any]]:
    """What was decoded or unpacked into the user's cache, the newest first. `state`: `kept`, or `source is gone`."""
    return [
        {
            "source": each.source,
            "folder": str(each.folder),
            "state": "kept" if each.source_is_there() else "source is gone",
            "bytes": each.n_bytes(),
            "packed": datetime.fromtimestamp(each.finished, UTC).isoformat(timespec="seconds"),
        }
        for each in cache.entries()
    ]


def remove_packed() -> int:
    """Remove everything that was decoded or unpacked into the user's cache. Returns the freed bytes."""
    return cache.remove_entries()


def fetch_data_set(name: str, report: Report = silent) -> str:
    """Download a data set into the user's cache, if it is not there, and return its folder.

    Args:
        name: `mnist` or `digits`.
        report: listener.

    Raises:
        UsageError: it is not a known data set.
        MissingInput: no mirror can be reached.
    """
    if name not in DESCRIPTIONS:
        raise UsageError(
            f"{setting('fetch', name)} is not a known data set.{suggestion(name, DESCRIPTIONS)}",
            f"Known: {', '.join(DESCRIPTIONS)}.",
        )
    return str(mnist.fetch_all(report).folder) if name == "mnist" else "inside scikit-learn"
