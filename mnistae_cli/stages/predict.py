"""`mnistae predict`: pictures → class, probability and cluster. It writes nothing."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.clusters import VOTERS, Directions, place_by_centroids, place_by_neighbors
from mnistae_cli.common import DamagedInput, MissingInput, Report, UsageError, setting, silent
from mnistae_cli.curation import NoveltyBaseline, Reference
from mnistae_cli.data import (
    PICTURES,
    Frame,
    Rows,
    check_numbers,
    frame_image,
    holds_arrays,
    image_paths,
    load_npy,
    preparation_of,
    prepare_file,
    read_array,
    read_picture,
    scaled,
    unit_scale,
)
from mnistae_cli.networks import Network, open_network
from mnistae_cli.scores import unexplained_variance
from mnistae_cli.settings import graph_features
from mnistae_cli.store import Stored, command_for, open_optional, open_stage, steady

COLORS = (3, 4)

Batch = NDArray[np.float32]
"""A row for each picture: (B, H, W) in [0, 1], or features (B, D)."""


@dataclass(frozen=True)
class Prediction:
    """The prediction for one picture. A field is None if the stage that it comes from was not run.

    Args:
        image: the file, with `[i]` for the i-th image of an array.
        label: the class name.
        probability: the probability of that class, in [0, 1].
        probabilities: class name → probability.
        cluster: the cluster's number: of the nearest centroid (KMeans), or of most of the nearest images (graph).
        name: the name of that cluster, as given by a person.
        novelty: share of the training images that are less unusual, in [0, 1).
        stranger: whether the novelty is more than 99.7%: then do not trust the other fields.
        problem: why there is no prediction; empty if there is one.
    """

    image: str
    label: str | None
    probability: float | None
    probabilities: dict[str, float] | None
    cluster: int | None
    name: str | None
    novelty: float | None = None
    stranger: bool | None = None
    problem: str = ""


def predict(
    images: Sequence[Path | NDArray[Any]], artifacts: Path, report: Report = silent, *, frame: bool = True
) -> list[Prediction]:
    """Predict the class and the cluster of each picture. A picture that is blank or cannot be read gets a `problem`.

    Classes come from the fine-tuned network, or from the classifier if there is no such network or it is stale.

    Args:
        images: picture files of any size, folders of them, or arrays (H, W) or (N, H, W), also as `.npy` files.
        artifacts: the artifacts directory; nothing is written there.
        report: listener; it gets a notice about a stage that is left out.
        frame: bring each into the frame of the training images: as `train` framed these or, if it did not, cropped,
            scaled and centered like them. If False, each must have their size already.

    Raises:
        MissingInput: there is no autoencoder, or neither a classifier nor clusters.
        DamagedInput: an array does not hold pictures, or no picture can be used.
    """
    models = steady(artifacts, partial(_open, artifacts, report))
    prepared, outcomes = list[NDArray[np.float32]](), list[tuple[str, DamagedInput | None]]()
    for name, read in (pair for path in images for pair in _pictures(path)):
        try:
            prepared.append(_prepared(read(), name, models.train, frame))
            outcomes.append((name, None))
        except DamagedInput as problem:
            outcomes.append((name, problem))
    if not outcomes:
        raise UsageError("no picture is given.", "Name at least one file or folder.")
    problems = [problem for _, problem in outcomes if problem]
    if not prepared:
        raise DamagedInput(" ".join(each.problem for each in problems), problems[0].remedy)
    batch = np.stack(prepared)
    features = models.encoder(batch)
    parts = (models.classes(batch, features), models.clusters(features), models.novelties(batch, features))
    predictions = zip(*parts, strict=True)
    return [
        Prediction(name, None, None, None, None, None, problem=problem.problem)
        if problem
        else _prediction(name, *next(predictions))
        for name, problem in outcomes
    ]


@dataclass(frozen=True)
class _Models:
    """All that is read of the stages, so that they may be replaced while it is used.

    Args:
        train: the autoencoder's stage, for its manifest.
        encoder: images → features.
        classes: images and features → class name → probability, for each image.
        clusters: features → cluster and its name by `label`, for each image.
        novelties: images and features → novelty, and whether it is a stranger, for each image.
    """

    train: Stored
    encoder: Network
    classes: Callable[[Batch, Batch], list[dict[str, float] | None]]
    clusters: Callable[[Batch], list[tuple[int | None, str | None]]]
    novelties: Callable[[Batch, Batch], list[tuple[float, bool] | tuple[None, None]]]


def _open(artifacts: Path, report: Report) -> _Models:
    train = open_stage(artifacts, "train")
    stored = open_optional(artifacts, report, {"finetune": (), "label": ()})
    stored |= {stage: open_stage(artifacts, stage) for stage in ("classify", "cluster") if (artifacts / stage).exists()}
    if "cluster" in stored or (artifacts / "encode").exists():
        stored |= {"train": train, "encode": open_stage(artifacts, "encode")}
    if not stored.keys() & {"classify", "finetune", "cluster"}:
        raise MissingInput(
            f"{artifacts} has neither a classifier nor clusters.",
            f"Run: {command_for(artifacts, 'classify')}, or: {command_for(artifacts, 'cluster')}",
        )
    encoder = open_network(train.folder / "encoder.onnx")
    return _Models(train, encoder, _classes(stored), _clusters(stored), _novelties(stored))


def _novelties(stored: Mapping[str, Stored]) -> Callable[[Batch, Batch], list[tuple[float, bool] | tuple[None, None]]]:
    if "encode" not in stored:
        return lambda batch, features: [(None, None)] * len(batch)
    train, encode = stored["train"], stored["encode"]
    decoder = open_network(train.folder / "decoder.onnx")
    columns = graph_features(train.manifest.config)
    reference = Reference.from_features(Rows.open(encode.folder / "features_train.npy"), columns)
    usual = NoveltyBaseline(*load_npy(encode.folder / "novelty.npy"))

    def novelties(batch: Batch, features: Batch) -> list[tuple[float, bool] | tuple[None, None]]:
        found = usual.compare(reference.distances(features), unexplained_variance(batch, decoder(features)))
        return list(zip(found.novelty.tolist(), found.strange.tolist(), strict=True))

    return novelties


def _classes(stored: Mapping[str, Stored]) -> Callable[[Batch, Batch], list[dict[str, float] | None]]:
    """By the fine-tuned network if there is one."""
    stage = stored.get("finetune", stored.get("classify"))
    if stage is None:
        return lambda batch, features: [None] * len(batch)
    own_encoder = open_network(stage.folder / "encoder.onnx") if "finetune" in stored else None
    head, class_names = open_network(stage.folder / "classifier.onnx"), stage.manifest.metrics["class_names"]

    def classes(batch: Batch, features: Batch) -> list[dict[str, float] | None]:
        probabilities = head(own_encoder(batch) if own_encoder else features).tolist()
        return [dict(zip(class_names, each, strict=True)) for each in probabilities]

    return classes


def _places(stored: Mapping[str, Stored]) -> Callable[[Batch], NDArray[np.int32]]:
    cluster = stored["cluster"]
    config = cluster.manifest.config
    if config["method"] == "kmeans":
        metric = config.get("metric", "euclidean")  # version 0.3.0 had no other one
        centroids = load_npy(cluster.folder / "centroids.npy")
        return lambda features: place_by_centroids(features, centroids, metric).clusters
    columns = graph_features(stored["train"].manifest.config)
    known = Directions(load_npy(stored["encode"].folder / "features_train.npy")[:, columns])
    assignments = load_npy(cluster.folder / "assignments_train.npy")
    return lambda features: place_by_neighbors(known.nearest(features[:, columns], VOTERS), assignments).clusters


def _clusters(stored: Mapping[str, Stored]) -> Callable[[Batch], list[tuple[int | None, str | None]]]:
    if "cluster" not in stored:
        return lambda features: [(None, None)] * len(features)
    places = _places(stored)
    summaries = stored["label"].manifest.metrics["clusters"] if "label" in stored else []
    names = {each["cluster"]: each["name"] or None for each in summaries}
    return lambda features: [(each, names.get(each)) for each in places(features).tolist()]


def _prediction(
    image: str,
    probabilities: dict[str, float] | None,
    cluster: tuple[int | None, str | None],
    novelty: tuple[float, bool] | tuple[None, None],
) -> Prediction:
    if probabilities is None:
        return Prediction(image, None, None, None, *cluster, *novelty)
    best = max(probabilities, key=lambda name: probabilities[name])
    return Prediction(image, best, probabilities[best], probabilities, *cluster, *novelty)


def _pictures(source: Path | NDArray[Any]) -> Iterator[tuple[str, Callable[[], NDArray[Any]]]]:
    """The pictures of an array, a file or a folder: each with its name and how to read it."""
    if isinstance(source, np.ndarray):
        yield from _of_array(source, "images")
    elif source.is_file() and holds_arrays(source):
        yield from _of_array(read_array(source), str(source))
    else:
        paths = image_paths(source) if source.is_dir() else [str(source)]
        if not paths:
            raise MissingInput(f"{source} holds no {PICTURES} file.", "Give a folder with pictures in it.")
        yield from ((each, partial(read_picture, Path(each))) for each in paths)


def _of_array(array: NDArray[Any], origin: str) -> Iterator[tuple[str, Callable[[], NDArray[Any]]]]:
    if array.ndim == 3 and array.shape[2] in COLORS and array.shape[0] not in COLORS:
        raise DamagedInput(f"{origin} has the shape {array.shape}: one color picture.", "Give its gray levels.")
    if array.ndim not in (2, 3) or 0 in array.shape:
        raise DamagedInput(f"{origin} has the shape {array.shape}.", "Give (height, width) or (N, height, width).")
    check_numbers(array if array.ndim == 3 else array[None], origin)
    for number, image in enumerate(array if array.ndim == 3 else array[None]):
        yield f"{origin}[{number}]" if array.ndim == 3 else origin, partial(np.asarray, image)


def _prepared(levels: NDArray[Any], name: str, train: Stored, frame: bool) -> NDArray[np.float32]:
    """A picture (h, w) of any range as the encoder takes it, (H, W) float32 in [0, 1]."""
    preparation = preparation_of(train.manifest.data)
    if frame and preparation.frame:
        return unit_scale(prepare_file(name, levels, preparation))
    image = scaled(levels[None], preparation.top(levels), name)[0]
    framing = Frame(**train.manifest.metrics["frame"])
    if frame:
        return frame_image(image, framing, name)
    if image.shape != (framing.height, framing.width):
        raise DamagedInput(
            f"{name} is {image.shape[0]}×{image.shape[1]}, but the autoencoder takes {framing.height}×{framing.width}.",
            f"Resize it, or leave out {setting('frame', False)}.",
        )
    return unit_scale(image)
