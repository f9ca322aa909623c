"""What can go wrong by an input's fault: one class per exit code, each with a remedy."""

INTERRUPTED = 130  # the exit code of a shell for SIGINT
KEPT = "Finished stages are kept; the same command goes on after them."


class MnistaeError(Exception):
    """An error that the user can mend.

    Args:
        problem: one line, what is wrong with which value.
        remedy: one line, what to do about it.
    """

    exit_code = 1

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem, remedy)  # both, or another process cannot hand it over
        self.problem = problem
        self.remedy = remedy

    def __str__(self) -> str:
        return self.problem


class UsageError(MnistaeError):
    """An option, a configuration value or an output place that cannot be used."""

    exit_code = 2


class MissingInput(MnistaeError):
    """An input that is not there, or is older than what it was made from."""

    exit_code = 3


class DamagedInput(MnistaeError):
    """An input that is there and cannot be what it should be."""

    exit_code = 4


class GateFailed(MnistaeError):
    """A figure below what `--fail-under` asks."""

    exit_code = 5
