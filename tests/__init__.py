"""Set before anything else is imported: the threads of libraries, and where temporary folders are."""

import os
import shutil
from pathlib import Path

# A core for each process of pytest: two processes' threads on one core wait for each other.
for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
    os.environ.setdefault(name, "1")
# Where two threads are needed for the same bytes everywhere, a thread that waits for the other one sleeps.
os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "4")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # some tests import Keras before `training`, which sets it

# Each file of a stage is synced to the disk, which takes no time in memory. macOS has no such folder.
MEMORY = Path("/dev/shm")
if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > 2**30:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))  # read when the first temporary folder is made
