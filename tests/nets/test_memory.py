"""What a training frees stays with the process."""

import subprocess
import sys

import pytest

# Takes and frees 16 MB twenty times, and prints how many pages came from the system before and after the call.
PROGRAM = """
import resource
from mnistae_cli.nets.memory import keep_freed_memory

def pages():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        b"x" * 2**24
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

first = pages()
if keep_freed_memory():
    pages()
    print(first, pages())
"""


def test_a_freed_block_is_taken_again_without_the_system() -> None:
    """Only where the C library is glibc."""
    printed = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True).stdout
    if not printed:
        pytest.skip("the C library is not glibc")
    before, after = map(int, printed.split())
    assert after < before / 10
