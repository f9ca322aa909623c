"""The errors that a user can fix: one class per exit code. Each error names a remedy."""

INTERRUPTED = 130  # the exit code of a shell for SIGINT
KEPT = "Finished stages are kept. Run the same command again to continue."


class MnistaeError(Exception):
    """An error that the user can fix.

    Args:
        problem: one line, what is wrong with which value.
        remedy: one line, what to do about it.
    """

    exit_code = 1

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem, remedy)  # both: pickle passes them from a process to another
        self.problem = problem
        self.remedy = remedy
        self.add_note(remedy)  # a traceback, as in a notebook, shows it below the problem

    def __str__(self) -> str:
        return self.problem


class UsageError(MnistaeError):
    """An option, a configuration value or an output path that cannot be used."""

    exit_code = 2


class MissingInput(MnistaeError):
    """An input that is missing, or older than the inputs that it was made from."""

    exit_code = 3


class DamagedInput(MnistaeError):
    """An input that exists, but whose content is wrong."""

    exit_code = 4


class GateFailed(MnistaeError):
    """A figure below the limit of `--fail-under`, or strangers with `--fail-on-strangers`."""

    exit_code = 5
