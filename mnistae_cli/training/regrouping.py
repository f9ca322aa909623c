"""The second part of the training of an invariant code: its heads take the clusters that were found after the first."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from mnistae_cli.clusters import Directions, find_clusters
from mnistae_cli.common import Notice, Report
from mnistae_cli.data import Pixels, unit_scale
from mnistae_cli.settings import AUTO, Invariant, Training
from mnistae_cli.training.autoencoder import Autoencoder
from mnistae_cli.training.invariance import OF_VIEW, build_for_clusters

BATCH = 1000
FIRST_PART = 0.65  # share of the epochs before the heads take the number and the sizes that the graph shows
SECOND_RATE = 1 / 3  # of the learning rate, in the second part
SAMPLE = 10_000  # images from which the centroids of the clusters are measured
SHARPNESS = 8.0  # logits between an image at a centroid and one at the mean of all images


def parts_of(code: Invariant) -> Sequence[Training]:
    """One part if the number of clusters is given; otherwise a second part for the clusters that are found."""
    epochs = int(code.training.epochs)
    first = max(round(FIRST_PART * epochs), 1)
    if code.n_clusters != AUTO or first == epochs:
        return [code.training]
    rate = code.training.learning_rate * SECOND_RATE
    second = replace(code.training, epochs=epochs - first, learning_rate=rate)
    return [replace(code.training, epochs=first), second]


def find_groups(
    code: Invariant, model: Autoencoder, pixels: Pixels, nearest: NDArray[np.int32], seed: int, report: Report
) -> NDArray[np.int32]:
    """The cluster (N,) of each image by the graph; -1: none. All are -1 unless there are 2 to `batch_size` clusters.

    `nearest` (N, p) are the nearest training images to each of `pixels` (N, H, W), by pixels.
    """
    embedding = encoded(model, pixels)[:, code.graph_features]
    found = find_clusters(Directions(embedding), nearest, seed=seed)
    if not 2 <= found.n_clusters <= code.training.batch_size:
        report(Notice("the graph shows no clusters so far, so the heads stay as they are"))
        return np.full(len(embedding), -1, np.int32)
    report(Notice(f"so far the graph shows {found.n_clusters} clusters"))
    clusters = found.placement.clusters
    return np.where(clusters < found.n_clusters, clusters, np.int32(-1))


def rebuild(
    code: Invariant, model: Autoencoder, pixels: Pixels, groups: NDArray[np.int32], steps: int, seed: int
) -> Autoencoder:
    """The same layers with heads for the groups (N,) of the images; without groups, the same model."""
    sizes = [int((groups == each).sum()) for each in range(int(groups.max()) + 1)]
    if not sizes:
        return model
    rebuilt = build_for_clusters(code, pixels, steps, seed, len(sizes), [size / sum(sizes) for size in sizes])
    carry_over(model, rebuilt, pixels, groups, seed)
    return rebuilt


def encoded(model: Autoencoder, pixels: Pixels) -> NDArray[np.float32]:
    """The codes (N, D) of images (N, H, W), float32."""
    return _in_batches(model.encoder, pixels)


def carry_over(old: Autoencoder, new: Autoencoder, pixels: Pixels, clusters: NDArray[np.int32], seed: int) -> None:
    """Copy the layers of an invariant network to another one, whose heads start as classifiers by the nearest centroid.

    A head's logits are s · (c_k · z - |c_k|² / 2), where z is the embedding with mean 0 and variance 1, and c_k is its
    mean in cluster k; `clusters` (N,) are numbered from 0, -1: none. The heads differ by a little noise.
    """
    draws = np.random.default_rng([seed, 4])
    n_clusters = new.encoder.get_layer(OF_VIEW).get_layer("by_head").output.shape[2]
    before, after = (model.encoder.get_layer(OF_VIEW) for model in (old, new))
    for layer in after.layers:
        if layer.name != "heads" and layer.weights:
            layer.set_weights(before.get_layer(layer.name).get_weights())
    drawn = np.sort(draws.permutation(np.flatnonzero(clusters >= 0))[:SAMPLE])
    embedding = _in_batches(keras.Model(after.input, after.get_layer("direction").input), pixels[drawn])
    mean, deviation = embedding.mean(axis=0), embedding.std(axis=0) + 1e-3
    scaled = (embedding - mean) / deviation
    centroids = np.stack([scaled[clusters[drawn] == each].mean(axis=0) for each in range(n_clusters)])
    squares = np.square(centroids).sum(axis=1)
    sharpness = SHARPNESS / squares.mean()
    kernel = sharpness * centroids.T / deviation[:, None]
    bias = -sharpness * squares / 2 - mean @ kernel
    heads = after.get_layer("heads")
    n_heads = heads.units // n_clusters
    noise = draws.normal(0, 0.01, (len(mean), heads.units))
    heads.set_weights([np.tile(kernel, (1, n_heads)) + noise, np.tile(bias, n_heads)])
    _carry_over_decoder(old.decoder, new.decoder, len(mean))


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
