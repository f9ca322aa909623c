"""What is said of a cluster besides its size."""

import numpy as np

from mnistae_cli.cli.tables import cluster_rows
from mnistae_cli.clusters import Placement
from mnistae_cli.pictures.sheets import _warning, summarize_clusters


def test_each_flag_of_a_cluster_is_shown() -> None:
    clusters = np.repeat(np.arange(4, dtype=np.int32), 10)
    confidence = np.where(clusters == 1, 0.1, 0.9).astype(np.float32)
    looks = summarize_clusters(Placement(clusters, confidence, confidence), [], 3, 4, [0, 1])
    assert [_warning(each) for each in looks] == ["provisional", "looks mixed, provisional", "", "small"]
    rows = cluster_rows([vars(each) for each in looks])[1]
    assert [row[-1] for row in rows] == ["provisional", "mixed, provisional", "–", "small"]
