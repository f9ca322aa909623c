"""What Keras finds of packages that it need not import."""

import sys

import keras
import pytest

import mnistae_cli.cli  # noqa: F401 it alone makes this process no command
from mnistae_cli.training.backend import hidden


def test_hidden_packages_cannot_be_imported_and_come_back() -> None:
    sys.modules.pop("this", None)
    assert "sys" in sys.modules
    with hidden("this", "sys"):
        import sys as loaded_already

        with pytest.raises(ImportError):
            import this  # noqa: F401
    assert loaded_already is sys
    assert "this" not in sys.modules


def test_a_program_of_the_users_has_all_of_keras() -> None:
    keras.wrappers.SKLearnClassifier(lambda x, y: None)  # raises ImportError if Keras did not see scikit-learn


def test_they_come_back_after_an_error_too() -> None:
    with pytest.raises(KeyError), hidden("no_such_package"):
        raise KeyError
    assert "no_such_package" not in sys.modules
