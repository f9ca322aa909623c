"""Load a Keras model, predict the features of all 70,000 images and what they decode to, save; the whole process."""

import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np

from benchmarks.plain.mnist import images

whole = keras.models.load_model(sys.argv[1])
encoder = keras.Model(whole.input, whole.get_layer("code").output)
for split in ("train", "t10k"):
    x = images(split).reshape(-1, 28, 28)
    np.save(f"{sys.argv[2]}/features_{split}.npy", encoder.predict(x, verbose=0))
    errors = np.square(x - whole.predict(x, verbose=0)).mean(axis=(1, 2))
    np.save(f"{sys.argv[2]}/errors_{split}.npy", errors)
