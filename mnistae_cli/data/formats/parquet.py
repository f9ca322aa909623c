"""Parquet files of pictures, as on Hugging Face: a column of encoded pictures, and perhaps one of labels.

They need pyarrow: `pip install "mnistae[parquet]"`.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from mnistae_cli.common import DamagedInput, MnistaeError, Report, UsageError, setting
from mnistae_cli.data.cache import find_or_make
from mnistae_cli.data.labels import number_labels
from mnistae_cli.data.packing import open_pictures
from mnistae_cli.data.preparing import Preparation
from mnistae_cli.data.splits import Dataset, Images, Where, held_out, split_of, tell_validation
from mnistae_cli.settings import ReadOptions

IMAGE_COLUMNS, LABEL_COLUMNS = ("image", "img", "images"), ("label", "labels", "fine_label", "character")
LABELS = "labels.npy"
AT_ONCE = 1000  # rows


def find_parquet(folder: Path) -> dict[str, list[Path]]:
    """Split → its Parquet files in a folder or in its `data/`, for example `train-00000-of-00002.parquet`."""
    found: dict[str, list[Path]] = {}
    for path in [*sorted(folder.glob("*.parquet")), *sorted(folder.glob("data/*.parquet"))]:
        found.setdefault(split_of(path.stem.partition("-")[0]) or "train", []).append(path)
    return found


@dataclass(frozen=True)
class ParquetFiles:
    """The Parquet files of each split. Their pictures are unpacked into the user's cache once.

    Args:
        splits: split → its files, in order.
        reading: how images are read.
    """

    splits: Mapping[str, Sequence[Path]]
    reading: ReadOptions

    def load(self, where: Where, report: Report, fixed: Preparation | None) -> Dataset:
        """The data set.

        Raises:
            UsageError: pyarrow is not installed, or the cache cannot be written.
            DamagedInput: a file is damaged, or has no column of pictures.
        """
        if "val" in self.splits:
            tell_validation(self.splits["val"][0], "test" in self.splits, report)
        files = [each for paths in self._used.values() for each in paths]
        states = [(os.fspath(each.resolve()), each.stat().st_size, each.stat().st_mtime_ns) for each in files]
        key = hashlib.sha256(json.dumps(["parquet", states, self.reading.keys]).encode()).hexdigest()
        entry = find_or_make(key, files[0].resolve(), self._unpack, report)
        if not entry:
            raise UsageError(
                "the user's cache cannot be written, and Parquet files are unpacked there.",
                "Set XDG_CACHE_HOME to a folder where you may write.",
            )
        counts: Mapping[str, int] = entry.facts["counts"]
        total = sum(counts.values())
        if not total:
            raise DamagedInput(f"{files[0]} has no row.", "Give a file with pictures in it.")
        names = [str(entry.folder / f"{number:07}.picture") for number in range(total)]
        first = counts[next(iter(counts))]
        parts = held_out(total, where.location) if len(counts) == 1 else (np.arange(first), np.arange(first, total))
        pictures = open_pictures(entry.folder, names, self.reading, report, training=parts[0], fixed=fixed)
        raw = np.load(entry.folder / LABELS) if entry.facts["labels"] else None
        (labels,), class_names = number_labels([raw], [total], where.location, entry.facts["names"])
        rows = [f"{files[file]}[{row}]" for file, row in entry.facts["rows"]]  # the cache is not where they come from
        train, test = (
            Images(replace(source, files=[rows[i] for i in left]), None if labels is None else labels[left])
            for source, left in map(pictures.part, parts)
        )
        n_skipped, preparation = len(pictures.damaged), pictures.preparation
        return Dataset(where, train, test, class_names, n_skipped=n_skipped, preparation=preparation)

    @property
    def _used(self) -> dict[str, Sequence[Path]]:
        """The files of the training and, if there is one, of the test split."""
        test = self.splits.get("test", self.splits.get("val"))
        train = self.splits.get("train", next(iter(self.splits.values())))
        return {"train": train} | ({"test": test} if test and test is not train else {})

    def _unpack(self, into: Path) -> dict[str, Any]:
        """Write each picture as a file, and the labels. Returns the facts of the entry."""
        keys = dict(key.split("=", 1) for key in self.reading.keys)
        counts, rows = dict[str, int](), list[tuple[int, int]]()
        labels, names = list[Any](), list[str]()
        files = [(split, path) for split, paths in self._used.items() for path in paths]
        for number, (split, path) in enumerate(files):
            for row, (content, label, class_names) in enumerate(_rows(path, keys)):
                (into / f"{len(rows):07}.picture").write_bytes(content)
                rows.append((number, row))
                labels.append(label)
                names = class_names
                counts[split] = counts.get(split, 0) + 1
        known = [each for each in labels if each is not None]
        if known:
            none: Any = "" if isinstance(known[0], str) else -1
            np.save(into / LABELS, np.array([none if each is None else each for each in labels]))
        return {"counts": counts, "rows": rows, "labels": bool(known), "names": names}


def _rows(path: Path, keys: Mapping[str, str]) -> Iterator[tuple[bytes, Any, list[str]]]:
    """The bytes and the label of each picture in a file, and the names of its classes."""
    try:
        import pyarrow.parquet
    except ImportError:
        raise UsageError(f"{path} needs pyarrow.", 'Install it: pip install "mnistae[parquet]"') from None
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            columns = file.schema_arrow.names
            image = next((each for each in (keys.get("images"), *IMAGE_COLUMNS) if each in columns), None)
            label = next((each for each in (keys.get("labels"), *LABEL_COLUMNS) if each in columns), None)
            label = None if keys.get("labels") == "none" else label
            if image is None:
                raise DamagedInput(
                    f"{path} has no column image, only: {', '.join(columns[:20])}.",
                    f"Name it: {setting('keys', 'images=NAME,labels=NAME')}",
                )
            class_names = _class_names(file.schema_arrow.metadata, label)
            for batch in file.iter_batches(AT_ONCE, columns=[image, *([label] if label else [])]):
                for row in batch.to_pylist():
                    value = row[image]
                    content = value.get("bytes") if isinstance(value, dict) else value
                    if not isinstance(content, bytes):
                        raise DamagedInput(
                            f"{path}: column {image} does not hold the bytes of pictures.", "Embed them."
                        )
                    known = row[label] if label else None
                    if not isinstance(known, str | int | float | None):
                        raise DamagedInput(
                            f"{path}: column {label} holds {type(known).__name__}.",
                            f"Leave it out: {setting('keys', 'labels=none')}",
                        )
                    yield content, known, class_names
    except MnistaeError:
        raise
    except Exception as problem:  # pyarrow raises many kinds of errors for damaged files
        raise DamagedInput(f"{path} cannot be read as a Parquet file: {problem}.", "Save it again.") from None


def _class_names(metadata: Mapping[bytes, bytes] | None, label: str | None) -> list[str]:
    """The names of the classes that Hugging Face keeps in the schema; none if there are none."""
    with suppress(KeyError, TypeError, ValueError):
        features = json.loads((metadata or {})[b"huggingface"])["info"]["features"]
        return [str(each) for each in features[label]["names"]]
    return []
