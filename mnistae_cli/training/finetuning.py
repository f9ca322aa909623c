"""Encoder and head, trained together on the drawn labels and on pseudo-labels of the other images."""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from mnistae_cli.data import Drawn, Pixels, unit_scale
from mnistae_cli.networks import prototype_weights
from mnistae_cli.settings import FinetuneConfig
from mnistae_cli.training.augmentation import RandomAffine
from mnistae_cli.training.invariance import mean_over_places
from mnistae_cli.training.losses import Loss, softmax_crossentropy

BATCH = 1000
MOST_REPEATS = 60  # of a label; the number was chosen on training images whose labels were not drawn


@dataclass(frozen=True)
class Finetuned:
    """Models over the same layers.

    Args:
        encoder: images (B, H, W) → features (B, D), the mean over five shifts.
        classifier: features (B, D) → probabilities (B, C).
        trained: pairs (B, 2, H, W) of a labeled image and any image → logits (B, C) of the first.
        whole: images → probabilities; the model that is saved.
    """

    encoder: keras.Model
    classifier: keras.Model
    trained: keras.Model
    whole: keras.Model


@keras.saving.register_keras_serializable("mnistae")
class SelfTraining(keras.layers.Layer):
    """Adds weight · mean_i([max p_i >= threshold] · -log q_i(argmax p_i)) to the losses.

    p are the probabilities of a weakly warped view, and q those of a strongly warped one. No gradient goes through p
    (Sohn et al. 2020, "FixMatch").

    Args:
        threshold: lowest confidence of a pseudo-label, in [0, 1].
        weight: at least 0.
        layer: arguments of every Keras layer.
    """

    def __init__(self, threshold: float, weight: float, **layer: Any) -> None:
        super().__init__(**layer)
        self.threshold = threshold
        self.weight = weight

    def call(self, learned_and_answers: Any) -> Any:
        """Logits (2B, C) of labeled images and of strong views, and (B, C) of weak views → those of labeled images."""
        learned, weak = learned_and_answers
        n = ops.shape(weak)[0]
        labeled, strong = learned[:n], learned[n:]
        probabilities = ops.stop_gradient(ops.softmax(weak))
        confident = ops.cast(ops.max(probabilities, axis=1) >= self.threshold, strong.dtype)
        losses = ops.sparse_categorical_crossentropy(ops.argmax(probabilities, axis=1), strong, from_logits=True)
        self.add_loss(self.weight * ops.mean(confident * losses))
        return labeled

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer."""
        return {**super().get_config(), "threshold": self.threshold, "weight": self.weight}


def build_finetuned(
    autoencoder: keras.Model,
    pixels: Pixels,
    codes: NDArray[np.float32],
    drawn: Drawn,
    n_classes: int,
    views: FinetuneConfig,
) -> Finetuned:
    """The encoder of `autoencoder` with a head, which starts as a classifier by the nearest class mean.

    The class means are taken over all images, `pixels` (N, H, W) with `codes` (N, D). An image without a drawn label
    counts for the class whose drawn images have the nearest mean code.
    """
    height, width = pixels.shape[1:]
    backbone = _backbone(autoencoder)
    whole = keras.Input((height, width), name="images")
    encoder = keras.Model(whole, mean_over_places(whole, backbone), name="encoder")
    head = keras.layers.Dense(n_classes, name="logits")
    features = keras.Input(encoder.output_shape[1:], name="features")
    classifier = keras.Model(features, keras.layers.Softmax(name="softmax")(head(features)), name="classifier")
    head.set_weights(list(_first_head(backbone, pixels, codes, drawn, n_classes)))

    pairs = keras.Input((2, height, width), name="pairs")
    weak = RandomAffine(views.augment / 2, views.seed, name="weak")
    strong = RandomAffine(views.augment, views.seed ^ 1, name="strong")
    # No side is hidden here: a digit without a side may look like another digit, and would get the wrong label.
    learned = keras.layers.Concatenate(axis=0, name="learned")([weak(pairs[:, 0]), strong(pairs[:, 1])])
    answers = head(backbone(weak(pairs[:, 1])))  # separate: no gradient is computed for them
    self_training = SelfTraining(views.threshold, views.unlabeled_weight, name="self_training")
    trained = keras.Model(pairs, self_training([head(backbone(learned)), answers]))
    return Finetuned(encoder, classifier, trained, keras.Model(whole, classifier(encoder.output), name="finetuned"))


def labeled_loss(n_labelled: int, n: int, n_classes: int) -> Loss:
    """min(1, 60 L / N) times the cross-entropy: a label has the weight of at most 60 unlabeled images.

    Labels are repeated, one for each image. Without this limit, a few memorized labels would outweigh the other images.

    Args:
        n_labelled: L, number of drawn labels.
        n: N, number of all training images.
        n_classes: C.

    Returns:
        The loss: labels (B,), logits (B, C) → (B,), in nats.
    """
    crossentropy, weight = softmax_crossentropy(0.0, n_classes), min(1.0, MOST_REPEATS * n_labelled / n)
    return lambda labels, logits: weight * crossentropy(labels, logits)


def _first_head(
    backbone: keras.Model, pixels: Pixels, codes: NDArray[np.float32], drawn: Drawn, n_classes: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    kernel, bias = prototype_weights(codes[drawn.indices], drawn.labels, n_classes)
    predicted = (codes @ kernel + bias).argmax(axis=1).astype(np.uint8)
    predicted[drawn.indices] = drawn.labels
    starts = range(0, len(pixels), BATCH)
    features = [backbone(unit_scale(pixels[start : start + BATCH])).numpy() for start in starts]
    return prototype_weights(np.concatenate(features), predicted, n_classes)


def _backbone(autoencoder: keras.Model) -> keras.Model:
    """Images → features of one view: the embedding of an invariant code, or another code itself."""
    if "code_of_view" in [layer.name for layer in autoencoder.layers]:
        view = autoencoder.get_layer("code_of_view")
        return keras.Model(view.inputs, view.get_layer("embedding_active").output, name="backbone")
    return keras.Model(autoencoder.inputs, autoencoder.get_layer("code").output, name="backbone")
