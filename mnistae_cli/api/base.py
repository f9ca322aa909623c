"""What the autoencoders share."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from mnistae_cli.api.images import Layout, flattened
from mnistae_cli.api.networks import decode_codes, encode_images
from mnistae_cli.api.parameters import RandomState, config_of, same_global_draws, seed_of, value_errors
from mnistae_cli.api.saving import Saved
from mnistae_cli.common import Bars, muted_native_stderr
from mnistae_cli.data import Pixels, from_array, unit_scale
from mnistae_cli.settings import TrainConfig
from mnistae_cli.training import fit_autoencoder

Loss = Literal["bce", "mse"]

DTYPES = (np.float64, np.float32, np.uint8)
NO_SETTINGS = ("image_shape", "random_state", "verbose")


class BaseAutoencoder(Saved, ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Images → features, and back. Each kind of code has a class of its own, with its parameters.

    `X` is an array of images (N, H, W) or of rows (N, H·W): uint8 from 0 to 255, or floats. Floats from 0 to 1 are used
    as they are. Other floats are scaled from the range that `fit` saw to [0, 1]; a later `X` is clipped to it.
    """

    _kind: ClassVar[Mapping[str, str]]
    image_shape: tuple[int, int] | None
    random_state: RandomState
    verbose: bool

    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Learn the features of images. Labels are not used. Keras' session is cleared.

        Args:
            X: at least two images.
            y: not used.

        Raises:
            ValueError: a parameter or an array that cannot be used.
        """
        rows = self._rows(X, reset=True)
        layout = Layout.from_images(X, rows, self.image_shape)
        config = config_of(TrainConfig, self._settings())
        pixels = layout.pixels(rows)
        images = from_array(pixels, "X")
        with value_errors(), Bars(self.verbose) as report, same_global_draws(), muted_native_stderr():
            config = config.for_images(images.n)
            fitted = fit_autoencoder(config.code, images, config.seed, report)
            with TemporaryDirectory() as folder:
                fitted.export(Path(folder))
                self.encoder_onnx_ = (Path(folder) / "encoder.onnx").read_bytes()
                self.decoder_onnx_ = (Path(folder) / "decoder.onnx").read_bytes()
        self.layout_ = asdict(layout)
        self.history_ = {name: list(losses) for name, losses in fitted.history.items()}
        self.best_epoch_ = fitted.best_epoch
        if fitted.atoms is not None:
            self.atoms_ = fitted.atoms
        self._keep_more(fitted.neighbors)
        self._n_features_out = self._features(encode_images(self.encoder_onnx_, pixels[:1])).shape[1]
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.float32]:
        """The features (N, D) float32 of images."""
        return self._features(encode_images(self.encoder_onnx_, self._read(X)))

    def inverse_transform(self, X: ArrayLike) -> NDArray[np.float32]:
        """The decoder's images for features (N, D): float32, with the shape and the gray levels that `fit` saw."""
        check_is_fitted(self)
        codes = check_array(X, dtype=np.float32)
        if codes.shape[1] != self._n_features_out:
            raise ValueError(f"X has {codes.shape[1]} features, but the code has {self._n_features_out} units.")
        return Layout(**self.layout_).restored(decode_codes(self.decoder_onnx_, codes))

    def reconstruct(self, X: ArrayLike) -> NDArray[np.float32]:
        """The reconstructions of images: `inverse_transform` of their features."""
        return Layout(**self.layout_).restored(self._reconstructed(self._read(X)))

    def score(self, X: ArrayLike, y: object = None) -> float:
        """Minus the mean squared error per pixel of the reconstructions; black is 0, white is 1.

        Args:
            X: images.
            y: not used.
        """
        images = self._read(X)
        return -float(np.square(self._reconstructed(images) - unit_scale(images)).mean(dtype=np.float64))

    def _settings(self) -> dict[str, Any]:
        """The settings of `train`; None leaves a default."""
        given = self.get_params(deep=False)
        code = {name: value for name, value in given.items() if name not in NO_SETTINGS}
        return {**self._kind, **code, "seed": seed_of(self.random_state)}

    def _keep_more(self, neighbors: NDArray[np.int32]) -> None:
        """Set the attributes that only this kind of code has."""

    def _rows(self, X: ArrayLike, *, reset: bool) -> NDArray[Any]:
        rows = validate_data(self, flattened(X), reset=reset, dtype=DTYPES, ensure_min_samples=2 if reset else 1)
        return np.asarray(rows)

    def _read(self, X: ArrayLike) -> Pixels:
        check_is_fitted(self)
        return Layout(**self.layout_).pixels(self._rows(X, reset=False))

    def _reconstructed(self, images: Pixels) -> NDArray[np.float32]:
        return decode_codes(self.decoder_onnx_, encode_images(self.encoder_onnx_, images))

    def _features(self, codes: NDArray[np.float32]) -> NDArray[np.float32]:
        """The part of codes (N, D) that `transform` returns."""
        return codes

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags
