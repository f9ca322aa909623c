"""Data sets as arrays, with the split that the command line uses."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.data import Dataset, Pixels, load_dataset
from mnistae_cli.settings import ReadOptions, check_path


class Split(NamedTuple):
    """Images and labels of a split.

    Args:
        images: (N, H, W), uint8 from 0 to 255 or float32 from 0 to 1.
        labels: (N,) uint8, or None.
        names: the images' files, or their numbers in the array that they came from.
    """

    images: Pixels
    labels: NDArray[np.uint8] | None
    names: list[str]

    def __repr__(self) -> str:
        kinds = "no labels" if self.labels is None else f"labels of {len(np.unique(self.labels))} classes"
        return f"<{len(self.names)} images {self.images.shape[1:]} of {self.images.dtype}, {kinds}>"


@dataclass(frozen=True)
class Loaded:
    """Training and test images.

    Args:
        train: images to learn from.
        test: held-out images.
        class_names: the name of each class, in the order of the labels; empty without labels.
    """

    train: Split
    test: Split
    class_names: tuple[str, ...]


def load_digits() -> Loaded:
    """1,797 handwritten digits of 8×8 (Alpaydin & Kaynak 1998), float32 from 0 to 1; one in six is held out.

    Examples:
        >>> import mnistae_cli as mnistae
        >>> digits = mnistae.load_digits()
        >>> digits.train
        <1498 images (8, 8) of float32, labels of 10 classes>
    """
    return _arrays(load_dataset("digits"))


def load_mnist(data_dir: str | Path | None = None) -> Loaded:
    """60,000 and 10,000 handwritten digits of 28×28, uint8 (LeCun, Bottou, Bengio & Haffner 1998).

    Args:
        data_dir: folder in which the four files are looked for first; then come `MNISTAE_DATA_DIR` and the user's
            cache. If they are in none of these, they are downloaded.

    Raises:
        UsageError: `data_dir` is empty.
        MissingInput: the files are not found, and cannot be downloaded.
        DamagedInput: a file has the wrong content.
    """
    if data_dir is not None:
        check_path("data_dir", data_dir)
    folder = data_dir or os.environ.get("MNISTAE_DATA_DIR")
    return _arrays(load_dataset("mnist", str(folder) if folder else None))


def load_images(
    path: str | Path,
    *,
    skip_damaged: bool = False,
    frame: str | None = None,
    side: int | None = None,
    polarity: str | None = None,
    keys: str | Sequence[str] = (),
    transpose: bool = False,
) -> Loaded:
    """Your own images: a folder of pictures or of IDX files, or a file of arrays.

    If there is no test split, one image in six is held out. The parameters are the options of `mnistae train`.

    Args:
        path: the folder or file.
        skip_damaged: leave out pictures that cannot be read or framed.
        frame: `pad`, `ink` or `stretch`: how pictures are brought to one size; by default `pad` if their sizes differ.
        side: of framed pictures, in pixels.
        polarity: `keep`, `dark-on-light`, `light-on-dark` or `auto`.
        keys: names of the arrays in the file, for example `["images=pix", "labels=lab"]`.
        transpose: swap the axes of each image.

    Raises:
        UsageError: `path` is empty, or a parameter has a wrong value.
        MissingInput: it does not exist, or has no images.
        DamagedInput: it cannot be read.
    """
    check_path("path", path)
    reading = ReadOptions(
        skip_damaged=skip_damaged,
        frame=cast(Any, frame),
        side=side,
        polarity=cast(Any, polarity),
        keys=(keys,) if isinstance(keys, str) else tuple(keys),
        transpose=transpose,
    )
    return _arrays(load_dataset(str(Path(path).resolve()), reading=reading))


def _arrays(data: Dataset) -> Loaded:
    train, test = (Split(each.pixels.load(), each.labels, each.pixels.names()) for _, each in data.splits())
    return Loaded(train, test, data.class_names)
