"""The state of TensorFlow and Keras at the start of a stage: the same in a fresh process and after another stage."""

import logging

import keras
import tensorflow as tf


def start_session(seed: int) -> None:
    """Forget earlier models and names, and start every random draw from `seed`."""
    logging.getLogger("absl").setLevel(logging.ERROR)
    tf.get_logger().setLevel(logging.ERROR)
    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)
