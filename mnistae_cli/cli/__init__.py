"""The command line. Only this room imports Typer, and it computes nothing."""

from mnistae_cli.cli.commands import app
from mnistae_cli.cli.main import main
