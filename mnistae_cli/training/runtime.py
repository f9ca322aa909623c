"""Make the state of TensorFlow and Keras at the start of a stage the same, also after another stage."""

import logging

import keras
import tensorflow as tf

_started = False


def start_session(seed: int) -> None:
    """Forget earlier models and names, and let every random draw start from `seed`."""
    global _started  # noqa: PLW0603
    logging.getLogger("absl").setLevel(logging.ERROR)
    tf.get_logger().setLevel(logging.ERROR)
    # Freeing memory takes half a second. Before the first session there is nothing to free.
    keras.backend.clear_session(free_memory=_started)
    _started = True
    keras.utils.set_random_seed(seed)
