"""`--scheduler`: what Dask's workers leave is what one process leaves, whoever is killed."""

import json
import multiprocessing
import os
import pickle
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest

from mnistae_cli.common.errors import UsageError
from mnistae_cli.common.progress import Advance, Notice, StageEnded
from mnistae_cli.data import load_dataset
from mnistae_cli.settings import EncodeConfig
from mnistae_cli.stages import encode as stage
from mnistae_cli.stages import shards, workers
from mnistae_cli.stages import sweep as sweeping
from tests.conftest import SECOND, Mnistae, Shared, assert_two_lines, exit_code, printed_by
from tests.pipeline.conftest import bytes_of, manifest
from tests.pipeline.slow_shards import write_slowly
from tests.pipeline.test_sweep import swept_once  # noqa: F401 a fixture

pytest.importorskip("distributed", reason='Dask is not installed: pip install ".[dask]"')

ROOT = Path(__file__).parents[2]
CLUSTER = """
import sys
from distributed import LocalCluster
if __name__ == "__main__":
    cluster = LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None, local_directory=sys.argv[1])
    print(cluster.scheduler_address, flush=True)
    sys.stdin.read()
"""
Event = Advance | Notice | StageEnded


@pytest.fixture(scope="session")
def digits_once(shared: Shared) -> Path:
    """Digits, encoded by one process. Do not touch."""

    def make(folder: Path) -> None:
        for command in (("train", "--dataset", "digits", "--latent-dim", "8", "--epochs", "1"), ("encode",)):
            assert exit_code(["mnistae", *command, "-a", str(folder), "-q"]) == 0

    return shared.once("digits", make)


@pytest.fixture
def digits(digits_once: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(digits_once, tmp_path / "digits"))


@pytest.fixture
def slow_small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight shards, each so slow that a kill hits one that is being made."""
    monkeypatch.setattr(shards, "SHARD_BATCHES", 1)
    monkeypatch.setattr(stage, "write_shard", write_slowly)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, int]]:
    """A scheduler with a worker, in a process of its own: address and pid."""
    script = tmp_path / "cluster.py"
    script.write_text(CLUSTER)
    command = [sys.executable, str(script), str(tmp_path / "dask")]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=environment) as running:
        assert running.stdout
        yield running.stdout.readline().strip(), running.pid
        running.kill()


def assert_same(root: Path, once: Path) -> None:
    assert bytes_of(root / "encode") == bytes_of(once / "encode")
    assert manifest(root, "encode")["metrics"] == manifest(once, "encode")["metrics"]
    assert not (root / stage.SHARDS).exists()


def damage(path: Path) -> None:
    """Change the last byte of a file."""
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


@pytest.mark.slow
def test_workers_leave_the_bytes_of_one_process_and_say_nothing_of_their_own(digits: Path, digits_once: Path) -> None:
    arguments = ["encode", "--force", "--scheduler", "local", "--json", "-q", "-a", str(digits)]
    ended = subprocess.run(
        [sys.executable, "-m", "mnistae_cli", *arguments], capture_output=True, text=True, check=True
    )
    assert ended.stderr == ""
    assert json.loads(ended.stdout)["stage"] == "encode"
    assert_same(digits, digits_once)


@pytest.mark.slow
@pytest.mark.usefixtures("slow_small_shards")
def test_a_killed_workers_shard_is_made_again(digits: Path, digits_once: Path) -> None:
    killed: list[BaseProcess] = []

    def kill_a_worker(event: Event) -> None:
        if isinstance(event, Advance) and not killed:
            killed.extend(multiprocessing.active_children()[:1])
            os.kill(killed[0].pid or 0, signal.SIGKILL)

    stage.encode(EncodeConfig(), digits, kill_a_worker, force=True, scheduler="local")
    assert killed[0].exitcode == -signal.SIGKILL
    assert_same(digits, digits_once)
    assert not multiprocessing.active_children()


@pytest.mark.slow
@pytest.mark.usefixtures("slow_small_shards")
def test_what_was_finished_when_the_scheduler_died_is_kept(
    digits: Path, digits_once: Path, cluster: tuple[str, int]
) -> None:
    address, pid = cluster
    shutil.rmtree(digits / "encode")

    def kill_it(event: Event) -> None:
        if isinstance(event, Advance) and event.done == 500:
            os.kill(pid, signal.SIGKILL)

    with pytest.raises(UsageError, match="the scheduler is gone"):
        stage.encode(EncodeConfig(), digits, kill_it, scheduler=address)
    assert not (digits / "encode").exists()
    kept = sorted((digits / stage.SHARDS).glob("*/train-*"))
    assert 2 <= len(kept) < 6
    damage(kept[0] / "features.npy")
    told: list[Event] = []
    stage.encode(EncodeConfig(), digits, told.append, scheduler="local")
    notices = {f"encode: {number} of 8 shards are finished already" for number in range(len(kept) - 1, 8)}
    assert notices & {
        each.text for each in told if isinstance(each, Notice)
    }  # a worker may have ended its last one late
    assert_same(digits, digits_once)
    stage.encode(EncodeConfig(), digits, told.append)
    assert isinstance(told[-1], StageEnded)
    assert told[-1].up_to_date


@dataclass
class Future:
    """A task that is done when it is asked for, by this process. What goes to a worker and back is pickled."""

    client: "Client"
    call: bytes
    status: str = "pending"

    def result(self, timeout: float) -> Any:
        assert timeout > 0
        if not self.client.lives:
            self.client.status = "closed"
            raise TimeoutError
        self.client.lives -= 1
        function, argument = pickle.loads(self.call)
        return pickle.loads(pickle.dumps(function(argument)))


@dataclass
class Client:
    """In the place of Dask's, whose scheduler dies after some tasks."""

    lives: int = 1000
    status: str = "running"

    def map(self, function: Any, calls: list[Any], **how: Any) -> list[Future]:
        assert how["pure"] is False
        return [Future(self, pickle.dumps((function, each))) for each in calls]


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Client:
    """Workers are this process."""

    @contextmanager
    def connect(scheduler: str, n_workers: int | None = None) -> Iterator[workers.Workers]:
        yield workers.Workers(client, scheduler)

    client = Client()
    for module in (stage, sweeping):
        monkeypatch.setattr(module, "connect", connect)
    monkeypatch.setattr(shards, "SHARD_BATCHES", 1)
    return client


