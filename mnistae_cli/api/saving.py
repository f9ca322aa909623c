"""A fitted estimator as one file, without pickle: reading it runs no code of the file."""

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
MORE = ("_n_features_out",)  # what scikit-learn names so; all else that was fitted ends with _


class Saved(BaseEstimator):
    """An estimator that can be written to a file and read again."""

    def save(self, path: str | Path) -> None:
        """Write the estimator to a file (`.npz`), which `load` reads. It is no pickle."""
        check_is_fitted(self)
        fitted = {name: value for name, value in vars(self).items() if name.endswith("_") or name in MORE}
        _write(Path(path), type(self).__name__, self.get_params(), fitted)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read what `save` wrote.

        Raises:
            MissingInput: no such file.
            DamagedInput: it is damaged, or of another class.
        """
        parameters, fitted = _read(Path(path), cls.__name__)
        estimator = cls(**parameters)
        for name, value in fitted.items():
            setattr(estimator, name, value)
        return estimator


def _write(path: Path, name: str, parameters: dict[str, Any], fitted: dict[str, Any]) -> None:
    """Write the parameters and what was fitted as an uncompressed `.npz`. The file is complete, or as it was before.

    Args:
        path: of the file.
        name: of the class.
        parameters: of `get_params`; they must be numbers, NumPy's too, text, or lists of them.
        fitted: arrays and bytes; everything else must be JSON.

    Raises:
        MissingInput: the folder is not there.
        ValueError: a parameter of another kind, as a `RandomState`.
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
    """Names of columns, which are objects, as text: objects would need pickle."""
    return array.astype(str) if array.dtype == object else array


def _plain(value: object) -> object:
    if isinstance(value, np.generic):  # a grid search gives these
        return value.item()
    raise ValueError(f"a {type(value).__name__} cannot be saved. As random_state, give a whole number.")


def _read(path: Path, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The parameters and what was fitted, as `_write` was given them.

    Raises:
        MissingInput: no such file.
        DamagedInput: it is no file of an estimator of this class, or a byte is wrong.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = dict(archive)
        header = json.loads(arrays.pop(HEADER).tobytes())
        found, parameters, values = header["class"], header["parameters"], header["values"]
        arrays |= {key: arrays[key].tobytes() for key in header["bytes"]}
    except FileNotFoundError:
        raise MissingInput(f"{path} does not exist.", "Check the path.") from None
    except Exception as error:  # zipfile, zlib, json and NumPy each have errors of their own
        raise DamagedInput(f"{path} is damaged, or is not what `save` writes.", "Save it again.") from error
    if found != name:
        raise DamagedInput(f"{path} holds the class {found}, not {name}.", f"Load it by {found}.load.")
    parameters = {key: tuple(value) if isinstance(value, list) else value for key, value in parameters.items()}
    return parameters, {**values, **arrays}
