"""What scikit-learn expects of estimators, and what is ours alone."""

import pickle
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, ShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import check_estimator

import mnistae_cli as mnistae
from mnistae_cli.common.errors import DamagedInput, MissingInput
from mnistae_cli.settings import ClassifyConfig, Dense, Graph, Invariant, TopK, TrainConfig
from mnistae_cli.settings.kinds import settings_of
from tests.api.test_bytes import ESTIMATORS, fitted_once
from tests.conftest import N_CLASSES, Shared, shapes

QUICK: dict[str, Any] = {"latent_dim": 4, "epochs": 1}
AUTOENCODERS = {
    "dense": mnistae.DenseAutoencoder(**QUICK),
    "sparse": mnistae.SparseAutoencoder(k=2, **QUICK),
    "invariant": mnistae.InvariantEncoder(n_heads=2, channels=(2, 2), batch_size=32, **QUICK),
}
SKIPPED = {"check_array_api_input": "scikit-learn skips it where SCIPY_ARRAY_API is not set"}
ONE_CLUSTER = "it sets n_clusters=1, and a head tells at least two clusters apart"
EXPECTED = {
    "check_dont_overwrite_parameters": ONE_CLUSTER,
    "check_fit2d_1feature": ONE_CLUSTER,
    "check_fit2d_predict1d": ONE_CLUSTER,
    "check_methods_subset_invariance": ONE_CLUSTER,
}


def failures(estimator: Any, expected: Mapping[str, str] | None = None) -> list[str]:
    """What is neither passed, nor skipped by scikit-learn itself, nor among the exceptions, each with its reason."""
    checks = check_estimator(estimator, on_fail=None, expected_failed_checks=expected)
    assert len(checks) > 40
    assert {each["check_name"] for each in checks if each["status"] == "xfail"} == set(expected or {})
    return [
        f"{each['check_name']}: {each['exception']!r}"
        for each in checks
        if each["status"] not in ("passed", "xfail") and each["check_name"] not in SKIPPED
    ]


@pytest.mark.parametrize(
    "estimator", [mnistae.GraphClusters(), mnistae.FewLabelClassifier(epochs=30)], ids=["clusters", "classifier"]
)
def test_scikit_learns_checks(estimator: Any) -> None:
    assert failures(estimator) == []


@pytest.mark.slow  # each check trains a network
@pytest.mark.parametrize("name", AUTOENCODERS)
def test_scikit_learns_checks_of_networks(name: str) -> None:
    assert failures(AUTOENCODERS[name], EXPECTED if name == "invariant" else None) == []


@pytest.mark.parametrize(
    ("estimator", "settings", "others"),
    [
        (mnistae.DenseAutoencoder(), settings_of(Dense), set()),
        (mnistae.InvariantEncoder(), settings_of(Invariant), {"output"}),
        (mnistae.GraphClusters(), settings_of(Graph), set()),
    ],
)
def test_parameters_are_the_settings_and_their_defaults(estimator: Any, settings: Any, others: set[str]) -> None:
    parameters = estimator.get_params()
    for name in (*others, "image_shape", "random_state", "verbose"):
        parameters.pop(name, None)
    assert parameters == {each.name: each.default for each in settings}


def test_a_sparse_code_and_a_head_have_parameters_for_every_kind() -> None:
    sparse = {each.name for each in settings_of(TrainConfig) if each.kind and issubclass(each.kind, sparse_kinds())}
    assert sparse - {"loss"} == mnistae.SparseAutoencoder().get_params().keys() - {
        "sparsity", "image_shape", "random_state", "verbose",
    }  # fmt: skip
    assert mnistae.SparseAutoencoder().learning_rate == TopK.training.learning_rate
    heads = {each.name: each.default for each in settings_of(ClassifyConfig) if each.kind}
    parameters = mnistae.FewLabelClassifier().get_params()
    assert {name: parameters[name] for name in heads} == heads


def sparse_kinds() -> type:
    from mnistae_cli.settings.codes.sparse import SparseCode

    return SparseCode


@pytest.fixture(scope="module")
def dense() -> mnistae.DenseAutoencoder:
    return mnistae.DenseAutoencoder(**QUICK).fit(shapes(80, 0)[0])


def test_rows_and_images_give_the_same_features_and_keep_their_form(dense: mnistae.DenseAutoencoder) -> None:
    images = shapes(80, 0)[0]
    flat = mnistae.DenseAutoencoder(image_shape=images.shape[1:], **QUICK).fit(images.reshape(80, -1))
    assert flat.transform(images.reshape(80, -1)).tobytes() == dense.transform(images).tobytes()
    assert flat.reconstruct(images[:3]).shape == (3, images[0].size)
    assert dense.reconstruct(images[:3]).shape == images[:3].shape
    np.testing.assert_array_equal(dense.inverse_transform(dense.transform(images[:3])), dense.reconstruct(images[:3]))