def test_shards_leave_the_bytes_of_one_process(digits: Path, digits_once: Path, client: Client) -> None:
    stage.encode(EncodeConfig(), digits, force=True, scheduler="tcp://there:1")
    assert client.lives == 1000 - 8
    assert_same(digits, digits_once)


def test_finished_shards_are_kept_and_a_damaged_one_is_made_again(
    digits: Path, digits_once: Path, client: Client
) -> None:
    shutil.rmtree(digits / "encode")
    client.lives = 4
    with pytest.raises(UsageError, match="the scheduler is gone"):
        stage.encode(EncodeConfig(), digits, scheduler="tcp://there:1")
    assert not (digits / "encode").exists()
    kept = sorted((digits / stage.SHARDS).glob("*/train-*"))
    assert len(kept) == 4
    damage(kept[0] / "features.npy")
    client.lives, client.status = 5, "running"
    told: list[Event] = []
    stage.encode(EncodeConfig(), digits, told.append, scheduler="tcp://there:1")
    assert "encode: 3 of 8 shards are finished already" in [each.text for each in told if isinstance(each, Notice)]
    assert client.lives == 0
    assert_same(digits, digits_once)
    stage.encode(EncodeConfig(), digits, told.append)
    assert isinstance(told[-1], StageEnded)
    assert told[-1].up_to_date


def refuse_two(number: int) -> int:
    if number == 2:
        raise UsageError("two is refused.", "Give another one.")
    return number * 10


def test_results_come_in_order_and_an_error_of_ours_as_it_is(client: Client) -> None:
    results = workers.Workers(client, "tcp://there:1").in_order(refuse_two, [3, 1, 2, 4])
    assert [next(results), next(results)] == [30, 10]
    with pytest.raises(UsageError, match="two is refused"):
        next(results)


