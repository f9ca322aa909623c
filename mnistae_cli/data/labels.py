"""Labels in any usual form, as numbers of classes with names."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.common import DamagedInput, setting

Labels = NDArray[np.uint8]
"""(N,): the number of each image's class, from 0; `UNLABELED` if it is not known."""

UNLABELED = 255
WHOLE = re.compile(r"(-?[0-9]{1,15})(\.0*)?|")  # also nothing, for an image without a label
MOST_CLASSES = 256  # with `UNLABELED` images, one less


def number_labels(
    splits: Sequence[NDArray[Any] | None], counts: Sequence[int], origin: str, names: Sequence[str] = ()
) -> tuple[list[Labels | None], tuple[str, ...]]:
    """The labels of some splits as numbers of classes, and the names of the classes.

    Labels are whole numbers, also as floats or text, one-hot rows, or names. -1 means that there is no label. The
    classes are those that occur; if these are numbers, they are in the order of the numbers.

    Args:
        splits: the labels of each split, (N,), (N, 1), (1, N) or one-hot (N, C); None without labels.
        counts: N of each split.
        origin: their name in messages.
        names: names of the numbers from 0, if they are known.

    Raises:
        DamagedInput: there is not one label per image, a label has another form, or there are too many classes.
    """
    plain = [None if each is None else _plain(each, n, origin) for each, n in zip(splits, counts, strict=True)]
    given = [each for each in plain if each is not None]
    if not given:
        return [None] * len(plain), ()
    if _is_text(given):
        plain = [each if each is None or each.dtype.kind == "U" else _as_text(each) for each in plain]
        given = [each for each in plain if each is not None]
    everything = np.concatenate(given)
    labeled = everything[everything != ("" if everything.dtype.kind == "U" else -1)]
    classes: NDArray[Any] = np.unique(labeled)
    if not len(classes):
        return [None] * len(plain), ()
    if len(classes) > MOST_CLASSES - (len(labeled) < len(everything)):
        raise DamagedInput(
            f"{origin} has labels of {len(classes):,} classes, and at most {MOST_CLASSES - 1} can be told apart.",
            f"Leave the labels out with {setting('keys', 'images=NAME,labels=none')}, or give fewer classes.",
        )
    numbered = [None if each is None else _numbers(each.astype(classes.dtype), classes) for each in plain]
    first = 1 if classes.dtype.kind == "i" and classes[0] == 1 and classes[-1] == len(names) else 0
    return numbered, tuple(_name(each, names, first) for each in classes.tolist())


def labeled(labels: Labels, n_classes: int) -> NDArray[np.bool_]:
    """Which images (N,) have a label."""
    return labels < n_classes


def _is_text(given: Sequence[NDArray[Any]]) -> bool:
    return any(each.dtype.kind == "U" for each in given)


def _numbers(labels: NDArray[Any], classes: NDArray[Any]) -> Labels:
    places = np.searchsorted(classes, labels).clip(0, len(classes) - 1)
    return np.where(classes[places] == labels, places, UNLABELED).astype(np.uint8)


def _name(label: Any, names: Sequence[str], first: int) -> str:
    """The name of a class, if `names` are those of the numbers from `first`; otherwise its label."""
    return names[label - first] if isinstance(label, int) and 0 <= label - first < len(names) else str(label)


def _as_text(labels: NDArray[np.int64]) -> NDArray[Any]:
    return np.where(labels == -1, "", labels.astype(str))


def _plain(labels: NDArray[Any], n: int, origin: str) -> NDArray[Any]:
    """Labels (N,) as int64 with -1 for none, or as text with nothing for none."""
    shape = labels.shape
    if labels.ndim == 2 and 1 in shape and labels.size == n:
        labels = labels.reshape(-1)
    if labels.ndim == 2 and len(labels) == n and labels.dtype.kind in "buif":
        if not (np.isin(labels, (0, 1)).all() and (labels.sum(axis=1) <= 1).all()):
            raise DamagedInput(
                f"{origin} has labels of shape {shape} that are not one-hot.", "Give one label per image."
            )
        labels = np.where(labels.any(axis=1), labels.argmax(axis=1), -1)
    if labels.shape != (n,):
        raise DamagedInput(f"{origin} has labels of shape {shape} for {n} images.", "Give one label per image.")
    if labels.dtype.kind in "SU":
        return _from_text(labels)
    if labels.dtype.kind not in "buif":
        raise DamagedInput(f"{origin} has labels of dtype {labels.dtype}.", "Give whole numbers from 0, or names.")
    if labels.dtype.kind == "f":
        labels = np.where(np.isnan(labels), -1, labels)
    wrong = (labels < -1) | (labels != np.floor(labels)) | (np.abs(labels.astype(np.float64)) > 2**53)
    if wrong.any():
        image = int(np.flatnonzero(wrong)[0])
        raise DamagedInput(
            f"{origin}: the label of image {image} is {labels[image]}.",
            "Give whole numbers from 0, names, or -1 for none.",
        )
    return labels.astype(np.int64)


def _from_text(labels: NDArray[Any]) -> NDArray[Any]:
    """Text as numbers, if all of it is whole numbers, for example "3" or "-1.0"; otherwise as it is."""
    text = np.char.decode(labels, "utf-8", "replace") if labels.dtype.kind == "S" else labels
    words: NDArray[Any] = np.char.strip(text)
    found = [WHOLE.fullmatch(word) for word in words.tolist()]
    if not any(each and each[1] for each in found):
        return words
    return np.array([int(each[1] or -1) for each in found if each], np.int64) if all(found) else words
