"""A fitted estimator as one file, without pickle: reading it cannot run code."""

import io
import json
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from mnistae_cli.common import DamagedInput, MissingInput
from mnistae_cli.store import keep

FORMAT = 1
HEADER = "estimator"
MORE = ("_n_features_out",)  # scikit-learn's name; all other fitted attributes end with _


class Saved(BaseEstimator):
    """An estimator that can be written to a file and read again."""

    def save(self, path: str | Path) -> None:
        """Write the estimator to a file (`.npz`) for `load`. It is not a pickle."""
        check_is_fitted(self)
        fitted = {name: value for name, value in vars(self).items() if name.endswith("_") or name in MORE}
        _write(Path(path), type(self).__name__, self.get_params(), fitted)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read what `save` wrote.

        Raises:
            MissingInput: the file does not exist.
            DamagedInput: the file is damaged, or holds another class.
        """
        parameters, fitted = _read(Path(path), cls.__name__)
        estimator = cls(**parameters)
        for name, value in fitted.items():
            setattr(estimator, name, value)
        return estimator


def _write(path: Path, name: str, parameters: dict[str, Any], fitted: dict[str, Any]) -> None:
    """Write an uncompressed `.npz`. The file is complete, or as it was before.

    Parameters are numbers, also NumPy's, text, or lists of these. What was fitted are arrays, bytes, or JSON.
    """
    if not path.parent.is_dir():
        raise MissingInput(f"{path.parent} does not exist.", "Make the folder first.")
    arrays = {key: _unpickled(value) for key, value in fitted.items() if isinstance(value, np.ndarray)}
    arrays |= {key: np.frombuffer(value, np.uint8) for key, value in fitted.items() if isinstance(value, bytes)}
    header = {
        "format": FORMAT,
        "class": name,
        "mnistae": version("mnistae"),
        "parameters": parameters,
        "bytes": [key for key, value in fitted.items() if isinstance(value, bytes)],
        "values": {key: value for key, value in fitted.items() if key not in arrays},
    }
    text = np.frombuffer(json.dumps(header, default=_plain).encode(), np.uint8)
    content = io.BytesIO()
    np.savez(content, **{HEADER: text, **arrays})  # type: ignore[arg-type]
    keep(path, content.getvalue())


def _unpickled(array: NDArray[Any]) -> NDArray[Any]:
    """Names of columns as text: as objects, they would need pickle."""
    return array.astype(str) if array.dtype == object else array


def _plain(value: object) -> object:
    if isinstance(value, np.generic):  # for example from a grid search
        return value.item()
    raise ValueError(f"a {type(value).__name__} cannot be saved. Give a whole number as random_state.")


def _read(path: Path, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The parameters and the fitted attributes that `_write` wrote."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = dict(archive)
        header = json.loads(arrays.pop(HEADER).tobytes())
        found, parameters, values = header["class"], header["parameters"], header["values"]
        arrays |= {key: arrays[key].tobytes() for key in header["bytes"]}
    except FileNotFoundError:
        raise MissingInput(f"{path} does not exist.", "Check the path.") from None
    except Exception as error:  # zipfile, zlib, json and NumPy each have their own errors
        raise DamagedInput(f"{path} is damaged, or is not what `save` writes.", "Save it again.") from error
    if found != name:
        raise DamagedInput(f"{path} holds the class {found}, not {name}.", f"Load it by {found}.load.")
    parameters = {key: tuple(value) if isinstance(value, list) else value for key, value in parameters.items()}
    return parameters, {**values, **arrays}
