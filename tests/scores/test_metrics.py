import numpy as np
import pytest
from sklearn import metrics as sk

from mnistae_cli.scores import figures, metrics


def test_squared_error_is_one_numpy_line() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.random((2, 5, 4, 3), dtype=np.float32)
    assert metrics.squared_error(x, y) == pytest.approx(((x - y) ** 2).reshape(5, -1).mean(1))


def test_binary_crossentropy_is_one_numpy_line() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.random((2, 5, 4, 3), dtype=np.float32)
    expected = -(x * np.log(y) + (1 - x) * np.log(1 - y)).reshape(5, -1).mean(1)
    assert metrics.binary_crossentropy(x, y) == pytest.approx(expected, rel=1e-5)


def test_binary_crossentropy_is_finite_where_a_reconstruction_is_sure_and_wrong() -> None:
    white, black = np.ones((1, 2, 2), np.float32), np.zeros((1, 2, 2), np.float32)
    assert metrics.binary_crossentropy(white, black) == pytest.approx(-np.log(1e-7), rel=1e-3)
    assert metrics.binary_crossentropy(black, white) == pytest.approx(-np.log(1.19e-7), rel=1e-2)
    assert metrics.binary_crossentropy(white, white) == pytest.approx(0, abs=1e-6)


# Worked by hand: cluster 0 has three of class 1, cluster 1 two of class 0 and one of class 1, cluster 2 is empty.
LABELS = np.array([1, 1, 1, 0, 0, 1])
CLUSTERS = np.array([0, 0, 0, 1, 1, 1])
TABLE = np.array([[0, 3], [2, 1], [0, 0]])


def test_contingency_table() -> None:
    assert metrics.contingency_table(CLUSTERS, LABELS, 3, 2).tolist() == TABLE.tolist()


def test_mappings_and_accuracies_by_hand() -> None:
    assert metrics.hungarian_mapping(TABLE).tolist() == [1, 0, -1]
    assert metrics.majority_mapping(TABLE).tolist() == [1, 0, -1]
    assert metrics.mapped_accuracy(TABLE, np.array([1, 0, -1])) == 5 / 6
    assert metrics.mapped_accuracy(TABLE, np.array([0, 1, 2])) == 1 / 6  # raw ids
    assert metrics.purity(TABLE) == 5 / 6


def test_hungarian_gives_a_class_to_one_cluster_alone() -> None:
    table = np.array([[5, 0], [4, 1]])
    assert metrics.hungarian_mapping(table).tolist() == [0, 1]
    assert metrics.majority_mapping(table).tolist() == [0, 0]


def test_a_mapping_of_train_is_applied_to_test() -> None:
    train, test = np.array([[9, 1], [2, 8]]), np.array([[0, 10], [10, 0]])
    assert metrics.mapped_accuracy(test, metrics.hungarian_mapping(train)) == 0.0


@pytest.mark.parametrize("seed", range(5))
def test_information_and_rand_agree_with_scikit_learn(seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels, clusters = rng.integers(0, 4, 300), rng.integers(0, 6, 300)
    clusters[:150] = labels[:150]
    table = metrics.contingency_table(clusters, labels, 6, 4)
    assert metrics.normalized_mutual_info(table) == pytest.approx(sk.normalized_mutual_info_score(labels, clusters))
    assert metrics.adjusted_rand_index(table) == pytest.approx(sk.adjusted_rand_score(labels, clusters))


def test_one_cluster_of_one_class_is_perfect_agreement() -> None:
    table = np.array([[7]])
    assert metrics.normalized_mutual_info(table) == metrics.adjusted_rand_index(table) == 1.0


@pytest.mark.parametrize("seed", range(20))
def test_one_cluster_agrees_with_many_classes_as_chance_does(seed: int) -> None:
    table = np.random.default_rng(seed).integers(1, 20000, (1, 7))
    assert metrics.adjusted_rand_index(table) == metrics.adjusted_rand_index(table.T) == 0.0


def test_scores_do_not_depend_on_cluster_numbers() -> None:
    shuffled = TABLE[[2, 0, 1]]
    for score in (metrics.purity, metrics.normalized_mutual_info, metrics.adjusted_rand_index):
        assert score(shuffled) == pytest.approx(score(TABLE))


def test_sparsity_by_hand() -> None:
    codes = np.array([[0, 0, 3, 0], [1, 1, 1, 1], [0, 0, 0, 0], [3, 0, 4, 0]], np.float32)
    assert metrics.active_units(codes).tolist() == [1, 4, 0, 2]
    assert metrics.density(codes).tolist() == [0.5, 0.25, 0.75, 0.25]
    assert metrics.hoyer_sparsity(codes) == pytest.approx([1, 0, 1, 2 - 7 / 5])
    assert metrics.hoyer_sparsity(codes[:, :1]).tolist() == [1, 1, 1, 1]


def test_classification_by_hand() -> None:
    probabilities = np.array([[0.5, 0.5, 0.0], [0.2, 0.7, 0.1], [0.9, 0.1, 0.0]], np.float32)
    labels = np.array([0, 1, 1])
    assert metrics.accuracy(probabilities, labels) == pytest.approx(2 / 3)
    assert metrics.per_class_accuracy(probabilities, labels) == [1.0, 0.5, None]
    assert metrics.log_loss(probabilities, labels) == pytest.approx(-np.log([0.5, 0.7, 0.1]).mean())


def test_expected_calibration_error_by_hand() -> None:
    # Two bins of fifteen: confidence 0.9 twice, one of them right; confidence 0.6 once, right.
    probabilities = np.array([[0.9, 0.1], [0.1, 0.9], [0.6, 0.4]], np.float32)
    labels = np.array([0, 0, 0])
    assert metrics.expected_calibration_error(probabilities, labels) == pytest.approx((2 * 0.4 + 1 * 0.4) / 3)
    assert metrics.expected_calibration_error(np.eye(2, dtype=np.float32), np.array([0, 1])) == 0


def test_risk_at_coverage_by_hand() -> None:
    confidence = np.array([0.99, 0.6, 0.9, 0.8, 0.7], np.float32)
    probabilities = np.stack([confidence, 1 - confidence], axis=1)
    labels = np.array([0, 1, 0, 1, 0])  # wrong: the least sure, and the third of five
    assert metrics.risk_at_coverage(probabilities, labels, 0.4) == 0
    assert metrics.risk_at_coverage(probabilities, labels, 0.6) == pytest.approx(1 / 3)
    assert metrics.risk_at_coverage(probabilities, labels, 0.8) == pytest.approx(1 / 4)
    assert metrics.risk_at_coverage(probabilities, labels, 1.0) == pytest.approx(2 / 5)
    assert metrics.risk_at_coverage(probabilities, labels, 0.01) == 0


def test_the_coverages_are_those_of_the_documents() -> None:
    named = [path for path in figures.known_figures() if path.startswith("classifier.test.error_at")]
    assert [path.rpartition("_")[2] for path in named] == ["90", "95", "99"]
    assert [round(100 * share) for share in figures.COVERAGES] == [90, 95, 99]
