"""What a training frees stays with the process until it ends."""

import subprocess
import sys

import pytest

from mnistae_cli.common import own_process
from mnistae_cli.training import memory

# Takes and frees 64 MB ten times; prints how many pages came from the system before, while they are kept, and after.
PROGRAM = """
import resource, runpy, sys
from types import SimpleNamespace

sys.modules["keras"] = SimpleNamespace(callbacks=SimpleNamespace(Callback=object))  # it takes seconds, and is not used
told = runpy.run_path(sys.argv[1])
keep_freed_memory, give_back_memory = told["keep_freed_memory"], told["give_back_memory"]

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
    command = [sys.executable, "-c", PROGRAM, memory.__file__]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if not printed:
        pytest.skip("the C library is not glibc")
    before, kept, after = map(int, printed.split())
    assert kept < min(before, after) / 10


@pytest.mark.parametrize(("is_own", "called"), [(True, ["keep", "give back"] * 2), (False, [])])
def test_only_a_command_decides_how_its_process_uses_memory(
    is_own: bool, called: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A notebook keeps the settings that it has."""
    found: list[str] = []
    monkeypatch.setattr(own_process, "is_own", lambda: is_own)
    monkeypatch.setattr(memory, "keep_freed_memory", lambda: found.append("keep"))
    monkeypatch.setattr(memory, "give_back_memory", lambda: found.append("give back"))
    callback = memory.KeepsFreedMemory()
    for _ in range(2):
        for batch in range(3):
            callback.on_train_batch_end(batch)
        callback.on_train_end()
    assert found == called
