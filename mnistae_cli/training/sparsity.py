"""Penalties and layers that make a code sparse.

Codes `z` are (B, D) float32: B images, D units. Everything here can be saved by Keras and loaded again.
"""

from typing import Any

import keras
from keras import ops

EPSILON = 1e-7  # a mean activation is clipped to [1e-7, 1 - 1e-7], so that its logarithm is finite
SILENT = 5000  # a unit is dead if it was not active on this many images
AUXILIARY_WEIGHT = 1 / 32  # of the loss of dead units, as in Gao et al.
MEMORY = 0.99  # share of the old value in a running mean of thresholds

serializable = keras.saving.register_keras_serializable("mnistae")


@serializable
class L1Penalty(keras.regularizers.Regularizer):
    """weight · mean_i Σ_j |z_ij| (Olshausen & Field 1997, "Sparse coding with an overcomplete basis set").

    It is a mean over the images, so it does not grow with the batch. (As the `activity_regularizer` of a layer,
    it would be divided by the batch size again. `ActivityPenalty` does not do that.)

    Args:
        weight: at least 0.
    """

    def __init__(self, weight: float) -> None:
        self.weight = weight

    def __call__(self, z: Any) -> Any:
        """Codes (B, D) → scalar."""
        return self.weight * ops.mean(ops.sum(ops.abs(z), axis=1))

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal object."""
        return {"weight": self.weight}


@serializable
class KLPenalty(keras.regularizers.Regularizer):
    """weight · Σ_j KL(ρ ‖ ρ̂_j) with ρ̂_j = mean_i z_ij, for units z in (0, 1) (Ng 2011, CS294A lecture notes).

    KL(ρ ‖ ρ̂) = ρ log(ρ / ρ̂) + (1 - ρ) log((1 - ρ) / (1 - ρ̂)), in nats; ρ̂ is clipped to [1e-7, 1 - 1e-7].

    Args:
        weight: at least 0.
        target: ρ, in (0, 1).
    """

    def __init__(self, weight: float, target: float) -> None:
        self.weight = weight
        self.target = target

    def __call__(self, z: Any) -> Any:
        """Codes (B, D) → scalar."""
        mean = ops.clip(ops.mean(z, axis=0), EPSILON, 1 - EPSILON)
        on = self.target * ops.log(self.target / mean)
        off = (1 - self.target) * ops.log((1 - self.target) / (1 - mean))
        return self.weight * ops.sum(on + off)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal object."""
        return {"weight": self.weight, "target": self.target}


@serializable
class ActivityPenalty(keras.layers.Layer):
    """Passes codes on and adds penalty(z) to the losses, in training min(1, step / `warmup_steps`) · penalty(z).

    Args:
        penalty: codes (B, D) → scalar.
        warmup_steps: at least 0; with 0 or 1, the first step has the whole penalty.
        layer: arguments of every Keras layer.
    """

    def __init__(self, penalty: keras.regularizers.Regularizer, warmup_steps: int = 0, **layer: Any) -> None:
        super().__init__(**layer)
        self.penalty = penalty
        self.warmup_steps = warmup_steps
        self.steps = self.add_weight(shape=(), initializer="zeros", trainable=False, name="steps")

    def call(self, z: Any, training: bool = False) -> Any:
        """Codes (B, D) → the same.

        Args:
            z: the codes.
            training: if False, the penalty has its full weight.
        """
        if training:
            self.steps.assign_add(1.0)
        grown = ops.minimum(self.steps / max(self.warmup_steps, 1), 1.0) if training else 1.0
        self.add_loss(grown * self.penalty(z))
        return z

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal object."""
        penalty = keras.saving.serialize_keras_object(self.penalty)
        return {**super().get_config(), "penalty": penalty, "warmup_steps": self.warmup_steps}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "ActivityPenalty":
        """The layer that `get_config` describes."""
        return cls(**{**config, "penalty": keras.saving.deserialize_keras_object(config["penalty"])})


@serializable
class TopK(keras.layers.Layer):
    """z_ij = a_ij if a_ij = max(0, h_ij) is one of the `k` largest of its image, otherwise 0.

    Makhzani & Frey 2013, "k-Sparse autoencoders"; with the ReLU of Gao et al. 2024. No image has more than `k`
    active units: if several units share the last place, none of them is active.

    Args:
        k: from 1 to D - 1.
        layer: arguments of every Keras layer.
    """

    def __init__(self, k: int, **layer: Any) -> None:
        super().__init__(**layer)
        self.k = k

    def call(self, h: Any) -> Any:
        """Values before the activation (B, D), D > k → codes (B, D)."""
        activations = ops.relu(h)
        first_left_out = ops.top_k(activations, self.k + 1)[0][:, -1:]
        return ops.where(activations > first_left_out, activations, 0.0)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal object."""
        return {**super().get_config(), "k": self.k}


