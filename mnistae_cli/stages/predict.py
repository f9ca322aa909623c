"""`mnistae predict`: pictures → class, probability and cluster. Reads only."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.artifacts import Stored, command_for, open_stage
from mnistae_cli.clustering import assign
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
    """Name the class and the cluster of each picture; a blank one gets a `problem`.

    Args:
        images: PNG, JPEG or BMP files of any size, `.npy` arrays (H, W) or (N, H, W), or folders of them.
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
    named = [pair for path in images for pair in _read(path)]
    drawn, problems = list[NDArray[np.float32]](), dict[int, str]()
    for number, (name, image) in enumerate(named):
        try:
            drawn.append(_prepared(image, name, train, frame))
        except DamagedInput as problem:
            problems[number] = problem.problem
    if not drawn:
        raise DamagedInput(" ".join(problems.values()), "Give pictures of one sign each.")
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
        Prediction(name, None, None, None, None, problems[number])
        if number in problems
        else _prediction(name, class_names, probabilities, clusters, next(rows))
        for number, (name, _) in enumerate(named)
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


def _read(path: Path) -> Iterator[tuple[str, NDArray[Any]]]:
    """The pictures of a file, each with its name."""
    if path.is_dir():
        pictures = image_paths(path)
        if not pictures:
            raise MissingInput(f"{path} holds no PNG, JPEG or BMP file.", "Name a folder with pictures in it.")
        yield from ((str(each), read_grey(each)) for each in pictures)
        return
    if path.suffix != ".npy":
        yield str(path), read_grey(path)
        return
    array = load_npy(path)
    if array.ndim == 3 and array.shape[2] in COLOURS and array.shape[0] not in COLOURS:
        raise DamagedInput(f"{path}: an array of shape {array.shape} is one colour picture.", "Give its grey levels.")
    if array.ndim not in (2, 3) or 0 in array.shape:
        raise DamagedInput(f"{path}: an array of shape {array.shape}.", "Give (height, width) or (N, height, width).")
    pixels = checked_pixels(array if array.ndim == 3 else array[None], str(path))
    yield from ((f"{path}[{i}]" if array.ndim == 3 else str(path), pixel) for i, pixel in enumerate(pixels))


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
