"""Epochs of the autoencoder, equal settings: mnistae's step, Keras' `fit`, and the matrix products alone.

Each contender starts from nothing, so its time includes tracing and compiling. It runs `EPOCHS` epochs, with the test
loss after each.
"""

import os
from collections.abc import Mapping
from time import perf_counter

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from benchmarks.measuring import Contender, Table, arguments, medians, report, take_turns

EPOCHS = 4
BATCH_SIZES = (128, 256)
N, PIXELS, UNITS = 60000, 784, 512


def keras_fit(batch_size: int) -> Contender:
    """`fit` on float arrays."""

    def measure() -> Mapping[str, float]:
        import keras

        from benchmarks.plain.mnist import images
        from benchmarks.plain.networks import autoencoder

        x, x_test = images("train"), images("t10k")
        keras.backend.clear_session()
        keras.utils.set_random_seed(0)
        started = perf_counter()
        whole, _ = autoencoder()
        history = whole.fit(x, x, epochs=EPOCHS, batch_size=batch_size, validation_data=(x_test, x_test), verbose=0)
        seconds = perf_counter() - started
        return {"seconds": seconds / EPOCHS, "test_bce": history.history["val_loss"][-1]}

    return measure


def mnistae_fit(batch_size: int) -> Contender:
    """What `mnistae train` does between reading the images and writing the networks, with plain Adam at 1e-3."""

    def measure() -> Mapping[str, float]:
        from mnistae_cli.common.progress import silent
        from mnistae_cli.data import load_dataset
        from mnistae_cli.settings import Dense, Training
        from mnistae_cli.training.batches import Examples
        from mnistae_cli.training.dense import build_dense
        from mnistae_cli.training.runtime import start_session
        from mnistae_cli.training.steps import Optimization, train_network

        data = load_dataset("mnist", os.environ["MNISTAE_DATA_DIR"])
        pixels, test_pixels = data.train.pixels.load(), data.test.pixels.load()
        training = Training(epochs=EPOCHS, batch_size=batch_size, learning_rate=1e-3, schedule="constant", beta_2=0.999)
        start_session(0)
        started = perf_counter()
        model = build_dense(Dense(sparsity_weight=0.0, code_gain=1.0, training=training), pixels, steps=0, seed=0)
        fitted = train_network(
            model.trained,
            model.loss,
            Examples(pixels),
            Optimization.from_settings(training, 0),
            silent,
            task="train",
            xla=True,
            shown={"test": Examples(test_pixels)},
        )
        seconds = perf_counter() - started
        return {"seconds": seconds / EPOCHS, "test_bce": fitted.history["test_loss"][-1]}

    return measure


def products(batch_size: int) -> Contender:
    """The five products of a step for one epoch: two forwards, three backwards (the images need no gradient)."""
    rng = np.random.default_rng(0)

    def matrix(*shape: int) -> np.ndarray:
        return rng.random(shape, dtype=np.float32)

    x, w, code, v, pixels = (
        matrix(batch_size, PIXELS), matrix(PIXELS, UNITS), matrix(batch_size, UNITS), matrix(UNITS, PIXELS),
        matrix(batch_size, PIXELS),
    )  # fmt: skip

    def measure() -> Mapping[str, float]:
        started = perf_counter()
        for _ in range(N // batch_size):
            x @ w
            code @ v
            code.T @ pixels
            pixels @ v.T
            x.T @ code
        seconds = perf_counter() - started
        operations = 5 * 2 * PIXELS * UNITS * (N // batch_size) * batch_size
        return {"seconds": seconds, "gflops": operations / seconds / 1e9}

    return measure


def square_product() -> Mapping[str, float]:
    """A 4096×4096 product, the highest rate of this machine, and the time of an epoch's operations at that rate."""
    a = np.random.default_rng(0).random((4096, 4096), dtype=np.float32)
    a @ a  # the first one also allocates memory
    times = []
    for _ in range(3):
        started = perf_counter()
        a @ a
        times.append(perf_counter() - started)
    rate = 2 * 4096**3 / min(times)
    return {"seconds": 5 * 2 * PIXELS * UNITS * N / rate, "gflops": rate / 1e9}


def main() -> None:
    """Measure and report."""
    rounds = arguments(__doc__, rounds=5).rounds
    contenders: dict[str, Contender] = {}
    for size in BATCH_SIZES:
        contenders[f"Keras fit, batch {size}"] = keras_fit(size)
        contenders[f"mnistae, batch {size}"] = mnistae_fit(size)
        contenders[f"its products alone, batch {size}"] = products(size)
    contenders["ceiling"] = square_product
    measured = take_turns(contenders, rounds)
    of = medians(measured)
    ceiling = of["ceiling"]["seconds"]
    rows = []
    for name, each in of.items():
        fit = of.get(f"Keras fit, {name.split(', ')[-1]}")
        rows.append(
            [
                name,
                f"{each['seconds']:.2f}",
                f"{fit['seconds'] / each['seconds']:.2f}×" if fit else "",
                f"{ceiling / each['seconds']:.0%}",
                f"{each['test_bce']:.4f}" if "test_bce" in each else "",
            ]
        )
    header = ["", "s an epoch", "against Keras fit", "of the ceiling", f"test BCE after {EPOCHS} epochs"]
    report("training", measured, Table(header, rows), rounds)


if __name__ == "__main__":
    main()