@pytest.mark.parametrize("lost", [ImportError("no mnistae"), RuntimeError("error during deserialization")])
def test_workers_without_mnistae_are_told(lost: Exception, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def result(self: Future, timeout: float) -> None:
        raise lost

    monkeypatch.setattr(Future, "result", result)
    with pytest.raises(UsageError, match="its processes cannot load mnistae"):
        list(workers.Workers(client, "tcp://there:1").in_order(refuse_two, [1]))


def test_a_seed_of_a_worker_has_a_process_of_its_own() -> None:
    assert workers.run_in_own_process(refuse_two, 3) == 30
    with pytest.raises(UsageError, match="two is refused"):
        workers.run_in_own_process(refuse_two, 2)
    with pytest.raises(OSError, match="a process of a worker ended with 7"):
        workers.run_in_own_process(os._exit, 7)


def here(function: Callable[[int], Any], task: int) -> Any:
    """In the place of `run_in_own_process`."""
    return function(task)


def test_seeds_by_workers_are_those_of_one_process(
    swept_once: Path,  # noqa: F811
    shapes_npz: Path,
    client: Client,
    tmp_path: Path,
    mnistae: Mnistae,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(shapes_npz.parent)
    monkeypatch.setattr(sweeping, "run_in_own_process", here)
    arguments = ("--dataset", f"./{shapes_npz.name}", *SECOND, "--seeds", "2", "-a", tmp_path / "sweep", "--json", "-q")
    result = mnistae("sweep", *arguments, "--scheduler", "tcp://there:1")
    assert result.code == 0, result.err
    (run,) = json.loads(result.out)["runs"]
    assert run["figures"] == json.loads(printed_by(swept_once).read_text())["runs"][1]["figures"]
    assert run["folder"] == str(tmp_path / "sweep" / "seed-2")
    for name in ("train", "encode", "classify", "cluster"):
        assert bytes_of(swept_once / "seed-2" / name) == bytes_of(tmp_path / "sweep" / "seed-2" / name), name
    assert manifest(tmp_path / "sweep" / "seed-2", "train")["command"].startswith("mnistae sweep")


def test_shards_of_another_plan_do_not_count(digits: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = load_dataset("digits")
    networks = {digits / "train" / "encoder.onnx": "a", digits / "train" / "decoder.onnx": "b"}
    record = data.record(labels=False)
    first = shards.plan_shards(digits / "shards", data, record, networks)[0].folder
    first.mkdir()
    assert shards.plan_shards(digits / "shards", data, record, networks)[0].folder == first
    assert first.exists()
    others = [
        shards.plan_shards(digits / "shards", data, record, networks | {digits / "train" / "encoder.onnx": "c"}),
        shards.plan_shards(digits / "shards", data, replace(record, sha256={}), networks),
    ]
    monkeypatch.setattr(shards, "BATCH_SIZE", 100)
    others.append(shards.plan_shards(digits / "shards", data, record, networks))
    assert len({first, *(shards[0].folder for shards in others)}) == 4
    assert not first.exists()


@pytest.mark.slow
def test_a_sweep_by_workers_gives_what_one_process_gives(
    swept_once: Path,  # noqa: F811
    shapes_npz: Path,
    tmp_path: Path,
    mnistae: Mnistae,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(shapes_npz.parent)
    arguments = (
        "--dataset",
        f"./{shapes_npz.name}",
        *SECOND,
        "--seeds",
        "0,2",
        "-a",
        tmp_path / "sweep",
        "--json",
    )
    result = mnistae("sweep", *arguments, "--scheduler", "local", "--jobs", "2")
    assert result.code == 0, result.err
    one, several = (json.loads(each)["runs"] for each in (printed_by(swept_once).read_text(), result.out))
    assert [each["figures"] for each in one] == [each["figures"] for each in several]
    for seed in ("seed-0", "seed-2"):
        for name in ("train", "encode", "classify", "cluster"):
            assert bytes_of(swept_once / seed / name) == bytes_of(tmp_path / "sweep" / seed / name), name
        assert manifest(tmp_path / "sweep" / seed, "train")["command"].startswith("mnistae sweep")


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nowhere", "tcp://127.0.0.1:99999"])
def test_an_address_without_a_scheduler_is_two_lines(address: str, digits: Path, mnistae: Mnistae) -> None:
    refused = mnistae("encode", "--force", "--scheduler", address, "-a", digits)
    assert_two_lines(refused, 2, f"--scheduler {address}", "--scheduler local")
    assert (digits / "encode").exists()


def test_what_cannot_go_together_is_refused(digits: Path, mnistae: Mnistae) -> None:
    images = ("--images", "x.npy", "--output", "y.npy")
    assert_two_lines(mnistae("encode", *images, "--scheduler", "local", "-a", digits), 2, "--images")
    refused = mnistae("sweep", "--jobs", "2", "--scheduler", "tcp://127.0.0.1:1", "-a", digits)
    assert_two_lines(refused, 2, "--jobs 2")


def test_without_the_extra_the_error_says_what_to_install(
    digits: Path, mnistae: Mnistae, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    refused = mnistae("encode", "--force", "--scheduler", "local", "-a", digits)
    assert_two_lines(refused, 3, 'pip install ".[dask]"')
    assert mnistae("encode", "--scheduler", "local", "-a", digits).code == 0  # up to date: nothing needs Dask
