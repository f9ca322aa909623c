"""The artifacts that several benchmarks start from: made once with the defaults of mnistae, and kept."""

from pathlib import Path

from benchmarks.measuring import ROOT, mnistae

ARTIFACTS = ROOT / "artifacts" / "benchmarks"


def features_of_mnist() -> Path:
    """The artifacts directory of a finished `mnistae run` on MNIST; nothing is done if it is up to date."""
    mnistae("run", "--dataset", "mnist", "--no-figures", "--quiet", "--artifacts", ARTIFACTS)
    return ARTIFACTS
