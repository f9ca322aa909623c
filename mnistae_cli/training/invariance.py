"""The invariant autoencoder: its code is the same for an image and for small warps of it, and contains clusters."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from mnistae_cli.data import Pixels
from mnistae_cli.settings import AUTO, Invariant
from mnistae_cli.training.augmentation import corrupt
from mnistae_cli.training.autoencoder import Autoencoder, batch_normalize, before_code, mirrored_decoder
from mnistae_cli.training.discrimination import Discrimination
from mnistae_cli.training.losses import reconstruction_loss

EPSILON = 1e-9  # a joint probability is at least this, so that its logarithm is finite
EMBEDDING_LENGTH = 0.3  # in the code; it is short, so that the probabilities of the heads decide the clusters
WHOLE = 0.15  # share of the training steps at the start in which no side of an image is hidden
FIRST_CLUSTERS = 64  # of a head, while their number is not known; more than most data sets have classes
COSINE_SCALE = 10.0  # logits of the communities between cosines of 0 and 1
COMMUNITIES_WEIGHT = 1.0
PLACES = 5  # an image and its four shifted copies; the code is the mean over them
SHIFT = 0.07  # of a copy, in sides of the image

OF_VIEW = "code_of_view"
HEADS = "heads"
DISCRIMINATION = "discrimination"

serializable = keras.saving.register_keras_serializable("mnistae")


def assignment_loss(p: Any, q: Any, entropy_weight: float, shares: Sequence[float] = ()) -> Any:
    """H(P) - 2 λ H(m) in nats. For λ = 1 it is the negative mutual information between the clusters of two views.

    P_ij = mean over images of (p_i q_j + p_j q_i) / 2, m_i = Σ_j P_ij (Ji, Henriques & Vedaldi 2019, "Invariant
    information clustering"). λ > 1 favors clusters of more equal size. With `shares` s it is
    H(P) + 2 λ (Σ_i m_i log(m_i / s_i) - H(s)), which favors clusters of these sizes. Equal shares are the same as none.

    Args:
        p: probabilities (B, H, K) float32 of K clusters by H heads, for one view of B images.
        q: the same for another view.
        entropy_weight: λ, at least 1.
        shares: (K,), the share of the images that each cluster should hold; empty: equal shares.

    Returns:
        (H,), one loss per head; the lowest possible is (1 - 2 λ) H(s), for equal shares (1 - 2 λ) log K.
    """
    joint = ops.einsum("bhi,bhj->hij", p, q) / ops.cast(ops.shape(p)[0], p.dtype)
    joint = ops.maximum((joint + ops.transpose(joint, (0, 2, 1))) / 2, EPSILON)
    marginal = ops.sum(joint, axis=2)
    joint_entropy = -ops.sum(joint * ops.log(joint), axis=(1, 2))
    if not shares:
        return joint_entropy + 2 * entropy_weight * ops.sum(marginal * ops.log(marginal), axis=1)
    wanted = np.array(shares, np.float32)
    entropy = -float((wanted * np.log(wanted)).sum())
    divergence = ops.sum(marginal * ops.log(marginal / wanted), axis=1)
    return joint_entropy + 2 * entropy_weight * (divergence - entropy)


@serializable
class Views(keras.layers.Layer):
    """In training, both images of each pair. Otherwise the two are the same image, and one of them is used."""

    def call(self, pairs: Any, training: bool = False) -> Any:
        """(B, 2, H, W) → (2B, H, W), all first images, then all second ones; (B, H, W) outside of training."""
        return ops.concatenate([pairs[:, 0], pairs[:, 1]]) if training else pairs[:, 0]


@serializable
class Agreement(keras.layers.Layer):
    """Adds the mean of `assignment_loss` over the heads to the losses, and passes on the codes of the first view.

    Args:
        entropy_weight: λ, at least 1.
        shares: (K,), the share of the images that each cluster should hold; empty: equal shares.
        layer: arguments of every Keras layer.
    """

    def __init__(self, entropy_weight: float, shares: Sequence[float] = (), **layer: Any) -> None:
        super().__init__(**layer)
        self.entropy_weight = entropy_weight
        self.shares = tuple(shares)

    def call(self, assignments_and_codes: Any, training: bool = False) -> Any:
        """Probabilities (V, H, K) and codes (V, D) of the output of `Views` → codes (B, D).

        Args:
            assignments_and_codes: the two tensors.
            training: if True, V is 2B: all first views, then all second ones; otherwise V is B.
        """
        assignments, codes = assignments_and_codes
        n = ops.shape(codes)[0] // 2 if training else ops.shape(codes)[0]
        second = assignments[n:] if training else assignments
        self.add_loss(ops.mean(assignment_loss(assignments[:n], second, self.entropy_weight, self.shares)))
        return codes[:n]

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer."""
        return {**super().get_config(), "entropy_weight": self.entropy_weight, "shares": self.shares}


@serializable
class Communities(keras.layers.Layer):
    """Adds weight · mean_i(-log p_i) to the losses: p_i is the probability of the community of a pair's first image.

    The mean is over the views of images whose community is known. Caron et al. 2018, "Deep clustering for unsupervised
    learning of visual features".

    Args:
        weight: above 0.
        layer: arguments of every Keras layer.
    """

    def __init__(self, weight: float, **layer: Any) -> None:
        super().__init__(**layer)
        self.weight = weight

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Probabilities (2B, 1, K), communities (B,), -1: not known, and codes (2B, D) → codes (B, D) of first views.

        Outside of training, there are B probabilities and codes.
        """
        assignments, communities, codes = inputs
        if not training:
            return codes
        n = ops.shape(codes)[0] // 2
        both = ops.concatenate([communities, communities])
        known = ops.cast(both >= 0, codes.dtype)
        chosen = ops.take_along_axis(assignments[:, 0], ops.maximum(both, 0)[:, None], axis=1)[:, 0]
        losses = -ops.log(ops.maximum(chosen, EPSILON)) * known
        self.add_loss(self.weight * ops.sum(losses) / ops.maximum(ops.sum(known), 1.0))
        return codes[:n]

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer."""
        return {**super().get_config(), "weight": self.weight}


def build_invariant(code: Invariant, pixels: Pixels, steps: int, seed: int) -> Autoencoder:
    """The network of `build_for_clusters`, with 64 clusters per head if their number is not known yet."""
    most = min(FIRST_CLUSTERS, code.training.batch_size, max(len(pixels), 2))
    return build_for_clusters(code, pixels, steps, seed, most if code.n_clusters == AUTO else int(code.n_clusters))


def build_for_clusters(
    code: Invariant, pixels: Pixels, steps: int, seed: int, n_clusters: int, shares: Sequence[float] = ()
) -> Autoencoder:
    """H×W → `before_code` → embedding, ReLU → heads. Code: the heads' probabilities and the embedding's direction.

    Two views of an image, each with its own warp, should get the same assignments. Unless the sizes of the clusters are
    known, they should also be nearer to each other than to the views of other images (`Discrimination`). The decoder
    should give the original image. The saved encoder takes the mean over an image and four shifted copies of it.

    Args:
        code: the settings.
        pixels: training images (N, H, W); only their size is used.
        steps: number of training steps. At first, no sides are hidden: otherwise some clusters never separate.
        seed: seed of the draws of its layers.
        n_clusters: K, the number of clusters per head.
        shares: (K,), the share of the images that each cluster should hold; empty: equal shares.
    """
    view, embedding = _embedded(code, pixels)
    logits = keras.layers.Dense(code.n_heads * n_clusters, name=HEADS)(embedding)
    logits = keras.layers.Reshape((code.n_heads, n_clusters), name="by_head")(logits)
    agreement = Agreement(code.entropy_weight, shares, name="agreement")

    def learned(assignments: Any, embedding: Any, codes: Any) -> Any:
        codes = codes if shares else _with_discrimination(code, embedding, codes)
        return agreement([assignments, codes])

    return _assembled(code, pixels, seed, round(WHOLE * steps), view, embedding, logits, learned)


def build_for_communities(code: Invariant, pixels: Pixels, seed: int, n_communities: int) -> Autoencoder:
    """Like `build_for_clusters`, but with one head, a classifier of communities of images by their direction.

    Its logits are 10 times the cosine between the embedding and the weights of a community. The network that is trained
    takes pairs (B, 2, H, W) and the communities (B,) of their first images; -1: not known.

    Args:
        code: the settings.
        pixels: training images (N, H, W); only their size is used.
        seed: seed of the draws of its layers.
        n_communities: K.
    """
    view, embedding = _embedded(code, pixels)
    unit_length = keras.constraints.UnitNorm(axis=0)
    head = keras.layers.Dense(n_communities, use_bias=False, kernel_constraint=unit_length, name=HEADS)
    cosines = head(keras.layers.UnitNormalization(name="compared")(embedding))
    logits = keras.layers.Rescaling(COSINE_SCALE, name="scaled")(cosines)
    logits = keras.layers.Reshape((1, n_communities), name="by_head")(logits)
    communities = keras.Input((), dtype="int32", name="communities")

    def learned(assignments: Any, embedding: Any, codes: Any) -> Any:
        codes = _with_discrimination(code, embedding, codes)
        return Communities(COMMUNITIES_WEIGHT, name="classified")([assignments, communities, codes])

    return _assembled(code, pixels, seed, 0, view, embedding, logits, learned, communities)


def _embedded(code: Invariant, pixels: Pixels) -> tuple[Any, Any]:
    """A view (B, H, W), and its embedding (B, E)."""
    height, width = pixels.shape[1:]
    view = keras.Input((height, width), name="view")
    signal = before_code(keras.layers.Flatten(name="flatten")(view), height, width, code.layers, normalize=True)
    dense = keras.layers.Dense(code.latent_dim, use_bias=False, name="embedding")
    return view, batch_normalize(dense(signal), "embedding")


def _with_discrimination(code: Invariant, embedding: Any, codes: Any) -> Any:
    if not code.instance_weight:
        return codes
    return Discrimination(code.instance_weight, code.temperature, name=DISCRIMINATION)([embedding, codes])


def _assembled(
    code: Invariant,
    pixels: Pixels,
    seed: int,
    whole_steps: int,
    view: Any,
    embedding: Any,
    logits: Any,
    learned: Callable[[Any, Any, Any], Any],
    *more_inputs: Any,
) -> Autoencoder:
    """The models over an embedding (B, E) and logits (B, H, K).

    `learned`: assignments, embeddings and codes of both views → codes of the first, with losses.
    """
    height, width = pixels.shape[1:]
    assignments = keras.layers.Softmax(name="assignments")(logits)
    direction = keras.layers.UnitNormalization(name="direction")(embedding)
    scaled = keras.layers.Rescaling(EMBEDDING_LENGTH, name="beside")(direction)
    whole_code = keras.layers.Concatenate(name="code")([keras.layers.Flatten(name="all_heads")(assignments), scaled])
    of_view = keras.Model(view, [assignments, embedding, whole_code], name="of_view")

    images = keras.Input((height, width), name="images")
    mean_code = mean_over_places(images, keras.Model(view, whole_code, name=OF_VIEW))
    decoder = mirrored_decoder(whole_code.shape[1], height, width, code.layers.hidden)

    pairs = keras.Input((2, height, width), name="pairs")
    seen = corrupt(Views(name="views")(pairs), code.corruption, seed, whole_steps=whole_steps)
    return Autoencoder(
        encoder=keras.Model(images, mean_code, name="encoder"),
        decoder=decoder.model,
        trained=keras.Model([pairs, *more_inputs] if more_inputs else pairs, decoder.logits(learned(*of_view(seen)))),
        whole=keras.Model(images, decoder.model(mean_code), name="autoencoder"),
        atoms=decoder.atoms,
        loss=reconstruction_loss(code.loss),
    )


def mean_over_places(images: Any, network: keras.Model) -> Any:
    """The mean output (B, D) of `network`, (B, H, W) → (B, D), for images as they are and shifted in four directions.

    They go through it as one batch, because the ONNX exporter would write five branches in a varying order.
    """
    height, width = images.shape[1:]
    pixels = max(round(SHIFT * min(height, width)), 1)
    outputs = network(ops.reshape(shift(images, pixels), (-1, height, width)))
    return ops.mean(ops.reshape(outputs, (-1, PLACES, outputs.shape[1])), axis=1)


def shift(images: Any, pixels: int) -> Any:
    """Images (B, H, W) → (B, 5, H, W): as they are, and shifted by `pixels` down, up, right, left; dark outside."""
    side = 2 * pixels + 1
    kernels = np.zeros((side, side, 1, PLACES), np.float32)
    for place, (row, column) in enumerate(((1, 1), (0, 1), (2, 1), (1, 0), (1, 2))):
        kernels[row * pixels, column * pixels, 0, place] = 1
    return ops.transpose(ops.conv(images[..., None], kernels, padding="same"), (0, 3, 1, 2))
