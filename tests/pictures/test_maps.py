"""The map of features."""

import numpy as np

from mnistae_cli.pictures import maps


def test_the_grid_gives_nearly_the_sum_over_all_pairs() -> None:
    points = (np.random.default_rng(0).normal(size=(2, 200)) * 6).astype(np.float32)
    exact, by_grid = maps._pairwise_repulsion(points), maps._grid_repulsion(points)
    assert np.linalg.norm(by_grid - exact) < 0.4 * np.linalg.norm(exact)  # the grid blurs the push of near dots
    away = points[:, :, None] - points[:, None, :]
    near = 1 / (1 + (away**2).sum(axis=0))
    np.testing.assert_allclose(exact, (away * near**2).sum(axis=2) / (near.sum() - 200), atol=1e-6)


def test_groups_lie_apart_and_the_same_features_give_the_same_map() -> None:
    for n in (60, 600):  # by pairs, and by the grid
        groups = np.arange(n) % 3
        features = (
            np.random.default_rng(1).normal(size=(n, 8)).astype(np.float32) + 8 * np.eye(3, 8, dtype=np.float32)[groups]
        )
        places, method = maps.lay_out(features)
        assert method == "t-SNE"
        assert np.array_equal(places, maps.lay_out(features)[0])
        distances = np.linalg.norm(places[:, None] - places, axis=2)
        np.fill_diagonal(distances, np.inf)
        assert (groups[distances.argmin(axis=1)] == groups).mean() > 0.98
