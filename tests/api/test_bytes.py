"""The estimators give the bytes of the command line."""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sklearn.base import clone

import mnistae_cli as mnistae
from mnistae_cli.api.base import BaseAutoencoder
from tests.blindfold import LabelSeenError, Untouchable
from tests.conftest import Shared

SMALL: dict[str, Any] = {"latent_dim": 8, "epochs": 3, "batch_size": 16}
SEED = 2
ESTIMATORS: dict[str, Any] = {
    "dense": mnistae.DenseAutoencoder(sparsity_weight=0.01, random_state=SEED, **SMALL),
    "sparse": mnistae.SparseAutoencoder(
        latent_dim=30,
        epochs=20,
        batch_size=16,
        learning_rate=0.01,
        k=4,
        channels=(4, 6),
        hidden=(20,),
        augment=0.5,
        noise=0.1,
        random_state=0,
    ),  # as `sparse_once("convolutions")`
    "invariant": mnistae.InvariantEncoder(channels=(8,), random_state=SEED, **SMALL),
}
LATER = (
    ("classify", "--labels", "30", "--epochs", "10", "--seed", str(SEED)),
    ("cluster", "--method", "graph", "--clusters", "3", "--seed", str(SEED)),
)


@pytest.fixture(params=ESTIMATORS)
def pair(
    request: pytest.FixtureRequest,
    shared: Shared,
    shapes_npz: Path,
    second_once: Path,
    found_once: Path,
    sparse_once: Callable[[str], Path],
) -> tuple[mnistae.Artifacts, BaseAutoencoder]:
    """What the command line made, and the estimator fitted to the same images, beside labels that raise."""
    if request.param == "invariant":
        root = found_once
    else:
        made = second_once if request.param == "dense" else sparse_once("convolutions")
        root = shared.copy(f"estimators-{request.param}", made, *LATER)
    return mnistae.open(root), fitted_once(shared, shapes_npz, request.param)


def fitted_once(shared: Shared, data: Path, kind: str) -> BaseAutoencoder:
    """An estimator fitted to the shapes of `shapes_npz`."""

    def make(folder: Path) -> None:
        fitted = clone(ESTIMATORS[kind]).fit(mnistae.load_images(data).train.images, Untouchable())
        (folder / "estimator.pickle").write_bytes(pickle.dumps(fitted))

    estimator: BaseAutoencoder = pickle.loads((shared.once(f"fitted-{kind}", make) / "estimator.pickle").read_bytes())
    return estimator


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
    clusters = mnistae.GraphClusters(n_clusters="auto" if invariant else 3, random_state=SEED)
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
    classifier = mnistae.FewLabelClassifier(epochs=10, random_state=SEED)
    classifier.fit(artifacts.features()[drawn], labels[drawn])
    assert classifier.classifier_onnx_ == (artifacts.root / "classify" / "classifier.onnx").read_bytes()
    assert classifier.predict_proba(artifacts.features("test")).tobytes() == artifacts.probabilities().tobytes()
    assert classifier.temperature_ == artifacts.manifest("classify").metrics["temperature"]


def test_graph_clusters_look_at_no_label(shapes_npz: Path) -> None:
    """The autoencoders of these tests were fitted beside labels that raise, too."""
    train = mnistae.load_images(shapes_npz).train
    features = train.images.reshape(len(train.images), -1)
    beside, without = (mnistae.GraphClusters().fit(features, labels) for labels in (Untouchable(), None))
    assert beside.labels_.tobytes() == without.labels_.tobytes()
    with pytest.raises(LabelSeenError):
        mnistae.FewLabelClassifier().fit(features, Untouchable())
