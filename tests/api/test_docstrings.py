"""The examples in the docstrings of the estimators and of `load_digits` give what they show."""

import doctest

import pytest

import mnistae_cli

FINDER = doctest.DocTestFinder(recurse=False)
EXAMPLES = [
    "DenseAutoencoder",
    "FewLabelClassifier",
    "GraphClusters",
    "InvariantEncoder",
    "SparseAutoencoder",
    "load_digits",
]


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_example_gives_what_it_shows(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = FINDER.find(getattr(mnistae_cli, name), name, globs={})  # it imports what it needs
    assert example.examples
    failed, _ = doctest.DocTestRunner().run(example)
    assert not failed, capsys.readouterr().out
