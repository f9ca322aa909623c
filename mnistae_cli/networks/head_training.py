"""Training of a head with NumPy. It takes less time than the import of TensorFlow: a step is a few matrix products."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.common import Advance, Report, UsageError, setting, silent
from mnistae_cli.data import epoch_order, hold_out
from mnistae_cli.networks.head import Head, Layer, signals_of
from mnistae_cli.settings import HeadTraining

BETA_1, EPSILON = 0.9, 1e-7  # of Adam
# A feature that is almost constant on the drawn images does not help, and is left out: its standard deviation is below
# this, or below this share of the largest one if that is less than 1.
LEAST_DEVIATION = 1e-3

Values = NDArray[np.float32]


@dataclass(frozen=True)
class Trained:
    """A head, and how it was fitted.

    Args:
        head: the head, with the weights of the best epoch.
        history: `loss` and, with patience, `val_loss`: the mean in nats of each epoch.
        best_epoch: the epoch whose weights were kept, from 1; 0 if nothing was trained.
        temperature: above 0, by which the head's logits are divided already; 1 without calibration.
    """

    head: Head
    history: dict[str, list[float]] = field(default_factory=dict)
    best_epoch: int = 0
    temperature: float = 1.0


def fit_head(
    features: Values,
    labels: NDArray[np.uint8],
    n_classes: int,
    how: HeadTraining,
    *,
    hidden: int | None = None,
    standardize: bool = True,
    seed: int = 0,
    report: Report = silent,
) -> Trained:
    """Fit a head: minimize the mean of -Σ_c t_c log softmax(z)_c by AdamW (Loshchilov & Hutter 2019), in batches.

    The targets t are (1 - s) one_hot(label) + s / C, with the label smoothing s. With `patience`, a share of the images
    is held out. Training stops when their loss has not fallen for that many epochs, and the best epoch's weights are
    kept.

    Args:
        features: (N, D) float32.
        labels: (N,) uint8, from 0 to C - 1.
        n_classes: C.
        how: the settings of the training.
        hidden: units of a ReLU layer; None: no such layer.
        standardize: scale each feature to mean 0 and variance 1.
        seed: seed of the initial weights and of the order.
        report: listener.

    Raises:
        UsageError: the loss is no longer a number, or there is nothing to hold out.
    """
    scale, offset = _standardization(features, standardize)
    inputs = features * scale + offset
    targets = np.full((len(labels), n_classes), how.label_smoothing / n_classes, np.float32)
    targets[np.arange(len(labels)), labels] += 1 - how.label_smoothing
    learned, held_out = np.arange(len(labels)), np.arange(0)
    if how.patience:
        learned, held_out = hold_out(len(labels), how.validation_fraction, seed)
    epochs, size = how.epochs_for(len(labels)), min(how.batch_size, len(learned))
    steps = -(-len(learned) // size)
    network = _Network([inputs.shape[1], *([hidden] if hidden else []), n_classes], how, seed)
    rates = how.learning_rate * _course(steps * epochs, how.schedule)
    history: dict[str, list[float]] = {"loss": [], **({"val_loss": []} if how.patience else {})}
    best = network.values.copy()
    for epoch in range(epochs):
        order = learned[epoch_order(len(learned), steps, size, seed, epoch)]
        done = epoch * steps
        history["loss"].append(network.learn(inputs, targets, order, rates[done : done + steps], done))
        if how.patience:
            history["val_loss"].append(_loss(signals_of(network.layers, inputs[held_out])[-1], targets[held_out]))
        _check(history, epoch)
        report(Advance("classify", epoch + 1, epochs, "epochs", {name: each[-1] for name, each in history.items()}))
        best_epoch = int(np.argmin(history["val_loss"])) if how.patience else epoch
        if best_epoch == epoch:
            best[:] = network.values
        elif epoch - best_epoch >= how.patience:
            break
    network.values[:] = best
    return Trained(Head(network.layers).with_scaled_inputs(scale, offset), history, best_epoch + 1)


class _Network:
    """Layers whose weights are in one array, so that a step of Adam is a few operations."""

    def __init__(self, widths: Sequence[int], how: HeadTraining, seed: int) -> None:
        """Kernels by Glorot & Bengio 2010, uniform in ±√(6 / (D + U)); biases 0."""
        size = sum(before * units + units for before, units in pairwise(widths))
        self.values, self._gradients, self._first, self._second, self._step = np.zeros((5, size), np.float32)
        self.layers, self._slopes = _views(self.values, widths), _views(self._gradients, widths)
        self._weight_decay, self._beta_2 = how.weight_decay, how.beta_2
        rng = np.random.default_rng([seed, 0, 4])
        for kernel, _ in self.layers:
            limit = np.sqrt(6 / sum(kernel.shape))
            kernel[:] = rng.uniform(-limit, limit, kernel.shape)

    def learn(
        self, inputs: Values, targets: Values, order: NDArray[np.int64], rates: NDArray[np.float64], done: int
    ) -> float:
        """Do a step for each row of indices in `order` (S, B), after `done` steps. Returns the mean loss."""
        with np.errstate(all="ignore"):  # a training that diverges is refused after the epoch
            steps = enumerate(zip(order, rates, strict=True), start=done + 1)
            return float(np.mean([self._learn(inputs[at], targets[at], rate, number) for number, (at, rate) in steps]))

    def _learn(self, inputs: Values, targets: Values, rate: float, number: int) -> float:
        *signals, logits = signals_of(self.layers, inputs)
        error = (_softmax(logits) - targets) / np.float32(len(inputs))
        for (kernel, _), (slope, bias_slope), signal in zip(
            reversed(self.layers), reversed(self._slopes), reversed(signals), strict=True
        ):
            np.matmul(signal.T, error, out=slope)
            np.sum(error, axis=0, out=bias_slope)
            if signal is not inputs:
                error = error @ kernel.T * (signal > 0)
        self._adam(rate, number)
        return _loss(logits, targets)

    def _adam(self, rate: float, number: int) -> None:
        """θ ← θ - η λ θ - η m̂ / (√v̂ + ε), with the running means m of the gradients and v of their squares."""
        step, gradients = self._step, self._gradients
        self.values *= np.float32(1 - rate * self._weight_decay)
        self._first += np.multiply(np.subtract(gradients, self._first, out=step), np.float32(1 - BETA_1), out=step)
        np.subtract(np.square(gradients, out=step), self._second, out=step)
        self._second += np.multiply(step, np.float32(1 - self._beta_2), out=step)
        np.sqrt(self._second, out=step)
        step *= np.float32(1 / np.sqrt(1 - self._beta_2**number))
        np.divide(self._first, np.add(step, np.float32(EPSILON), out=step), out=step)
        self.values -= np.multiply(step, np.float32(rate / (1 - BETA_1**number)), out=step)


def _views(values: Values, widths: Sequence[int]) -> list[Layer]:
    layers, first = list[Layer](), 0
    for before, units in pairwise(widths):
        kernel, first = values[first : first + before * units].reshape(before, units), first + before * units
        layers.append((kernel, values[first : first + units]))
        first += units
    return layers


def _standardization(features: Values, wanted: bool) -> tuple[Values, Values]:
    """The scale and the offset of each feature, (D,)."""
    if not wanted:
        return np.ones_like(features[0]), np.zeros_like(features[0])
    deviation = features.std(axis=0)
    varied = (deviation > 0) & (deviation >= LEAST_DEVIATION * min(float(deviation.max()), 1.0))
    scale = np.divide(1, deviation, out=np.zeros_like(deviation), where=varied)
    return scale, -features.mean(axis=0) * scale


def _course(steps: int, schedule: str) -> NDArray[np.float64]:
    """The learning rate of each step, as a share of the peak: 1, or 10% linear warm-up and a cosine to 0."""
    if schedule == "constant":
        return np.ones(steps)
    warm_up, number = max(steps // 10, 1), np.arange(steps)
    falling = 0.5 * (1 + np.cos(np.pi * (number - warm_up) / max(steps - warm_up, 1)))
    return np.where(number < warm_up, number / warm_up, falling)


def _softmax(logits: Values) -> Values:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def _loss(logits: Values, targets: Values) -> float:
    """Mean of log Σ_c exp(z_c) - Σ_c t_c z_c."""
    highest = logits.max(axis=1)
    sums = highest + np.log(np.exp(logits - highest[:, None]).sum(axis=1))
    return float(np.mean(sums - (targets * logits).sum(axis=1)))


def _check(history: dict[str, list[float]], epoch: int) -> None:
    if not np.isfinite([each[-1] for each in history.values()]).all():
        raise UsageError(
            f"classify diverged in epoch {epoch + 1}: its loss is {history['loss'][-1]}.",
            f"Give a smaller {setting('learning_rate')}.",
        )
