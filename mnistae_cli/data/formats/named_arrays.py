"""A file with several arrays as a data set: which array holds what, by its name or by `--keys`."""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Protocol

from numpy.typing import NDArray

from mnistae_cli.common import DamagedInput, Report, UsageError, setting
from mnistae_cli.data.sources import ImageSource
from mnistae_cli.data.splits import Dataset, Where, from_splits, split_of, tell_validation, with_labels
from mnistae_cli.settings import ReadOptions

# Words of an array's name, the best first.
IMAGE_WORDS = ("images", "image", "imgs", "img", "pixels", "x", "data", "features", "samples", "inputs")
LABEL_WORDS = ("labels", "label", "targets", "target", "y", "class")
NAME_WORDS = ("names", "name", "categories", "classes")
FILLERS = ("dataset", "set", "arr", "array", "class", "label", "target")  # words that do not tell more
BY_NUMBER = {"arr_0": "images", "arr_1": "labels"}  # the names that numpy.savez gives
NONE = "none"


class NamedArrays(Protocol):
    """A file with several arrays."""

    def names(self) -> list[str]:
        """The names of the arrays."""

    def array(self, name: str) -> NDArray[Any]:
        """A whole array."""

    def images(self, name: str, report: Report) -> ImageSource:
        """An array of images, with numbers that are not checked yet."""


def load_named(where: Where, file: NamedArrays, reading: ReadOptions, report: Report) -> Dataset:
    """The data set in a file with several arrays.

    Raises:
        UsageError: `--keys` names an array that the file does not have.
        DamagedInput: it has no images under a usual name, or labels that do not fit.
    """
    names = file.names()
    roles = _roles(names, reading.keys, where.location)
    train, test = "train", "test" if "test_images" in roles else "val"
    if "val_images" in roles:
        tell_validation(f"of {where.location} ({roles['val_images']})", test == "test", report)
    splits = [each for each in (train, test) if f"{each}_images" in roles]
    pixels = [file.images(roles[f"{each}_images"], report) for each in splits]
    raw = [file.array(roles[f"{each}_labels"]) if f"{each}_labels" in roles else None for each in splits]
    class_names: list[str] = []
    with suppress(DamagedInput):  # Python objects
        class_names = _class_names(file.array(roles["names"])) if "names" in roles else []
    images, numbered_names = with_labels(pixels, raw, where.location, class_names)
    return from_splits(where, images[0], images[1] if len(images) > 1 else None, numbered_names, report)


def images_of(file: NamedArrays, origin: str, reading: ReadOptions, report: Report) -> ImageSource:
    """The images in a file with several arrays; `DamagedInput` if there are several splits and none is chosen."""
    roles = _roles(file.names(), reading.keys, origin)
    several = [name for role, name in roles.items() if role.endswith("_images")]
    if len(several) > 1 and not any(key.startswith("images=") for key in reading.keys):
        raise DamagedInput(
            f"{origin} has several arrays of images: {_listed(several)}.",
            f"Choose one: {setting('keys', f'images={several[0]}')}",
        )
    return file.images(roles["train_images"], report)


def _class_names(array: NDArray[Any]) -> list[str]:
    """Names of classes; none if the array holds something else."""
    if array.ndim != 1 or array.dtype.kind not in "SU":
        return []
    names = (each.decode("utf-8", "replace") if isinstance(each, bytes) else str(each) for each in array.tolist())
    return [each.rstrip() for each in names]  # MATLAB pads them


def _roles(names: Sequence[str], keys: Sequence[str], origin: str) -> Mapping[str, str]:
    """Role, for example `train_images`, → the name of its array."""
    found: dict[str, tuple[int, str]] = {}
    for name in names:
        role, rank = _role_of(name)
        if role and (role not in found or rank < found[role][0]):
            found[role] = (rank, name)
    roles = {role: name for role, (_, name) in found.items()}
    if len(names) == 1 and not roles:
        roles = {"train_images": names[0]}
    for key in keys:
        role, _, name = key.partition("=")
        role = f"train_{role}" if role in ("images", "labels") else role
        if name == NONE and name not in names:
            roles.pop(role, None)
        elif name not in names:
            raise UsageError(f"{setting('keys', key)}: {origin} has no {name}.", f"It has: {_listed(names)}.")
        else:
            roles[role] = name
    if "train_images" not in roles:
        raise DamagedInput(
            f"{origin} has no images under a usual name, only: {_listed(names)}.",
            f"Name them: {setting('keys', 'images=NAME,labels=NAME')}",
        )
    return roles


def _role_of(name: str) -> tuple[str, int]:
    """The role of an array by its name, and how well the name fits, 0 the best; nothing for an unknown name."""
    if name in BY_NUMBER:
        return f"train_{BY_NUMBER[name]}", len(IMAGE_WORDS)
    *inside, last = re.split(r"[./]", name)
    last = re.sub(r"^([XY])(?=[a-z])|(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", r"\1_", last)
    words = [each for each in re.split(r"[^a-z]+", last.lower()) if each]
    words += [each.lower() for each in inside if split_of(each)]
    splits = {split_of(each) for each in words} - {""}
    rest = [each for each in words if not split_of(each)]
    split = splits.pop() if len(splits) == 1 else "" if splits else "train"
    for kind, known in (("names", NAME_WORDS), ("images", IMAGE_WORDS), ("labels", LABEL_WORDS)):
        hits = [each for each in rest if each in known]
        others = [each for each in rest if each not in known and each not in FILLERS]
        if hits and not others and split:
            return ("names" if kind == "names" else f"{split}_{kind}"), known.index(hits[0])
    return "", 0


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:20]) + (", …" if len(names) > 20 else "") if names else "nothing"
