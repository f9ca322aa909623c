"""The number of clusters, from runs that are made up."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from mnistae_cli.clusters.communities import Merging
from mnistae_cli.clusters.scan import STABLE, THRESHOLDS, USUAL, agreement, most_central, scan_thresholds

COMMUNITIES = np.repeat(np.arange(6, dtype=np.int32), 10)
PAIRS = np.array([[0, 1], [2, 3], [4, 5], [0, 2], [0, 4]], np.int32)


def merging(*conductances: float, pairs: np.ndarray = PAIRS) -> Merging:
    return Merging(COMMUNITIES, pairs, np.array(conductances))


def test_the_widest_range_of_one_number_is_chosen() -> None:
    scan = scan_thresholds([merging(0.2, 0.15, 0.1, 0.002, 0.001)] * 3)
    assert scan.n_clusters[scan.chosen].tolist() == [3, 3, 3]
    assert scan.plateau.all()
    assert scan.stability[scan.chosen] == 1
    scan = scan_thresholds([merging(0.2, 0.15, 0.1, 0.03, 0.005)] * 3)
    assert scan.n_clusters[scan.chosen].tolist() == [2, 2, 2]
    assert not scan.plateau.all()
    assert set(scan.n_clusters[scan.plateau].ravel()) == {2}


def test_of_two_ranges_of_a_width_the_more_usual_one_is_chosen() -> None:
    at = THRESHOLDS[[4, 8, 16, 20]]
    scan = scan_thresholds([merging(0.5, at[3] * 1.01, at[2] * 1.01, at[1] * 1.01, at[0] * 1.01)] * 2)
    assert abs(np.log(THRESHOLDS[scan.chosen] / USUAL)) < np.log(1.3)


def test_a_number_on_which_the_runs_do_not_agree_is_not_chosen() -> None:
    """Four clusters have the wider range, but the runs cut them at other places."""
    other = np.array([[0, 2], [1, 3], [4, 5], [0, 1], [0, 4]], np.int32)
    high, low = USUAL * 3.6, USUAL / 2.2
    runs = [merging(high, high, low, low * 0.999, 0.001), merging(high, high, low, low * 0.999, 0.001, pairs=other)]
    scan = scan_thresholds(runs)
    unstable = scan.stability < STABLE
    assert (scan.n_clusters[unstable] == 4).all()
    assert unstable.sum() > len(THRESHOLDS) / 2
    assert scan.n_clusters[scan.chosen].tolist() == [2, 2]


def test_what_hangs_together_is_one_cluster_and_what_does_not_is_many() -> None:
    assert (scan_thresholds([merging(0.3, 0.2, 0.3, 0.2, 0.12)]).n_clusters == 1).all()
    assert (scan_thresholds([merging(*[0.001] * 5)]).n_clusters == 6).all()


def test_agreement_is_the_mean_adjusted_rand_index() -> None:
    rng = np.random.default_rng(0)
    one, two, three = (rng.integers(0, 3, 50).astype(np.int32) for _ in range(3))
    pairs = [adjusted_rand_score(*each) for each in ((one, two), (one, three), (two, three))]
    assert agreement([one, two, three]) == pytest.approx(np.mean(pairs))
    assert agreement([one]) == 1
    assert most_central([one, two, one]) in (0, 2)
