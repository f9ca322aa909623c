"""The whole tutorial: fit, predict, a head on 10% of the labels, KMeans. Prints its times and scores as JSON."""

import json
import os
import sys
from itertools import pairwise
from time import perf_counter

started = perf_counter()
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras  # noqa: E402
import numpy as np  # noqa: E402
from scipy.optimize import linear_sum_assignment  # noqa: E402
from sklearn.cluster import KMeans  # noqa: E402

from benchmarks.plain.mnist import images, labels  # noqa: E402
from benchmarks.plain.networks import autoencoder, head  # noqa: E402

EPOCHS = int(sys.argv[1]) if len(sys.argv) > 1 else 50
laps = [("start", started)]


def lap(name: str) -> None:
    laps.append((name, perf_counter()))


lap("import")
keras.utils.set_random_seed(0)
x_train, x_test, y_train, y_test = images("train"), images("t10k"), labels("train"), labels("t10k")
lap("load")
whole, encoder = autoencoder()
whole.fit(x_train, x_train, epochs=EPOCHS, batch_size=256, validation_data=(x_test, x_test), verbose=0)
lap("train")
features_train, features_test = encoder.predict(x_train, verbose=0), encoder.predict(x_test, verbose=0)
lap("encode")
drawn = np.random.default_rng(0).permutation(60000)[:6000]
classifier = head()
classifier.fit(features_train[drawn], y_train[drawn], epochs=EPOCHS, batch_size=32, verbose=0)
lap("classify")
kmeans = KMeans(n_clusters=10, random_state=0).fit(features_train)
lap("cluster")
reconstructed = whole.predict(x_test, verbose=0)
clipped = reconstructed.clip(1e-7, 1 - 1e-7)
table = np.zeros((10, 10))
np.add.at(table, (kmeans.labels_, y_train), 1)
mapping = linear_sum_assignment(-table)[1]
scores = {
    "bce": float(-(x_test * np.log(clipped) + (1 - x_test) * np.log(1 - clipped)).mean()),
    "mse": float(np.square(x_test - reconstructed).mean()),
    "accuracy": float(classifier.evaluate(features_test, y_test, verbose=0)[1]),
    "hungarian_accuracy": float((mapping[kmeans.predict(features_test)] == y_test).mean()),
}
lap("evaluate")
times = {name: end - start for (_, start), (name, end) in pairwise(laps)}
print(json.dumps({"seconds": times, "scores": scores}))
