"""Whether this process is a command of mnistae, or another program that imports it."""

_is_own = False


def begin() -> None:
    """Note that this process is a command of mnistae."""
    global _is_own  # noqa: PLW0603
    _is_own = True


def is_own() -> bool:
    """Whether `begin` was called. If not, the program may use every part of every library."""
    return _is_own
