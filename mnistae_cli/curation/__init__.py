"""What is odd in a set of images: labels that look wrong, strangers, duplicates; and what a person decides."""

from mnistae_cli.curation.decisions import Decision, decisions_file, lacks_class, named, read_decisions
from mnistae_cli.curation.duplicates import Duplicates, find_duplicates
from mnistae_cli.curation.label_errors import LabelErrors, find_label_errors
from mnistae_cli.curation.novelty import N_NEIGHBORS, Novelty, NoveltyBaseline, Reference, measure_baseline
from mnistae_cli.curation.reviewing import LEAK, Review, Split
from mnistae_cli.curation.suspicions import KINDS, LABEL, Key, Suspicion, read_suspicions, write_suspicions
