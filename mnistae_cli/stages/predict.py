"""`mnistae predict`: pictures → class, probability and cluster. Reads only."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.artifacts import Stored, open_stage
from mnistae_cli.clustering import assign
from mnistae_cli.directory import command_for
from mnistae_cli.errors import DamagedInput, MissingInput
from mnistae_cli.framing import Frame, frame_image
from mnistae_cli.inference import open_network
from mnistae_cli.npy import load_npy
from mnistae_cli.sources import checked_pixels, image_paths, read_grey, unit_scale

COLOURS = (3, 4)


@dataclass(frozen=True)
class Prediction:
    """What is said of one picture; None where the stage that would say it was not run.

    Args:
        image: the file, with `[i]` for the i-th image of an array.
        label: the class name.
        probability: of that class, in [0, 1].
        probabilities: class name → probability.
        cluster: number of the nearest centroid.
        problem: why nothing can be said of it; empty where something is.
    """

    image: str
    label: str | None
    probability: float | None
    probabilities: dict[str, float] | None
    cluster: int | None
    problem: str = ""


def predict(images: Sequence[Path], artifacts: Path, *, frame: bool = True) -> list[Prediction]:
    """Name the class and the cluster of each picture; one that cannot be read or is blank gets a `problem`.

    Args:
        images: PNG, JPEG or BMP files of any size, folders of them, or `.npy` arrays (H, W) or (N, H, W).
        frame: bring each into the frame of the training images; else it must have their size already.

    Raises:
        MissingInput: no autoencoder, or neither classifier nor clusters.
        DamagedInput: a file that holds no picture.
    """
    train = open_stage(artifacts, "train")
    stages = [stage for stage in ("classify", "cluster") if (artifacts / stage).exists()]
    if not stages:
        raise MissingInput(
            f"{artifacts} holds neither a classifier nor clusters.",
            f"Run: {command_for(artifacts, 'classify')}, or cluster",
        )
    stored = {stage: open_stage(artifacts, stage) for stage in stages}
    drawn, named = list[NDArray[np.float32]](), list[tuple[str, DamagedInput | None]]()
    for name, read in (pair for path in images for pair in _pictures(path)):
        try:
            drawn.append(_prepared(read(), name, train, frame))
            named.append((name, None))
        except DamagedInput as problem:
            named.append((name, problem))
    problems = [problem for _, problem in named if problem]
    if not drawn:
        raise DamagedInput(" ".join(each.problem for each in problems), problems[0].remedy)
    batch = np.stack(drawn)
    features = open_network(train.folder / "encoder.onnx")(batch)
    probabilities, class_names = None, list[str]()
    if "classify" in stored:
        probabilities = open_network(stored["classify"].folder / "classifier.onnx")(features)
        class_names = stored["classify"].manifest.metrics["class_names"]
    clusters = None
    if "cluster" in stored:
        clusters = assign(features, load_npy(stored["cluster"].folder / "centroids.npy"))
    rows = iter(range(len(drawn)))
    return [
        Prediction(name, None, None, None, None, problem.problem)
        if problem
        else _prediction(name, class_names, probabilities, clusters, next(rows))
        for name, problem in named
    ]


def _prediction(
    name: str,
    class_names: list[str],
    probabilities: NDArray[np.float32] | None,
    clusters: NDArray[np.int32] | None,
    index: int,
) -> Prediction:
    cluster = None if clusters is None else int(clusters[index])
    if probabilities is None:
        return Prediction(name, None, None, None, cluster)
    best = int(probabilities[index].argmax())
    by_name = dict(zip(class_names, (float(p) for p in probabilities[index]), strict=True))
    return Prediction(name, class_names[best], by_name[class_names[best]], by_name, cluster)


def _pictures(path: Path) -> Iterator[tuple[str, Callable[[], NDArray[Any]]]]:
    """The pictures of a file or folder: each with its name and how to read it."""
    if path.suffix == ".npy":
        array = load_npy(path)
        if array.ndim == 3 and array.shape[2] in COLOURS and array.shape[0] not in COLOURS:
            raise DamagedInput(f"{path}: shape {array.shape} is one colour picture.", "Give its grey levels.")
        if array.ndim not in (2, 3) or 0 in array.shape:
            raise DamagedInput(
                f"{path}: an array of shape {array.shape}.", "Give (height, width) or (N, height, width)."
            )
        pixels = checked_pixels(array if array.ndim == 3 else array[None], str(path))
        for number, image in enumerate(pixels):
            yield f"{path}[{number}]" if array.ndim == 3 else str(path), partial(np.asarray, image)
        return
    paths = image_paths(path) if path.is_dir() else [path]
    if not paths:
        raise MissingInput(f"{path} holds no PNG, JPEG or BMP file.", "Name a folder with pictures in it.")
    yield from ((str(each), partial(read_grey, each)) for each in paths)


def _prepared(image: NDArray[Any], name: str, train: Stored, frame: bool) -> NDArray[np.float32]:
    framing = Frame(**train.manifest.metrics["frame"])
    if frame:
        return frame_image(image, framing, name)
    if image.shape != (framing.height, framing.width):
        raise DamagedInput(
            f"{name} is {image.shape[0]}×{image.shape[1]}, the autoencoder takes {framing.height}×{framing.width}.",
            "Resize it, or leave --no-frame out.",
        )
    return unit_scale(image)
