"""What is odd in a set of images: labels that look wrong, strangers, duplicates; and what a person decides."""

from mnistae_cli.curation.decisions import Decision, read_decisions
from mnistae_cli.curation.duplicates import Duplicates, find_duplicates
from mnistae_cli.curation.label_errors import LabelErrors, find_label_errors
from mnistae_cli.curation.novelty import N_NEIGHBORS, STRANGE, Reference, Unusual, Usual, usual_of
from mnistae_cli.curation.reviewing import LEAK, Review, Split
from mnistae_cli.curation.suspicions import (
    DUPLICATE,
    KINDS,
    LABEL,
    NEAR_DUPLICATE,
    STRANGER,
    Key,
    Suspicion,
    read_suspicions,
    write_suspicions,
)

__all__ = [
    "DUPLICATE",
    "KINDS",
    "LABEL",
    "LEAK",
    "NEAR_DUPLICATE",
    "N_NEIGHBORS",
    "STRANGE",
    "STRANGER",
    "Decision",
    "Duplicates",
    "Key",
    "LabelErrors",
    "Reference",
    "Review",
    "Split",
    "Suspicion",
    "Unusual",
    "Usual",
    "find_duplicates",
    "find_label_errors",
    "read_decisions",
    "read_suspicions",
    "usual_of",
    "write_suspicions",
]
