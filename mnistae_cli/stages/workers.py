"""The only place that imports Dask: worker processes on this machine, or those of a cluster."""

import logging
import os
import pickle
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from mnistae_cli.common import (
    MissingInput,
    MnistaeError,
    UsageError,
    discard_unfinished,
    own_process,
    setting,
    sheltered,
    unfinished,
)

LOCAL = "local"
RETRIES = 2  # of a task after an error that may pass, such as a full disk; tasks of a lost worker are moved anyway
SECONDS_TO_ANSWER = 5  # of the scheduler
SECONDS_BETWEEN_LOOKS = 0.5
CHATTY = ("distributed", "tornado", "asyncio", "bokeh")
SILENT = logging.CRITICAL + 1
NO_COMPLAINT = "ignore:resource_tracker:UserWarning"  # Python would warn if a signal ends this process

Task = TypeVar("Task")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Workers:
    """Workers that a Dask `client` is connected to. They have access to the same files as this process."""

    client: Any
    scheduler: str

    @property
    def _name(self) -> str:
        return setting("scheduler", self.scheduler)

    def in_order(self, function: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[Result]:
        """`function(task)` of each task, in their order. If a worker dies, its task goes to another one.

        `UsageError` if the scheduler is gone, a task killed several workers, or they do not have mnistae.
        """
        # pure=False: a key never equals that of a task of another command
        calls = [(sys.argv, function, task) for task in tasks]
        futures = self.client.map(_call, calls, pure=False, retries=RETRIES, batch_size=1000)
        while futures:  # a result is forgotten after it was returned
            yield self._result(futures.pop(0))

    def _result(self, future: Any) -> Any:
        while True:
            try:
                result = future.result(timeout=SECONDS_BETWEEN_LOOKS)
                break
            except TimeoutError:
                if future.status == "error":  # the task raised it
                    raise
                if self.client.status != "running":
                    raise self._gone() from None
            except Exception as problem:
                raise self._explained(problem) from None
        if isinstance(result, MnistaeError):
            raise result
        return result

    def _explained(self, problem: Exception) -> Exception:
        """An error of Dask in words for the user; an error of the task as it is."""
        from distributed import CancelledError, KilledWorker

        if self.client.status != "running" or isinstance(problem, CancelledError):
            return self._gone()
        if isinstance(problem, KilledWorker):
            return UsageError(
                f"{self._name}: the same task ended several workers: {problem}.",
                "Look at the workers' logs and memory.",
            )
        if isinstance(problem, ImportError) or "deserialization" in str(problem):
            return UsageError(
                f"{self._name}: its processes cannot load mnistae: {problem.__cause__ or problem}.",
                "Install the same versions of mnistae and Dask for the scheduler and for every worker.",
            )
        return problem

    def _gone(self) -> UsageError:
        return UsageError(
            f"{self._name}: the scheduler is gone.",
            "What is finished is kept. Start the scheduler, then run the same command again to continue.",
        )


def _call(task: tuple[list[str], Callable[[Task], Result], Task]) -> Result | MnistaeError:
    """Do a task in a worker. An error that a retry cannot remove is a result. Manifests get the user's command line."""
    sys.argv, function, argument = task[0], task[1], task[2]
    try:
        return function(argument)
    except MnistaeError as error:
        return error


def run_in_own_process(function: Callable[[Task], Result], task: Task) -> Result:
    """`function(task)` in a new process, which ends with this one.

    The threads of a worker use Python's global random state, which also determines the first weights of a network.
    """
    command = [sys.executable, "-c", "from mnistae_cli.stages.workers import serve; serve()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin
        assert child.stdout
        child.stdin.write(pickle.dumps((sys.argv, function, task)))
        child.stdin.flush()  # it stays open: when it closes, the child knows that this process was killed
        answer = child.stdout.read()
    if not answer:
        raise OSError(f"a process of a worker ended with {child.returncode}")
    result: Result | MnistaeError = pickle.loads(answer)
    if isinstance(result, MnistaeError):
        raise result
    return result


def serve() -> None:
    """The process of `run_in_own_process`."""
    own_process.begin()
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print must not be in the answer
    task = pickle.load(sys.stdin.buffer)

    def end_with_the_worker() -> None:
        sys.stdin.buffer.read()
        discard_unfinished()
        os._exit(1)

    threading.Thread(target=end_with_the_worker, daemon=True).start()
    with sheltered():
        answer = pickle.dumps(_call(task))
    out.write(answer)
    out.flush()
    os._exit(0)


@contextmanager
def connect(scheduler: str, n_workers: int | None = None) -> Iterator[Workers]:
    """Connect to a scheduler, or start workers on this machine, until the block ends.

    Args:
        scheduler: `local`, or an address, for example `tcp://host:8786`.
        n_workers: number of workers for `local`; None: one per core. Each is a process with one thread.
    """
    try:
        import dask
        import distributed
    except ImportError:
        raise MissingInput(
            f"{setting('scheduler', scheduler)} needs Dask, which is not installed.",
            'In a clone of mnistae, run: pip install ".[dask]"',
        ) from None
    _silence()
    with ExitStack() as closing:
        address: Any = scheduler
        if scheduler == LOCAL:
            os.environ["PYTHONWARNINGS"] = ",".join(filter(None, (os.environ.get("PYTHONWARNINGS"), NO_COMPLAINT)))
            scratch = Path(tempfile.mkdtemp(prefix="mnistae-"))
            unfinished.add(scratch)  # a signal ends the process without leaving the block
            closing.callback(_forget, scratch)
            closing.enter_context(dask.config.set({"temporary-directory": str(scratch)}))  # of the scheduler
            address = closing.enter_context(
                distributed.LocalCluster(
                    n_workers=n_workers,
                    threads_per_worker=1,
                    dashboard_address=None,
                    memory_limit=None,
                    local_directory=str(scratch),
                    silence_logs=SILENT,
                )
            )
        else:
            _check_address(scheduler)
        try:
            client = distributed.Client(address, timeout=SECONDS_TO_ANSWER, set_as_default=False)
        except (OSError, ValueError) as problem:
            raise _no_answer(scheduler, problem) from None
        closing.callback(_close, client)
        yield Workers(client, scheduler)


def _check_address(address: str) -> None:
    """Raise `UsageError` if no program listens there: Dask would try for long, and then print warnings."""
    import socket

    from distributed.comm.addressing import parse_address, parse_host_port

    try:
        protocol, place = parse_address(address)
        if protocol in ("tcp", "tls"):
            socket.create_connection(parse_host_port(place), SECONDS_TO_ANSWER).close()
    except (OSError, ValueError, OverflowError) as problem:
        raise _no_answer(address, problem) from None


def _no_answer(address: str, problem: Exception) -> UsageError:
    return UsageError(
        f"{setting('scheduler', address)}: no Dask scheduler answers: {problem}.",
        f"Start one, and give its address, for example tcp://host:8786; or {setting('scheduler', LOCAL)}.",
    )


def _silence() -> None:
    for name in [*CHATTY, *logging.root.manager.loggerDict]:
        if name.split(".")[0] in CHATTY:
            logging.getLogger(name).setLevel(SILENT)


def _close(client: Any) -> None:
    with suppress(Exception):  # the scheduler may be gone
        client.close(timeout=SECONDS_TO_ANSWER)


def _forget(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    unfinished.discard(folder)
