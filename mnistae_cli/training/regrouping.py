"""The later parts of the training of an invariant code: it learns the groups of images that it shows so far."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from mnistae_cli.clusters import Directions, find_groups
from mnistae_cli.common import Notice, Report
from mnistae_cli.data import Pixels, unit_scale
from mnistae_cli.settings import AUTO, Invariant, Training
from mnistae_cli.training.autoencoder import Autoencoder
from mnistae_cli.training.invariance import (
    DISCRIMINATION,
    HEADS,
    OF_VIEW,
    build_for_clusters,
    build_for_communities,
)

BATCH = 1000
FIRST_PART = 0.4  # share of the epochs before the groups are learned
FEWEST_EPOCHS = 2  # of a later part, if there are several
LATER_PARTS = 3  # of equal length; the groups are found anew before each
SECOND_RATE = 1 / 3  # of the learning rate, where the groups are apart
SAMPLE = 10_000  # images from which the centroids of the clusters are measured
SHARPNESS = 8.0  # logits between an image at a centroid and one at the mean of all images


@dataclass(frozen=True)
class Groups:
    """What is learned in a later part.

    Args:
        of_images: (N,) int32 from 0, the group of each image; -1: none.
        neighbors: (N, p) int32, the images that are shown as a second view of each image.
        touch: whether the groups are communities of kinds that touch; otherwise they are clusters that are apart.
    """

    of_images: NDArray[np.int32]
    neighbors: NDArray[np.int32]
    touch: bool

    @property
    def number(self) -> int:
        """The number of groups."""
        return int(self.of_images.max()) + 1

    def save(self, path: Path) -> None:
        """Write them to an `.npz` file."""
        with path.open("wb") as file:
            np.savez(file, of_images=self.of_images, neighbors=self.neighbors, touch=self.touch)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote."""
        with np.load(path, allow_pickle=False) as arrays:
            return cls(arrays["of_images"], arrays["neighbors"], bool(arrays["touch"]))


