"""The autoencoder and the head of the tutorial, in Keras."""

from typing import Any

import keras


def autoencoder() -> tuple[Any, Any]:
    """784-512-784 with sigmoid pixels, compiled; and its encoder."""
    pixels = keras.Input((784,))
    code = keras.layers.Dense(512, activation="relu")(pixels)
    decoded = keras.layers.Dense(784, activation="sigmoid")(code)
    whole = keras.Model(pixels, decoded)
    whole.compile(optimizer="adam", loss="binary_crossentropy")
    return whole, keras.Model(pixels, code)


def head() -> Any:
    """512-64-10, compiled."""
    model = keras.Sequential(
        [keras.Input((512,)), keras.layers.Dense(64, activation="relu"), keras.layers.Dense(10, activation="softmax")]
    )
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model