def test_gray_levels_of_any_range_are_scaled(dense: mnistae.DenseAutoencoder) -> None:
    images = shapes(80, 0)[0]
    images[0, 0, 0] = 255  # so that both scales end there
    assert 0 <= dense.reconstruct(images).min() <= dense.reconstruct(images).max() <= 255
    levels = images.astype(np.float64) / 255 * 16
    scaled = mnistae.DenseAutoencoder(**QUICK).fit(levels)
    assert 1 < scaled.reconstruct(levels).max() <= 16
    assert scaled.score(levels) == pytest.approx(dense.score(images), abs=2e-3)
    with pytest.raises(ValueError, match="fitted on floats"):
        scaled.transform(images)
    with pytest.raises(ValueError, match="fitted on uint8"):
        dense.transform(levels)


def test_score_is_minus_the_mean_squared_error(dense: mnistae.DenseAutoencoder) -> None:
    images = shapes(80, 0)[0]
    assert dense.score(images) == pytest.approx(-np.mean((dense.reconstruct(images) / 255 - images / 255) ** 2))


@pytest.mark.parametrize(
    ("estimator", "message"),
    [
        (mnistae.DenseAutoencoder(latent_dim=0), "latent_dim is 0: it must be at least 1"),
        (mnistae.DenseAutoencoder(epochs=0), "epochs is 0"),
        (mnistae.DenseAutoencoder(random_state=-1), "random_state is -1"),
        (mnistae.DenseAutoencoder(image_shape=(3, 3)), "image_shape is"),
        (mnistae.SparseAutoencoder(sparsity="l0"), "sparsity is 'l0'"),
        (mnistae.SparseAutoencoder(sparsity="l1", k=3), "k is 3: sparsity='l1' does not use it"),
        (mnistae.InvariantEncoder(n_clusters=1), "n_clusters is 1"),
        (mnistae.InvariantEncoder(output="heads"), "output is 'heads'"),  # type: ignore[arg-type]
        (mnistae.GraphClusters(n_clusters=500), "n_clusters is 500"),
        (mnistae.FewLabelClassifier(head="svm"), "head is 'svm'"),  # type: ignore[arg-type]
        (mnistae.FewLabelClassifier(learning_rate=0), "learning_rate is 0"),
        (mnistae.FewLabelClassifier(unlabelled=1), "which means unlabeled: give a few labels"),
    ],
)
def test_a_wrong_parameter_is_named(estimator: Any, message: str) -> None:
    images = shapes(40, 0)[0].reshape(40, -1)
    with pytest.raises(ValueError, match=message):
        estimator.fit(images, np.ones(40, int))


@pytest.mark.parametrize(
    ("X", "parameters", "message"),
    [
        (np.zeros((4, 3, 3, 3)), {}, r"X has the shape \(4, 3, 3, 3\): give gray images"),
        ([np.zeros((3, 3)), np.zeros((3, 3))], {}, "X is a list of images"),
        (np.zeros((4, 6)), {"image_shape": 6}, "image_shape is 6: it must be"),
        (np.zeros((4, 6)), {"image_shape": (-2, -3)}, "image_shape is"),
        (np.zeros((4, 2, 3)), {"image_shape": (3, 2)}, r"the images of X are \(2, 3\)"),
    ],
)
def test_images_that_cannot_be_used_are_refused(X: Any, parameters: dict[str, Any], message: str) -> None:  # noqa: N803
    with pytest.raises(ValueError, match=message):
        mnistae.DenseAutoencoder(**parameters, **QUICK).fit(X)


def test_features_of_another_width_are_not_decoded(dense: mnistae.DenseAutoencoder) -> None:
    with pytest.raises(ValueError, match="X has 5 features, but the code has 4 units"):
        dense.inverse_transform(np.zeros((2, 5)))


@pytest.mark.parametrize("neighbors", [[[9]] * 9, [[-1]] * 9, [[0.5]] * 9, [[0]] * 8, [0] * 9])
def test_neighbors_that_are_no_samples_are_refused(neighbors: list[Any]) -> None:
    with pytest.raises(ValueError, match="neighbors"):
        mnistae.GraphClusters().fit(np.eye(9), neighbors=neighbors)


def test_some_labels_as_words() -> None:
    features, words = np.eye(9), np.array(["a", "b", "c"] * 3, dtype=object)
    words[6:] = -1
    classifier = mnistae.FewLabelClassifier(head="prototypes", unlabelled=-1).fit(features, words)
    assert classifier.classes_.tolist() == ["a", "b", "c"]
    with pytest.raises(ValueError, match="y holds words, but unlabelled is -1"):
        classifier.fit(features, words.astype(str))  # NumPy makes "-1" of -1 here
    with pytest.raises(ValueError, match="y holds labels of several kinds"):
        classifier.set_params(unlabelled=None).fit(features, words)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_save_and_load(name: str, shared: Shared, shapes_npz: Path, tmp_path: Path) -> None:
    images, fitted = shapes(80, 0)[0], fitted_once(shared, shapes_npz, name)
    fitted.save(tmp_path / "estimator.npz")
    loaded = type(fitted).load(tmp_path / "estimator.npz")
    assert loaded.get_params() == fitted.get_params()
    for other in (loaded, pickle.loads(pickle.dumps(fitted))):
        assert other.transform(images).tobytes() == fitted.transform(images).tobytes()
        assert other.get_feature_names_out().tolist() == fitted.get_feature_names_out().tolist()


