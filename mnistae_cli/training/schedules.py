"""How the learning rate changes in a training."""

from typing import Any

import keras
import tensorflow as tf

WARM_UP, COOL_DOWN = 0.03, 0.7  # shares of the steps of a trapezoid


def learning_rate(schedule: str, peak: float, total_steps: int) -> Any:
    """A schedule for Keras' optimizers, by its name.

    `constant`: the peak; `one-cycle`: 10% linear warm-up, then a cosine to 0 (Smith 2018); `trapezoid`: `Trapezoid`.
    """
    if schedule == "constant":
        return peak
    if schedule == "trapezoid":
        return Trapezoid(peak, total_steps)
    warm_up = max(total_steps // 10, 1)
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0,
        decay_steps=max(total_steps - warm_up, 1),
        warmup_target=peak,
        warmup_steps=warm_up,
    )


class Trapezoid(keras.optimizers.schedules.LearningRateSchedule):
    """η min(t / (w T), 1, (T - t) / (c T)) at step t of T, not below 0, with peak η, w = 0.03 and c = 0.7.

    Zhai et al. 2022, "Scaling vision transformers". Compared with a cosine, more steps have a high rate, which helps
    with few epochs, and the end is as low.
    """

    def __init__(self, peak: float, total_steps: int) -> None:
        self._peak, self._total_steps = peak, total_steps

    def __call__(self, step: Any) -> Any:
        """The rate at a step, from 0; float32."""
        t, total = tf.cast(step, tf.float32), float(self._total_steps)
        rising, falling = t / max(WARM_UP * total, 1.0), (total - t) / (COOL_DOWN * total)
        return self._peak * tf.clip_by_value(tf.minimum(rising, falling), 0.0, 1.0)
