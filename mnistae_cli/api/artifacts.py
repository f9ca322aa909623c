"""An artifacts directory as an object, which reads what the stages wrote."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.common import DamagedInput, MissingInput
from mnistae_cli.data import KEEP, for_arrays, from_array, load_npy, preparation_of, unit_scale
from mnistae_cli.networks import Network, in_batches, open_network
from mnistae_cli.scores import SPLITS
from mnistae_cli.stages.encode import check_size
from mnistae_cli.stages.predict import Prediction
from mnistae_cli.stages.predict import predict as predict_pictures
from mnistae_cli.store import DEFAULT_ROOT, Manifest, Stored, Verified, open_stage, stage_states, steady


def open(root: str | Path = DEFAULT_ROOT) -> "Artifacts":
    """Open the artifacts directory of `mnistae run` or of single stages.

    Raises:
        MissingInput: it does not exist.
    """
    root = Path(root)
    if not root.is_dir():
        raise MissingInput(f"{root} is not a directory.", "Give the directory that mnistae run wrote.")
    return Artifacts(root)


@dataclass(frozen=True)
class Artifacts:
    """The stages in a directory. A method reads its stage when it is called, and checks every byte that it reads.

    Every method raises MissingInput if its stage was not run or is older than its inputs, and DamagedInput if a file
    is not what the manifest says. A file that has not changed since an earlier call is not checked again.

    Args:
        root: the directory.
    """

    root: Path
    _verified: Verified = field(default_factory=Verified, init=False, repr=False, compare=False)

    def states(self) -> dict[str, str]:
        """Stage → `up to date`, `stale`, `missing`, `interrupted`, `damaged` or `edited`, like `mnistae status`."""
        return {stage: each["state"] for stage, each in stage_states(self.root).items()}

    def manifest(self, stage: str) -> Manifest:
        """The record of a stage: settings, inputs, figures (`metrics`), versions, time and memory."""
        return self._stage(stage, None).manifest

    def features(self, split: str = "train") -> NDArray[np.float32]:
        """The features (N, D) of the images of a split, `train` or `test`."""
        return self._array("encode", "features", split)

    def labels(self, split: str = "train") -> NDArray[np.uint8] | None:
        """The labels (N,) of a split; None if the data set has none."""
        name = f"labels_{_checked(split)}.npy"
        return self.array("encode", name) if name in self._stage("encode").manifest.files else None

    @property
    def class_names(self) -> list[str]:
        """The name of each class, in the order of the labels; empty without labels."""
        return self._stage("encode").manifest.data.class_names

    def clusters(self, split: str = "train") -> NDArray[np.int32]:
        """The cluster (N,) of each image of a split."""
        return self._array("cluster", "assignments", split)

    def confidence(self, split: str = "train") -> NDArray[np.float32]:
        """How certain the cluster of each image is, (N,) in [0, 1]."""
        return self._array("cluster", "confidence", split)

    def probabilities(self) -> NDArray[np.float32]:
        """The classifier's probabilities (N, C) for the test images."""
        return self.array("classify", "probabilities_test.npy")

    def array(self, stage: str, name: str) -> NDArray[Any]:
        """Any `.npy` file of a stage.

        Args:
            stage: for example `evaluate`.
            name: the file's name.
        """

        def read() -> NDArray[Any]:
            stored = open_stage(self.root, stage, names=(name,), verified=self._verified)
            if name not in stored.manifest.files:
                raise MissingInput(f"{stored.folder} has no {name}.", f"It has: {', '.join(stored.manifest.files)}.")
            return load_npy(stored.folder / name)

        return steady(self.root, read)

    def encode(self, images: NDArray[Any]) -> NDArray[np.float32]:
        """The features (N, D) of images (N, H, W) in the training images' range: as `load_images` gives them.

        Images of another size are framed, if those of the training were.

        Raises:
            DamagedInput: there is no image, or images of another size or type.
        """
        train, encoder = self._network("encoder")
        source = from_array(np.asarray(images), "the array")
        if not source.n:
            raise DamagedInput("the array holds no image.", "Give at least one.")
        preparation, record = preparation_of(train.manifest.data), train.manifest.data
        if (source.height, source.width) == (record.height, record.width):  # they are framed already
            preparation = replace(preparation, frame="", polarity=KEEP)
        pixels = for_arrays(preparation, source).source(source)
        check_size(pixels, train)
        return in_batches(lambda raw: encoder(unit_scale(raw)), pixels.load())

    def decode(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """The images (N, H, W) in [0, 1] that the decoder makes of features (N, D)."""
        return in_batches(self._network("decoder")[1], features.astype(np.float32, copy=False))

    def predict(
        self, images: NDArray[Any] | str | Path | Sequence[str | Path], *, frame: bool = True
    ) -> list[Prediction]:
        """Class, probability, cluster and novelty of new pictures, like `mnistae predict`.

        Args:
            images: an array (N, h, w) of any size, or files and folders.
            frame: crop, scale and center each like the training images; if False, each must have their size already.
        """
        files = [images] if isinstance(images, str | Path) else images
        given = [files] if isinstance(files, np.ndarray) else [Path(each) for each in files]
        return predict_pictures(given, self.root, frame=frame)

    def _network(self, name: str) -> tuple[Stored, Network]:
        def read() -> tuple[Stored, Network]:
            file = f"{name}.onnx"
            train = open_stage(self.root, "train", names=(file,), verified=self._verified)
            return train, open_network(train.folder / file)

        return steady(self.root, read)

    def _array(self, stage: str, name: str, split: str) -> NDArray[Any]:
        return self.array(stage, f"{name}_{_checked(split)}.npy")

    def _stage(self, stage: str, names: tuple[str, ...] | None = ()) -> Stored:
        """A stage of which these files are checked; None: all."""
        return steady(self.root, lambda: open_stage(self.root, stage, names=names, verified=self._verified))

    def _repr_html_(self) -> str:
        rows = [f"<tr><td>{stage}</td><td>{state}</td></tr>" for stage, state in self.states().items()]
        return f"<b>{escape(str(self.root))}</b><table><tr><th>stage</th><th>state</th></tr>{''.join(rows)}</table>"


def _checked(split: str) -> str:
    if split not in SPLITS:
        raise ValueError(f"split is {split!r}: it must be one of {', '.join(SPLITS)}.")
    return split
