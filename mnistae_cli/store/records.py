"""The record of a data set in a manifest: where it is, what it holds, and the hashes of what a stage has read of it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

# What a stage that reads the images names in its reads: see `Manifest.fingerprints`.
TRAIN_IMAGES, TEST_IMAGES = "#dataset.sha256.train_images", "#dataset.sha256.test_images"


@dataclass(frozen=True)
class DataRecord:
    """The record of a data set.

    Args:
        name: a short name for titles.
        source: the value of `--dataset` that finds it again: a known name, or an absolute path.
        location: the folder or file that it was read from.
        n_train: number of training images.
        n_test: number of test images.
        height: of an image, in pixels.
        width: of an image, in pixels.
        sha256: part → its hash, hex. Parts are `train_images` and `test_images`; for a stage that may read labels also
            `class_names`, and `train_labels` and `test_labels` if there are labels.
        files: what `see` returned for the location before it was read; empty if there are no files.
        n_skipped: number of damaged pictures that are left out.
        trusted: whether the sizes in the headers of its files were trusted.
        kept: the file that lists the images to use; empty if all are used.
        keys: the names of the arrays in its file, as the user gave them; empty if not given.
        preparation: how the images were brought to their size and range: `data.Preparation`; None before 0.9.0.
        class_names: the name of each class, in the order of the labels; empty without labels, and for a stage that may
            not read them.
    """

    name: str
    source: str
    location: str
    n_train: int
    n_test: int
    height: int
    width: int
    sha256: Mapping[str, str]
    files: Mapping[str, Any] = field(default_factory=dict)
    n_skipped: int = 0
    trusted: bool = False
    kept: str = ""
    keys: str = ""
    preparation: Mapping[str, Any] | None = None
    class_names: list[str] = field(default_factory=list)

    @classmethod
    def from_dict(cls, recorded: Mapping[str, Any]) -> Self:
        """The record in a manifest. It has only those fields that were written."""
        record = object.__new__(cls)
        vars(record).update(recorded)
        return record

    def as_dict(self) -> dict[str, Any]:
        """What a manifest holds."""
        recorded = asdict(self)
        return recorded if self.has_labels else {key: recorded[key] for key in recorded if key != "class_names"}

    @property
    def has_labels(self) -> bool:
        """Whether the stage may read labels."""
        return "class_names" in self.sha256
