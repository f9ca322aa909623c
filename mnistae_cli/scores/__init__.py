"""Scores of reconstructions, classifiers and clusters, in NumPy and SciPy; calibration; the linear probe."""

from mnistae_cli.scores import metrics
from mnistae_cli.scores.calibration import held_out_temperature
from mnistae_cli.scores.describing import describe_codes
from mnistae_cli.scores.figures import CALIBRATION, COVERAGES, ERRORS, FIGURES, SPLITS, figure_at, known_figures
from mnistae_cli.scores.metrics import (
    Table,
    binary_crossentropy,
    contingency_table,
    squared_error,
    unexplained_variance,
)
from mnistae_cli.scores.probing import N_FOLDS, fit_probe, out_of_fold_probabilities
from mnistae_cli.scores.telling import ABSENT, TextRows, figure, metric_rows

__all__ = [
    "ABSENT",
    "CALIBRATION",
    "COVERAGES",
    "ERRORS",
    "FIGURES",
    "N_FOLDS",
    "SPLITS",
    "Table",
    "TextRows",
    "binary_crossentropy",
    "contingency_table",
    "describe_codes",
    "figure",
    "figure_at",
    "fit_probe",
    "held_out_temperature",
    "known_figures",
    "metric_rows",
    "metrics",
    "out_of_fold_probabilities",
    "squared_error",
    "unexplained_variance",
]
