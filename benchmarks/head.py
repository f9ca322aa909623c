"""The head on 6,000 labels: mnistae's defaults and fifty epochs of Keras' `fit`, on the same saved features.

The held-out labels of the comparison are training labels that were not drawn. Times include tracing, but not reading
the features, importing TensorFlow and exporting. mnistae has larger batches, so Keras is timed with both sizes. mnistae
uses one thread: in `classify` the other one fits the head for the calibration.
"""

import os
from collections.abc import Mapping
from time import perf_counter

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.features import features_of_mnist
from benchmarks.measuring import Table, arguments, medians, report, take_turns

EPOCHS = 50


def main() -> None:
    """Measure and report."""
    rounds = arguments(__doc__, rounds=3).rounds
    folder = features_of_mnist() / "encode"
    features, labels = (np.load(folder / f"{name}_train.npy") for name in ("features", "labels"))

    from mnistae_cli.data import draw_labels
    from mnistae_cli.settings import MLP, ClassifyConfig

    training = MLP().training
    drawn = draw_labels(labels, "0123456789", ClassifyConfig()).indices
    rest = np.setdiff1d(np.arange(len(labels)), drawn)

    def keras_fit(batch_size: int) -> Mapping[str, float]:
        import keras

        from benchmarks.plain.networks import head

        keras.backend.clear_session()
        keras.utils.set_random_seed(0)
        started = perf_counter()
        classifier = head()
        classifier.fit(features[drawn], labels[drawn], epochs=EPOCHS, batch_size=batch_size, verbose=0)
        seconds = perf_counter() - started
        found = classifier.predict(features[rest], batch_size=1000, verbose=0).argmax(axis=1)
        return {"seconds": seconds, "accuracy": float((found == labels[rest]).mean())}

    def mnistae_fit() -> Mapping[str, float]:
        from mnistae_cli.networks import fit_head

        started = perf_counter()
        with threadpool_limits(1):
            head = fit_head(features[drawn], labels[drawn], 10, training, hidden=MLP().hidden).head
        seconds = perf_counter() - started
        found = head.logits(features[rest]).argmax(axis=1)
        return {"seconds": seconds, "accuracy": float((found == labels[rest]).mean())}

    contenders = {
        "Keras fit, batch 32": lambda: keras_fit(32),
        f"Keras fit, batch {training.batch_size}": lambda: keras_fit(training.batch_size),
        f"mnistae, batch {training.batch_size}": mnistae_fit,
    }
    measured = take_turns(contenders, rounds)
    of = medians(measured)
    rows = [
        [
            name,
            f"{each['seconds']:.1f}",
            f"{of['Keras fit, batch 32']['seconds'] / each['seconds']:.1f}×",
            f"{each['accuracy']:.4f}",
        ]
        for name, each in of.items()
    ]
    report("head", measured, Table(["", "s", "ratio", "held-out accuracy"], rows), rounds)


if __name__ == "__main__":
    main()