def parts_of(code: Invariant) -> Sequence[Training]:
    """One part if the number of clusters is given; otherwise later parts for the groups that are found."""
    epochs = int(code.training.epochs)
    first = max(round(FIRST_PART * epochs), 1)
    if code.n_clusters != AUTO or first == epochs:
        return [code.training]
    number = min(LATER_PARTS, max((epochs - first) // FEWEST_EPOCHS, 1))
    ends = [round(each) for each in np.linspace(first, epochs, number + 1)]
    later = [end - start for start, end in pairwise(ends)]
    return [replace(code.training, epochs=each) for each in (first, *later)]


def find(
    code: Invariant, model: Autoencoder, pixels: Pixels, nearest: NDArray[np.int32], seed: int, report: Report
) -> Groups:
    """The groups that the graph shows. No image has one unless there are at least 2, and for clusters at most a batch.

    `nearest` (N, p) are the nearest training images to each of `pixels` (N, H, W), by pixels.
    """
    directions = Directions(encoded(model, pixels)[:, code.graph_features])
    learns_communities = len(model.trained.inputs) > 1  # then kinds touched in an earlier part
    most = code.training.batch_size
    of_images, touch = find_groups(directions, nearest, most=most, seed=seed, touched=learns_communities)
    number = int(of_images.max()) + 1
    if number < 2 or (number > most and not touch):
        report(Notice("the graph shows no clusters so far, so the heads stay as they are"))
        return Groups(np.full(len(of_images), -1, np.int32), nearest, False)
    if not touch:
        report(Notice(f"so far the graph shows {number} clusters"))
        return Groups(of_images, nearest, False)
    report(Notice(f"kinds of images touch: {number} small communities are learned"))
    return Groups(of_images, directions.nearest_others(code.n_neighbors).indices, True)


def adapt(training: Training, groups: Groups) -> Training:
    """A smaller learning rate where the groups are apart."""
    if groups.touch or not groups.number:
        return training
    return replace(training, learning_rate=training.learning_rate * SECOND_RATE)


def rebuild(code: Invariant, model: Autoencoder, pixels: Pixels, groups: Groups, steps: int, seed: int) -> Autoencoder:
    """The same layers with heads for the groups; without groups, the same model."""
    if not groups.number:
        return model
    if groups.touch:
        rebuilt = build_for_communities(code, pixels, seed, groups.number)
    else:
        sizes = np.bincount(groups.of_images[groups.of_images >= 0])
        rebuilt = build_for_clusters(code, pixels, steps, seed, groups.number, (sizes / sizes.sum()).tolist())
    carry_over(model, rebuilt, pixels, groups.of_images, seed)
    return rebuilt


def encoded(model: Autoencoder, pixels: Pixels) -> NDArray[np.float32]:
    """The codes (N, D) of images (N, H, W), float32."""
    return _in_batches(model.encoder, pixels)


def carry_over(old: Autoencoder, new: Autoencoder, pixels: Pixels, groups: NDArray[np.int32], seed: int) -> None:
    """Copy the layers of an invariant network to another one, whose heads start as classifiers by the nearest centroid.

    `groups` (N,) are those of the images, numbered from 0, -1: none. The only head of a network for communities starts
    with the mean directions of its groups. Otherwise a head's logits are s · (c_k · z - |c_k|² / 2), where z is the
    embedding with mean 0 and variance 1, and c_k is its mean in group k; the heads differ by a little noise.
    """
    draws = np.random.default_rng([seed, 4])
    before, after = (model.encoder.get_layer(OF_VIEW) for model in (old, new))
    for layer in after.layers:
        if layer.name != HEADS and layer.weights:
            layer.set_weights(before.get_layer(layer.name).get_weights())
    known = [{layer.name: layer for layer in model.trained.layers}.get(DISCRIMINATION) for model in (old, new)]
    if known[0] and known[1]:
        known[1].set_weights(known[0].get_weights())
    drawn = np.sort(draws.permutation(np.flatnonzero(groups >= 0))[:SAMPLE])
    of_drawn = groups[drawn]
    embedding = _in_batches(keras.Model(after.input, after.get_layer("direction").input), pixels[drawn])
    heads = after.get_layer(HEADS)
    n_heads, n_groups = after.get_layer("by_head").output.shape[1:]
    if not heads.use_bias:
        lengths = np.maximum(np.linalg.norm(embedding, axis=1, keepdims=True), 1e-9)
        centroids = _means(embedding / lengths, of_drawn, n_groups)
        heads.set_weights([(centroids / np.maximum(np.linalg.norm(centroids, axis=1, keepdims=True), 1e-9)).T])
    else:
        mean, deviation = embedding.mean(axis=0), embedding.std(axis=0) + 1e-3
        centroids = _means((embedding - mean) / deviation, of_drawn, n_groups)
        squares = np.square(centroids).sum(axis=1)
        sharpness = SHARPNESS / squares.mean()
        kernel = sharpness * centroids.T / deviation[:, None]
        bias = -sharpness * squares / 2 - mean @ kernel
        noise = draws.normal(0, 0.01, (len(mean), heads.units))
        heads.set_weights([np.tile(kernel, (1, n_heads)) + noise, np.tile(bias, n_heads)])
    _carry_over_decoder(old.decoder, new.decoder, embedding.shape[1])


def _means(vectors: NDArray[np.float32], groups: NDArray[np.int32], n_groups: int) -> NDArray[np.float64]:
    """The mean (K, D) of the vectors (N, D) of each group; 0 for a group without any."""
    sums = np.zeros((n_groups, vectors.shape[1]))
    np.add.at(sums, groups, vectors)
    return sums / np.maximum(np.bincount(groups, minlength=n_groups), 1)[:, None]


def _carry_over_decoder(old: keras.Model, new: keras.Model, latent_dim: int) -> None:
    """Copy the decoder, without the weights of the old heads in its first layer."""
    before, after = ([layer for layer in decoder.layers if layer.weights] for decoder in (old, new))
    (kernel, *bias), wider = before[0].get_weights(), np.zeros(after[0].weights[0].shape, np.float32)
    wider[-latent_dim:] = kernel[-latent_dim:]
    after[0].set_weights([wider, *bias])
    for source, target in zip(before[1:], after[1:], strict=True):
        target.set_weights(source.get_weights())


def _in_batches(model: keras.Model, pixels: Pixels) -> NDArray[np.float32]:
    compiled: Any = tf.function(lambda batch: model(batch, training=False), reduce_retracing=True, autograph=False)
    starts = range(0, len(pixels), BATCH)
    return np.concatenate([compiled(unit_scale(pixels[start : start + BATCH])).numpy() for start in starts])
