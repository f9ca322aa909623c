"""Instance discrimination: two views of an image are nearer to each other than to the views of other images.

It keeps kinds apart for which the heads have no room.
"""

from typing import Any

import keras
from keras import ops

from mnistae_cli.training.autoencoder import batch_normalize

FAR = 1e9  # is taken from the similarity of a view to itself, which does not count


def instance_loss(a: Any, b: Any, temperature: float) -> Any:
    """NT-Xent: -log(exp(s_ij / τ) / Σ_(k ≠ i) exp(s_ik / τ)) in nats, where j is the other view of the image of view i.

    s is the cosine. Chen et al. 2020, "A simple framework for contrastive learning of visual representations".

    Args:
        a: (B, P) float32, one view of each of B images.
        b: (B, P), another view of each.
        temperature: τ, above 0.

    Returns:
        (2B,), of the views in `a`, then of those in `b`.
    """
    views = ops.normalize(ops.concatenate([a, b]), axis=1)
    n = ops.shape(a)[0]
    cosines = ops.matmul(views, ops.transpose(views)) / temperature - FAR * ops.eye(2 * n)
    others = ops.concatenate([ops.arange(n) + n, ops.arange(n)])
    return ops.sparse_categorical_crossentropy(others, cosines, from_logits=True)


@keras.saving.register_keras_serializable("mnistae")
class Discrimination(keras.layers.Layer):
    """Adds the mean of `instance_loss` over a projection of the embedding to the losses, in training.

    The projection is a layer of 256 units, batch normalization, ReLU, and a layer of 128 units. It is only used here:
    the embedding before it keeps more of what tells kinds apart.

    Args:
        weight: of the loss, above 0.
        temperature: τ, above 0.
        widths: units of the two layers.
        layer: arguments of every Keras layer.
    """

    def __init__(self, weight: float, temperature: float, widths: tuple[int, int] = (256, 128), **layer: Any) -> None:
        super().__init__(**layer)
        self.weight = weight
        self.temperature = temperature
        self.widths = tuple(widths)

    def build(self, shapes: Any) -> None:
        """Make the layers of the projection."""
        embedding = keras.Input(shapes[0][1:])
        hidden = keras.layers.Dense(self.widths[0], use_bias=False, name="hidden")(embedding)
        projected = keras.layers.Dense(self.widths[1], name="projected")(batch_normalize(hidden, "hidden"))
        self.projection = keras.Model(embedding, projected, name="projection")
        self.built = True

    def call(self, embedding_and_codes: Any, training: bool = False) -> Any:
        """Embeddings (2B, E) and codes (2B, D) of all first views, then of all second ones → the codes."""
        embedding, codes = embedding_and_codes
        if training:
            n = ops.shape(codes)[0] // 2
            projected = self.projection(embedding, training=True)
            self.add_loss(self.weight * ops.mean(instance_loss(projected[:n], projected[n:], self.temperature)))
        return codes

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer."""
        own = {"weight": self.weight, "temperature": self.temperature, "widths": self.widths}
        return {**super().get_config(), **own}
