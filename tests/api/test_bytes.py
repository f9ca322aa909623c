"""The estimators give the bytes of the command line."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mnistae_cli as mnistae
from mnistae_cli.api.base import BaseAutoencoder
from tests.conftest import Shared

SETTINGS: dict[str, Any] = {"latent_dim": 8, "epochs": 3, "batch_size": 16, "random_state": 5}
OPTIONS = ("--latent-dim", "8", "--epochs", "3", "--batch-size", "16", "--seed", "5", "--no-figures")
RUN = (*OPTIONS, "--method", "graph", "--clusters", "3", "--labels", "30", "--head-epochs", "10")
CODES: dict[str, tuple[tuple[str, ...], Any]] = {
    "dense": ((), mnistae.DenseAutoencoder(**SETTINGS)),
    "topk": (("--model", "sparse", "--k", "3"), mnistae.SparseAutoencoder(k=3, **SETTINGS)),
    "invariant": (("--model", "invariant"), mnistae.InvariantEncoder(**SETTINGS)),
}


@pytest.fixture(scope="module", params=CODES)
def pair(request: pytest.FixtureRequest, shared: Shared, shapes_npz: Path) -> tuple[mnistae.Artifacts, BaseAutoencoder]:
    """What the command line made, and the estimator fitted to the same images."""
    options, estimator = CODES[request.param]
    root = shared.run(f"estimators-{request.param}", "--dataset", shapes_npz, *options, *RUN)
    return mnistae.open(root), estimator.fit(mnistae.load_images(shapes_npz).train.images)


def test_the_networks_have_the_same_bytes(pair: tuple[mnistae.Artifacts, BaseAutoencoder]) -> None:
    artifacts, estimator = pair
    folder = artifacts.root / "train"
    assert estimator.encoder_onnx_ == (folder / "encoder.onnx").read_bytes()
    assert estimator.decoder_onnx_ == (folder / "decoder.onnx").read_bytes()


def test_features_and_atoms_have_the_same_bytes(
    pair: tuple[mnistae.Artifacts, BaseAutoencoder], shapes_npz: Path
) -> None:
    artifacts, estimator = pair
    data = mnistae.load_images(shapes_npz)
    for split, images in (("train", data.train.images), ("test", data.test.images)):
        assert estimator.transform(images).tobytes() == artifacts.features(split).tobytes()
    if hasattr(estimator, "atoms_"):
        assert estimator.atoms_.tobytes() == artifacts.array("train", "atoms.npy").tobytes()


def test_graph_clusters_have_the_same_bytes(pair: tuple[mnistae.Artifacts, BaseAutoencoder]) -> None:
    artifacts, estimator = pair
    invariant = isinstance(estimator, mnistae.InvariantEncoder)
    columns = slice(-8, None) if invariant else slice(None)
    clusters = mnistae.GraphClusters(n_clusters=3, random_state=5)
    clusters.fit(artifacts.features()[:, columns], neighbors=estimator.neighbors_ if invariant else None)
    assert clusters.labels_.tobytes() == artifacts.clusters().tobytes()
    assert clusters.confidence_.tobytes() == artifacts.confidence().tobytes()
    predicted = clusters.predict(artifacts.features("test")[:, columns])
    assert predicted.tobytes() == artifacts.clusters("test").tobytes()
    metrics = artifacts.manifest("cluster").metrics
    assert (clusters.n_clusters_, clusters.stability_) == (metrics["n_clusters"], metrics["stability"])


def test_probabilities_have_the_same_bytes(pair: tuple[mnistae.Artifacts, BaseAutoencoder]) -> None:
    artifacts, _ = pair
    drawn, labels = artifacts.array("classify", "labelled_indices.npy"), artifacts.labels()
    assert labels is not None
    classifier = mnistae.FewLabelClassifier(epochs=10, random_state=5)
    classifier.fit(artifacts.features()[drawn], labels[drawn])
    assert classifier.classifier_onnx_ == (artifacts.root / "classify" / "classifier.onnx").read_bytes()
    assert classifier.predict_proba(artifacts.features("test")).tobytes() == artifacts.probabilities().tobytes()
    assert classifier.temperature_ == artifacts.manifest("classify").metrics["temperature"]


def test_labels_are_not_looked_at(shapes_npz: Path) -> None:
    train = mnistae.load_images(shapes_npz).train
    assert train.labels is not None
    permuted = np.random.default_rng(0).permutation(train.labels)
    networks = {
        mnistae.DenseAutoencoder(**{**SETTINGS, "epochs": 1}).fit(train.images, labels).encoder_onnx_
        for labels in (train.labels, permuted)
    }
    assert len(networks) == 1
    features = train.images.reshape(len(train.images), -1)
    clusters = [mnistae.GraphClusters().fit(features, labels) for labels in (train.labels, permuted)]
    assert clusters[0].labels_.tobytes() == clusters[1].labels_.tobytes()
