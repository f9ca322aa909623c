"""Scores of reconstructions, classifiers and clusters, in NumPy and SciPy; their names; tables for a person."""

from mnistae_cli.scores import metrics
from mnistae_cli.scores.codes import describe_codes
from mnistae_cli.scores.figures import (
    CALIBRATION,
    COVERAGES,
    ERRORS,
    FIGURES,
    ON_TEST,
    SPLITS,
    figure_at,
    known_figures,
)
from mnistae_cli.scores.metrics import (
    Table,
    adjusted_rand_index,
    binary_crossentropy,
    contingency_table,
    homogeneity,
    squared_error,
    unexplained_variance,
)
from mnistae_cli.scores.text import ABSENT, TextRows, figure, metric_rows
