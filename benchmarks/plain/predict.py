"""Load a Keras encoder and classifier and name the class of one picture; the whole process.

Arguments: the artifacts directory of the encoder, the file of the classifier, the picture.
"""

import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np
from PIL import Image

whole = keras.models.load_model(f"{sys.argv[1]}/train/autoencoder.keras")
encoder = keras.Model(whole.input, whole.get_layer("code").output)
classifier = keras.models.load_model(sys.argv[2])
picture = np.asarray(Image.open(sys.argv[3]).convert("L").resize((28, 28)), np.float32)[None] / 255
print(classifier.predict(encoder.predict(picture, verbose=0), verbose=0).argmax())
