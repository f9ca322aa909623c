"""Packages that Keras imports where they are installed, for parts of it that mnistae does not use."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

UNUSED = ("IPython", "matplotlib", "pandas", "sklearn")  # two fifths of the time of the import, and 120 MB


@contextmanager
def hidden(*names: str) -> Iterator[None]:
    """Within the block, these packages are as if they were not installed. What is loaded already stays.

    No other thread may import them meanwhile.
    """
    absent = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]  # None: an import raises ImportError
    try:
        yield
    finally:
        for name in absent:
            sys.modules.pop(name, None)