@serializable
class BatchTopK(keras.layers.Layer):
    """In training, keeps the k · B largest of a batch's B · D activations max(0, h); otherwise those above a threshold.

    The threshold θ is the running mean over training batches of the largest activation that was left out. Outside of
    training z_ij = a_ij if a_ij > θ, otherwise 0: about k units are active on average, and the code of an image does
    not depend on the other images of its batch. Bussmann et al. 2024, "BatchTopK sparse autoencoders".

    Args:
        k: average per image, from 1 to D - 1.
        layer: arguments of every Keras layer.
    """

    def __init__(self, k: int, **layer: Any) -> None:
        super().__init__(**layer)
        self.k = k
        self.threshold = self.add_weight(shape=(), initializer="zeros", trainable=False, name="threshold")
        self.batches = self.add_weight(shape=(), initializer="zeros", trainable=False, name="batches")

    def call(self, h: Any, training: bool = False) -> Any:
        """Values before the activation (B, D), D > k → codes (B, D).

        Args:
            h: the values.
            training: keep the largest of the batch, and learn the threshold; if False, use the threshold.
        """
        activations = ops.relu(h)
        threshold = self._learn_threshold(activations) if training else self.threshold
        return ops.where(activations > threshold, activations, 0.0)

    def _learn_threshold(self, activations: Any) -> Any:
        kept = self.k * ops.shape(activations)[0]
        threshold = ops.stop_gradient(ops.top_k(ops.reshape(activations, (-1,)), kept + 1)[0][-1])
        old = ops.minimum(self.batches / (self.batches + 1), MEMORY)  # at first, a plain mean of all batches
        self.threshold.assign(old * self.threshold + (1 - old) * threshold)
        self.batches.assign_add(1.0)
        return threshold

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal object."""
        return {**super().get_config(), "k": self.k}


@serializable
class PreBias(keras.layers.Layer):
    """One vector b of pixels: x - b goes into the encoder, and b + Σ_j z_j d_j comes out of the decoder.

    Bricken et al. 2023, "Towards monosemanticity". Both share b, so a code describes how an image differs from b.
    """

    def build(self, shape: Any) -> None:
        """Make b, (P,), for pixels (B, P)."""
        self.bias = self.add_weight(shape=(shape[-1],), initializer="zeros", name="bias")

    def call(self, x: Any, back: bool = False) -> Any:
        """Subtract b from pixels.

        Args:
            x: (B, P).
            back: add b instead.
        """
        return x + self.bias if back else x - self.bias


@serializable
class DeadUnitLoss(keras.layers.Layer):
    """Adds 1/32 · mean (e - ê)² to the loss of a training step, so that dead units learn the residual.

    e = x - x̂ is the residual, without gradient; ê = Σ_j h_j d_j over the `k` dead units with the largest h. A unit is
    dead if it was not active in the last 5,000 training images. Gao et al. 2024, "Scaling and evaluating sparse
    autoencoders". They apply a ReLU to h first, but then a unit that is negative for every image stays dead forever.

    Args:
        k: number of dead units that learn from an image, at most D.
        atoms: the layer D → P without a bias; the rows of its kernel are the d_j.
        layer: arguments of every Keras layer.
    """

    def __init__(self, k: int, atoms: keras.layers.Layer, **layer: Any) -> None:
        super().__init__(**layer)
        self.k = k
        self.atoms = atoms

    def build(self, shapes: Any) -> None:
        """Make the number of images since each unit was active, (D,)."""
        self.silent = self.add_weight(shape=(shapes[-1][-1],), initializer="zeros", trainable=False, name="silent")

    def call(self, inputs: Any, training: bool = False) -> Any:
        """[x, x̂ (B, P), values before the activation h, codes z (B, D)] → x̂ as it is.

        Args:
            inputs: the four tensors.
            training: if False, no loss is added.
        """
        x, reconstruction, h, z = inputs
        if training:
            dead = self.silent > SILENT
            self.silent.assign(ops.where(ops.any(z > 0, axis=0), 0.0, self.silent + ops.shape(z)[0]))
            residual = ops.stop_gradient(x - reconstruction)
            # The matrix products take a third of a step, so they are skipped while no unit is dead.
            self.add_loss(ops.cond(ops.any(dead), lambda: self._loss(residual, h, dead), lambda: ops.zeros(())))
        return reconstruction

    def _loss(self, residual: Any, h: Any, dead: Any) -> Any:
        candidates = ops.where(dead, h, ops.min(h) - 1)
        chosen = ops.logical_and(dead, candidates >= ops.top_k(candidates, self.k)[0][:, -1:])
        predicted = self.atoms(ops.where(chosen, h, 0.0))
        return AUXILIARY_WEIGHT * ops.mean(ops.square(residual - predicted))

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal object."""
        return {**super().get_config(), "k": self.k, "atoms": keras.saving.serialize_keras_object(self.atoms)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "DeadUnitLoss":
        """The layer that `get_config` describes."""
        return cls(**{**config, "atoms": keras.saving.deserialize_keras_object(config["atoms"])})
