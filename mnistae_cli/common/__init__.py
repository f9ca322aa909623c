"""For all rooms: errors, progress, legible text, streams, spreadsheets; whether this process is a command of ours."""

from mnistae_cli.common import own_process
from mnistae_cli.common.bars import Bars, progress_text
from mnistae_cli.common.errors import (
    INTERRUPTED,
    KEPT,
    DamagedInput,
    GateFailed,
    Mention,
    MissingInput,
    MnistaeError,
    RefusedValue,
    UsageError,
    in_python,
    on_command_line,
    setting,
)
from mnistae_cli.common.legible import legible
from mnistae_cli.common.progress import Advance, Notice, Report, StageEnded, silent
from mnistae_cli.common.spreadsheets import as_text, from_text, read_table, whole_number, write_history
from mnistae_cli.common.streams import Output, muted_native_stderr