def test_save_takes_numpys_numbers_and_names_what_it_cannot_take(
    dense: mnistae.DenseAutoencoder, tmp_path: Path
) -> None:
    fitted = pickle.loads(pickle.dumps(dense)).set_params(epochs=np.int64(1), noise=np.float32(0))
    fitted.save(tmp_path / "estimator.npz")
    assert mnistae.DenseAutoencoder.load(tmp_path / "estimator.npz").get_params() == dense.get_params()
    with pytest.raises(ValueError, match="RandomState cannot be saved"):
        fitted.set_params(random_state=np.random.RandomState(0)).save(tmp_path / "estimator.npz")


def test_load_refuses_what_is_damaged_or_another_class(dense: mnistae.DenseAutoencoder, tmp_path: Path) -> None:
    path = tmp_path / "estimator.npz"
    with pytest.raises(MissingInput):
        mnistae.DenseAutoencoder.load(path)
    dense.save(path)
    with pytest.raises(DamagedInput, match="holds the class DenseAutoencoder"):
        mnistae.SparseAutoencoder.load(path)
    whole = path.read_bytes()
    for content in (b"", whole[:1000], whole[: len(whole) // 2] + b"\0" + whole[len(whole) // 2 + 1 :]):
        path.write_bytes(content)
        with pytest.raises(DamagedInput, match="is damaged, or is not what `save` writes"):
            mnistae.DenseAutoencoder.load(path)
    with pytest.raises(MissingInput, match="nowhere does not exist"):
        dense.save(tmp_path / "nowhere" / "estimator.npz")


def test_a_data_set_is_shown_in_a_line() -> None:
    shown = repr(mnistae.load_digits().train)
    assert shown == "<1498 images (8, 8) of float32, labels of 10 classes>"


def test_the_embedding_alone_is_the_last_columns(shared: Shared, shapes_npz: Path) -> None:
    images, encoder = shapes(80, 0)[0], fitted_once(shared, shapes_npz, "invariant")
    every = encoder.transform(images)
    encoder.set_params(output="embedding")
    assert encoder.transform(images).tobytes() == np.ascontiguousarray(every[:, -8:]).tobytes()
    with pytest.raises(ValueError, match="output='all'"):
        encoder.inverse_transform(every)


def test_fit_leaves_the_global_draws_as_they_were() -> None:
    np.random.seed(3)
    expected = np.random.random(3)
    np.random.seed(3)
    mnistae.DenseAutoencoder(**QUICK).fit(shapes(40, 0)[0])
    np.testing.assert_array_equal(np.random.random(3), expected)


@pytest.mark.slow
def test_pipeline_grid_search_and_frames(tmp_path: Path) -> None:
    images, labels = shapes(90, 0)
    some = np.where(np.arange(90) < 45, labels.astype(int), -1)
    pipeline = make_pipeline(mnistae.DenseAutoencoder(**QUICK), mnistae.FewLabelClassifier(epochs=30, unlabelled=-1))
    pipeline.fit(images, some)
    assert set(pipeline.classes_) == set(range(N_CLASSES))
    assert pipeline.predict_proba(images).shape == (90, N_CLASSES)
    once = ShuffleSplit(1, test_size=0.3, random_state=0)
    search = GridSearchCV(mnistae.DenseAutoencoder(**QUICK), {"epochs": [1, 40]}, cv=once, refit=False).fit(images)
    assert search.best_params_ == {"epochs": 40}
    frame = clone(pipeline[0]).set_output(transform="pandas").fit_transform(images)
    again = mnistae.DenseAutoencoder(**QUICK).fit(frame)
    again.save(tmp_path / "columns.npz")
    loaded = mnistae.DenseAutoencoder.load(tmp_path / "columns.npz")
    np.testing.assert_array_equal(loaded.transform(frame), again.transform(frame))
    with pytest.raises(ValueError, match="feature names"):
        loaded.transform(frame[frame.columns[::-1]])
    assert list(frame.columns) == [f"denseautoencoder{i}" for i in range(4)]


def test_importing_loads_nothing_heavy() -> None:
    script = (
        "import mnistae_cli, sys; print(*[n for n in ('numpy', 'sklearn', 'tensorflow', 'rich') if n in sys.modules])"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == ""
    assert set(mnistae.__all__) <= set(dir(mnistae))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = mnistae.nothing


def test_none_leaves_the_default_of_the_graph() -> None:
    features = np.random.default_rng(0).normal(size=(60, 4))
    plain, none = mnistae.GraphClusters(), mnistae.GraphClusters().set_params(n_neighbors=None)
    assert np.array_equal(none.fit_predict(features), plain.fit_predict(features))
