"""For all rooms: errors, progress, legible text, streams, spreadsheets, the home folder; whether we are a command."""

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
from mnistae_cli.common.home import NOWHERE, can_be_written, home_folder, in_home, sheltered
from mnistae_cli.common.leftovers import discard_unfinished, unfinished
from mnistae_cli.common.legible import legible
from mnistae_cli.common.progress import Advance, Notice, Report, StageEnded, silent
from mnistae_cli.common.spreadsheets import (
    as_text,
    find_name,
    from_text,
    read_table,
    table_lines,
    whole_number,
    write_history,
    write_table,
)
from mnistae_cli.common.streams import Output, muted_native_stderr
