"""The state of TensorFlow and Keras at the start of a stage: the same in a fresh process and after another stage."""

import logging

import keras
import tensorflow as tf

_started = False


def start_session(seed: int) -> None:
    """Forget earlier models and names, and start every random draw from `seed`."""
    global _started  # noqa: PLW0603
    logging.getLogger("absl").setLevel(logging.ERROR)
    tf.get_logger().setLevel(logging.ERROR)
    # To free memory takes half a second. Before the first session there are no models of ours to free.
    keras.backend.clear_session(free_memory=_started)
    _started = True
    keras.utils.set_random_seed(seed)
