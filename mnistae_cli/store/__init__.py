"""The artifacts directory: one folder per stage, complete or absent. No other room creates or replaces them.

The main functions: `stage` makes a stage's folder, `open_stage` reads one, inside `steady` if the directory is not
locked, `stage_states` lists the state of each, and `hold` locks the directory.
"""

from mnistae_cli.common import discard_unfinished, unfinished
from mnistae_cli.store.checkpoints import Checkpoint
from mnistae_cli.store.directory import DEFAULT_ROOT, command_for, drop_stage, hold, keep, replaced
from mnistae_cli.store.files import (
    NO_PLACE,
    damage_of,
    entry_of,
    fsync,
    seal_of,
    sha256_of,
    time_of_writing,
)
from mnistae_cli.store.interrupts import Interrupts
from mnistae_cli.store.making import Work, stage
from mnistae_cli.store.manifests import SCHEMA_VERSION, Manifest, command_line
from mnistae_cli.store.plans import Plan, Stored
from mnistae_cli.store.reading import Reads, command_again, open_optional, open_stage, read_stage
from mnistae_cli.store.records import TEST_IMAGES, TRAIN_IMAGES, DataRecord
from mnistae_cli.store.seen import see
from mnistae_cli.store.states import LABELS_TABLE, stage_states
from mnistae_cli.store.steady import Verified, steady
