"""What every room may use: errors, progress, streams, spreadsheets, and whether this process is our own."""

from mnistae_cli.common import own_process
from mnistae_cli.common.bars import Bars, words_of
from mnistae_cli.common.errors import (
    INTERRUPTED,
    KEPT,
    DamagedInput,
    GateFailed,
    MissingInput,
    MnistaeError,
    UsageError,
)
from mnistae_cli.common.own_process import is_own
from mnistae_cli.common.progress import Advance, Notice, Report, StageEnded, silent
from mnistae_cli.common.spreadsheets import as_text, from_text, read_cells, whole_number, write_history
from mnistae_cli.common.streams import Output, muted_native_stderr

__all__ = [
    "INTERRUPTED",
    "KEPT",
    "Advance",
    "Bars",
    "DamagedInput",
    "GateFailed",
    "MissingInput",
    "MnistaeError",
    "Notice",
    "Output",
    "Report",
    "StageEnded",
    "UsageError",
    "as_text",
    "from_text",
    "is_own",
    "muted_native_stderr",
    "own_process",
    "read_cells",
    "silent",
    "whole_number",
    "words_of",
    "write_history",
]
