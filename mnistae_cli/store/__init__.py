"""The artifacts directory: one folder per stage, complete or absent. No other package creates or replaces them.

The main functions: `hold` locks the directory, `make_stage` writes a stage's folder, `open_stage` reads one,
and `stage_states` lists the state of each.
"""

from mnistae_cli.store.checkpoints import Checkpoint
from mnistae_cli.store.directory import DEFAULT_ROOT, command_for, drop_stage, hold, keep, replaced
from mnistae_cli.store.files import (
    NO_PLACE,
    damage_of,
    discard_unfinished,
    entry_of,
    fsync,
    seal_of,
    sha256_of,
    time_of_writing,
    unfinished,
)
from mnistae_cli.store.interrupts import Interrupts
from mnistae_cli.store.making import Work, make_stage
from mnistae_cli.store.manifests import SCHEMA_VERSION, Manifest, command_line
from mnistae_cli.store.plans import Plan, Stored
from mnistae_cli.store.reading import Reads, command_again, open_beside, open_stage, open_stages, read_stage
from mnistae_cli.store.seen import see
from mnistae_cli.store.states import LABELS_TABLE, stage_states

__all__ = [
    "DEFAULT_ROOT",
    "LABELS_TABLE",
    "NO_PLACE",
    "SCHEMA_VERSION",
    "Checkpoint",
    "Interrupts",
    "Manifest",
    "Plan",
    "Reads",
    "Stored",
    "Work",
    "command_again",
    "command_for",
    "command_line",
    "damage_of",
    "discard_unfinished",
    "drop_stage",
    "entry_of",
    "fsync",
    "hold",
    "keep",
    "make_stage",
    "open_beside",
    "open_stage",
    "open_stages",
    "read_stage",
    "replaced",
    "seal_of",
    "see",
    "sha256_of",
    "stage_states",
    "time_of_writing",
    "unfinished",
]
