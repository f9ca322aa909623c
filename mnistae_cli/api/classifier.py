"""`mnistae classify` as a classifier."""

from collections.abc import Mapping
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from mnistae_cli.api.networks import classify_features
from mnistae_cli.api.parameters import RandomState, config_of, keep, seed_of, value_errors
from mnistae_cli.common import Bars, muted_native_stderr
from mnistae_cli.networks import fit_classifier, onnx_of
from mnistae_cli.settings import HEADS, MLP, ClassifyConfig, WholeOrAuto, settings_of

KINDS = {kind.name(): kind for kind in HEADS}
MOST_CLASSES = 256


class FewLabelClassifier(ClassifierMixin, BaseEstimator):
    """A small classifier on features, with probabilities calibrated on held-out labels: `mnistae classify`.

    The mean of -Σ_c t_c log softmax(z)_c is minimized by AdamW (Loshchilov & Hutter 2019); the probabilities are
    softmax(z / T), with the temperature T that fits held-out labels best (Guo et al. 2017).

    Args:
        head: `mlp`: a hidden ReLU layer; `linear`; or `prototypes`: the nearest class mean, for very few labels.
            `prototypes` needs no training, and ignores all parameters from `hidden` to `validation_fraction`.
        hidden: units of the hidden layer of `mlp`.
        standardize: scale each feature to mean 0 and variance 1 first.
        weight_decay: of AdamW; each step moves the weights towards 0 by this times the learning rate.
        label_smoothing: share of each target that is spread over all classes, in [0, 1).
        epochs: passes over the labeled samples; `auto`: 20, or more for few labels.
        batch_size: samples per step.
        learning_rate: the peak of a one-cycle schedule.
        schedule: `one-cycle` or `constant`.
        beta_2: Adam's decay rate for the squared gradients.
        patience: stop after this many epochs without a lower loss on held-out labels; 0: never.
        validation_fraction: share of the labels that is held out; used with patience.
        calibrate: divide the logits by the temperature T; if False, T is 1.
        unlabelled: the value in `y` of samples without a label, for example -1 as in `sklearn.semi_supervised`, but not
            NaN; None: all have one. With it, a pipeline can learn features of all samples, and classes of a few.
        random_state: seed of every random draw, like `--seed`.
        verbose: show the progress.

    Attributes:
        classes_ (NDArray): (C,), the labels that `fit` saw, sorted.
        temperature_ (float): T.
        history_ (dict[str, list[float]]): name → the losses of each epoch; empty with `prototypes`.
        classifier_onnx_ (bytes): the head as ONNX, with the bytes that `mnistae classify` writes.

    Examples:
        >>> import mnistae_cli as mnistae
        >>> digits = mnistae.load_digits()
        >>> pixels, labels = digits.train.images.reshape(-1, 64), digits.train.labels
        >>> classifier = mnistae.FewLabelClassifier().fit(pixels[:200], labels[:200])
        >>> classifier.predict_proba(pixels[200:]).shape, bool(classifier.score(pixels[200:], labels[200:]) > 0.7)
        ((1298, 10), True)
    """

    def __init__(
        self,
        *,
        head: Literal["mlp", "linear", "prototypes"] = "mlp",
        hidden: int = MLP.hidden,
        standardize: bool = MLP.features.standardize,
        weight_decay: float = MLP.training.weight_decay,
        label_smoothing: float = MLP.training.label_smoothing,
        epochs: WholeOrAuto = MLP.training.epochs,
        batch_size: int = MLP.training.batch_size,
        learning_rate: float = MLP.training.learning_rate,
        schedule: Literal["one-cycle", "constant"] = MLP.training.schedule,
        beta_2: float = MLP.training.beta_2,
        patience: int = MLP.training.patience,
        validation_fraction: float = MLP.training.validation_fraction,
        calibrate: bool = ClassifyConfig.calibrate,
        unlabelled: Any = None,
        random_state: RandomState = ClassifyConfig.seed,
        verbose: bool = False,
    ) -> None:
        keep(self, locals())

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Learn from the labeled samples.

        Args:
            X: features (N, D).
            y: labels (N,), numbers or words.

        Raises:
            ValueError: a parameter or an array that cannot be used, or more than 256 classes.
        """
        features, labels = validate_data(self, X, y, dtype=np.float32)
        config = _config_of(self.get_params(deep=False))
        if self.unlabelled is not None:
            if labels.dtype.kind == "U" and not isinstance(self.unlabelled, str):
                raise ValueError(f"y holds words, but unlabelled is {self.unlabelled!r}: give a word.")
            known = labels != self.unlabelled
            features, labels = features[known], labels[known]
            if not len(labels):
                raise ValueError(f"all of y is {self.unlabelled!r}, which means unlabeled: give a few labels.")
        try:
            check_classification_targets(labels)
            self.classes_, numbers = np.unique(labels, return_inverse=True)
        except TypeError as error:
            raise ValueError(f"y holds labels of several kinds, which cannot be sorted: {error}.") from error
        if len(self.classes_) > MOST_CLASSES:
            raise ValueError(f"y has {len(self.classes_)} classes: at most {MOST_CLASSES} can be learned.")
        with value_errors(), Bars(self.verbose) as report:
            fitted = fit_classifier(config, features, numbers.astype(np.uint8), len(self.classes_), report)
        with muted_native_stderr():
            self.classifier_onnx_ = onnx_of(fitted.head)
        self.temperature_ = fitted.temperature
        self.history_ = {name: list(losses) for name, losses in fitted.history.items()}
        return self

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float32]:
        """The calibrated probabilities (N, C) float32 of `classes_`, for features (N, D)."""
        check_is_fitted(self)
        return classify_features(self.classifier_onnx_, validate_data(self, X, dtype=np.float32, reset=False))

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """The most probable class (N,) for features (N, D)."""
        probabilities = self.predict_proba(X)
        return np.asarray(self.classes_[probabilities.argmax(axis=1)])


def _config_of(parameters: Mapping[str, Any]) -> ClassifyConfig:
    """The settings of `classify`, without those that this head does not use."""
    head = parameters["head"]
    if head not in KINDS:
        raise ValueError(f"head is {head!r}: it must be one of {', '.join(KINDS)}.")
    used = {"head", "calibrate", *(each.name for each in settings_of(KINDS[head]))}
    values = {name: value for name, value in parameters.items() if name in used}
    return config_of(ClassifyConfig, {**values, "seed": seed_of(parameters["random_state"])})
