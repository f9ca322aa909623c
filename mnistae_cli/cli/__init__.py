"""The command line. Typer is imported in this package alone, and nothing is computed in it."""

from mnistae_cli.cli.commands import app
from mnistae_cli.cli.main import main
