"""Whether this process is a command of mnistae, or a program of the user's that imports it."""

_is_own = False


def begin() -> None:
    """Say that this process does the work of a command, and nothing else."""
    global _is_own  # noqa: PLW0603
    _is_own = True


def is_own() -> bool:
    """Whether `begin` was called. In any other process the user may need all of every library."""
    return _is_own
