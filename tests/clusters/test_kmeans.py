from pathlib import Path

import numpy as np
import pytest
from sklearn.cluster import KMeans

from mnistae_cli import settings
from mnistae_cli.clusters.kmeans import Metric, assign, distances, fit_kmeans
from mnistae_cli.clusters.placement import place_by_centroids
from mnistae_cli.common.errors import UsageError
from mnistae_cli.data import Rows
from tests.builders import kmeans

RNG = np.random.default_rng(0)
CENTRES = RNG.normal(0, 10, (4, 5))

FEATURES = (np.repeat(CENTRES, 50, axis=0) + RNG.normal(0, 0.1, (200, 5))).astype(np.float32)


def test_well_separated_groups_are_found() -> None:
    fitted = kmeans(FEATURES, n_clusters=4, metric="euclidean")
    assert len(set(zip(np.repeat(range(4), 50), fitted.assignments, strict=True))) == 4
    assert fitted.centroids.dtype == np.float32
    assert fitted.assignments.dtype == np.int32
    assert fitted.inertia == pytest.approx(np.square(FEATURES - fitted.centroids[fitted.assignments]).sum(), rel=1e-4)


def test_it_is_scikit_learns_kmeans() -> None:
    theirs = KMeans(3, n_init=2, random_state=5).fit(FEATURES)
    ours = kmeans(FEATURES, n_clusters=3, n_init=2, seed=5, metric="euclidean")
    assert ours.inertia == pytest.approx(theirs.inertia_)
    assert np.array_equal(ours.assignments, theirs.labels_)


def test_cosine_is_kmeans_of_the_directions() -> None:
    directions = FEATURES / np.linalg.norm(FEATURES, axis=1, keepdims=True)
    ours, theirs = kmeans(FEATURES, n_clusters=4), kmeans(directions, n_clusters=4, metric="euclidean")
    assert np.array_equal(ours.assignments, theirs.assignments)
    assert ours.centroids == pytest.approx(theirs.centroids, abs=1e-6)
    assert np.array_equal(ours.model.predict(FEATURES), ours.assignments)
    longer = place_by_centroids(7 * FEATURES, ours.centroids, "cosine")
    assert np.array_equal(longer.clusters, ours.assignments)
    assert longer.distance == pytest.approx(
        np.linalg.norm(directions - ours.centroids[ours.assignments], axis=1), abs=1e-4
    )


def test_starts_on_a_sample_are_refined_on_all() -> None:
    fitted = kmeans(FEATURES, n_clusters=4, init_size=40, metric="euclidean")
    means = [FEATURES[fitted.assignments == cluster].mean(axis=0) for cluster in range(4)]
    assert fitted.centroids == pytest.approx(np.array(means), abs=1e-4)
    assert fitted.inertia == pytest.approx(kmeans(FEATURES, n_clusters=4, metric="euclidean").inertia, rel=1e-5)


def test_a_sample_has_images_for_each_cluster() -> None:
    assert len(np.unique(kmeans(FEATURES, n_clusters=50, init_size=1).assignments)) == 50


def test_nearest_centroids_are_one_numpy_line() -> None:
    features, centroids = RNG.normal(size=(20000, 6)).astype(np.float32), RNG.normal(size=(7, 6)).astype(np.float32)
    expected = np.linalg.norm(features[:, None] - centroids, axis=2)
    assert np.array_equal(assign(features, centroids), expected.argmin(axis=1))
    assert distances(features, centroids) == pytest.approx(expected, rel=1e-5)


def test_the_same_seed_gives_the_same_bytes() -> None:
    first, second = (kmeans(FEATURES, n_clusters=3, seed=1).centroids for _ in range(2))
    assert first.tobytes() == second.tobytes()


def test_more_clusters_than_images_are_refused() -> None:
    with pytest.raises(UsageError, match="n_clusters is 10, but there are 9 training images"):
        kmeans(FEATURES[:9])


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_mini_batches_from_the_disk_find_the_same_groups(tmp_path: Path, metric: Metric) -> None:
    np.save(tmp_path / "features.npy", FEATURES)  # sorted by group
    rows, fitting = Rows.open(tmp_path / "features.npy"), settings.KMeans(n_clusters=4, metric=metric).fitting()
    first, second = (fit_kmeans(rows, seed=0, **fitting) for _ in range(2))
    assert len(set(zip(np.repeat(range(4), 50), first.assignments, strict=True))) == 4
    assert first.inertia == pytest.approx(kmeans(FEATURES, n_clusters=4, metric=metric).inertia, rel=0.01)
    assert np.array_equal(first.centroids, second.centroids)
