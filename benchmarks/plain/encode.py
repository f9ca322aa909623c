"""Load a Keras model; features of all 70,000 images, their reconstructions and errors, saved; the whole process."""

import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np

from benchmarks.plain.mnist import images

whole = keras.models.load_model(sys.argv[1])
encoder, decoder = keras.Model(whole.input, whole.get_layer("code").output), whole.get_layer("decoder")
for split in ("train", "t10k"):
    x = images(split).reshape(-1, 28, 28)
    features = encoder.predict(x, verbose=0)
    np.save(f"{sys.argv[2]}/features_{split}.npy", features)
    errors = np.square(x - decoder.predict(features, verbose=0)).mean(axis=(1, 2))
    np.save(f"{sys.argv[2]}/errors_{split}.npy", errors)
