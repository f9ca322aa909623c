"""The state of TensorFlow and Keras at the start of a stage: the same in a fresh process and after another stage."""

import logging
from itertools import count

import keras
import tensorflow as tf

_earlier_sessions = count()


def start_session(seed: int) -> None:
    """Forget earlier models and names, and start every random draw from `seed`."""
    logging.getLogger("absl").setLevel(logging.ERROR)
    tf.get_logger().setLevel(logging.ERROR)
    # To look for what can be freed takes half a second, and before the first session there is nothing.
    keras.backend.clear_session(free_memory=next(_earlier_sessions) > 0)
    keras.utils.set_random_seed(seed)
