"""What a training frees stays with the process until it ends."""

import subprocess
import sys

import pytest

# Takes and frees 64 MB ten times; prints how many pages came from the system before, while they are kept, and after.
PROGRAM = """
import resource
from mnistae_cli.training.memory import give_back_memory, keep_freed_memory

def pages():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        b"x" * 2**26
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

first = pages()
if keep_freed_memory():
    pages()
    kept = pages()
    give_back_memory()
    print(first, kept, pages())
"""


def test_a_freed_block_is_taken_again_without_the_system() -> None:
    """Only where the C library is glibc."""
    printed = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True).stdout
    if not printed:
        pytest.skip("the C library is not glibc")
    before, kept, after = map(int, printed.split())
    assert kept < min(before, after) / 10
