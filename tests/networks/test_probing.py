import numpy as np
from scipy.sparse import issparse

from mnistae_cli.networks.probing import SPARSE_LIMIT, _matrix, out_of_fold_probabilities

RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 3, 90).astype(np.uint8)
FEATURES = (np.eye(3)[LABELS] + RNG.normal(0, 0.5, (90, 3))).astype(np.float32)


def test_the_unit_of_the_features_does_not_matter() -> None:
    expected = out_of_fold_probabilities(FEATURES, LABELS, seed=0)
    assert np.allclose(out_of_fold_probabilities(FEATURES * 1024, LABELS, seed=0), expected, atol=1e-4)
    assert np.mean(expected.argmax(1) == LABELS) > 0.6


def test_only_codes_of_few_active_units_are_a_sparse_matrix() -> None:
    code = np.zeros((100, 100), np.float32)
    code[:, : int(100 * SPARSE_LIMIT) - 1] = 2
    assert issparse(_matrix(code, 0.5))
    assert not issparse(_matrix(2 - code, 0.5))
    assert np.array_equal(_matrix(code, 0.5).toarray(), code / 2)
