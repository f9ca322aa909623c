"""A training that is stopped and started again ends with the bytes of one that was not."""

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mnistae_cli.common.progress import Advance, Notice, Report, silent
from mnistae_cli.stages.train import train
from mnistae_cli.store import Checkpoint, Plan, hold, stage_states
from mnistae_cli.training import resuming
from mnistae_cli.training.batches import Examples
from mnistae_cli.training.runtime import start_session
from mnistae_cli.training.steps import train_network
from tests.builders import build, optimization, train_config

ONE_PART = {"model": "sparse", "sparsity": "topk", "k": 3, "noise": 0.1, "patience": 2, "epochs": 3}
TWO_PARTS = {"model": "invariant", "epochs": 4, "hidden": (8,), "channels": (4,), "batch_size": 30}
ONE, TWO = "dead units, draws, early stopping", "two parts"
CODES: dict[str, tuple[dict[str, Any], tuple[int, ...]]] = {ONE: (ONE_PART, (2, 8)), TWO: (TWO_PARTS, (2, 10))}
"""Settings, and at which events the training is killed: within an epoch, at the end of one, in the second part."""


class Killed(BaseException):
    """Stands for a death at any moment."""


class Listener:
    """Dies at the given events of the training, one after the other."""

    def __init__(self, *moments: int) -> None:
        self.moments = list(moments)
        self.notices: list[str] = []
        self._events = 0

    def __call__(self, event: Any) -> None:
        if isinstance(event, Notice):
            self.notices.append(event.text)
        if isinstance(event, Advance):
            self._events += 1
            if self.moments and self._events == self.moments[0]:
                self.moments.pop(0)
                self._events = 0
                raise Killed


def outlive(work: Callable[[Listener], Any], listener: Listener) -> int:
    """Do the work until it ends. Returns how often it was killed."""
    for deaths in range(100):
        try:
            work(listener)
        except Killed:
            continue
        return deaths
    raise AssertionError("it never ends")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix in (".npy", ".onnx", ".csv")}


@pytest.fixture
def npz(tmp_path: Path, shapes_npz: Path) -> Path:
    with np.load(shapes_npz) as all_images:
        np.savez(tmp_path / "few.npz", **{name: all_images[name][:150] for name in all_images.files})
    return tmp_path / "few.npz"


@pytest.fixture(autouse=True)
def at_each_execution(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resuming, "LONGEST", 0.0)
    monkeypatch.setattr(resuming, "SHARE", 1e9)
    monkeypatch.setattr("mnistae_cli.training.batches.EXECUTION_STEPS", range(2, 4))


@pytest.mark.parametrize("kind", [ONE, pytest.param(TWO, marks=pytest.mark.slow)])
def test_a_killed_training_ends_with_the_same_bytes(kind: str, npz: Path, tmp_path: Path) -> None:
    settings, moments = CODES[kind]
    config = train_config(dataset=str(npz), latent_dim=8, **{"batch_size": 16, **settings})
    train(config, tmp_path / "whole")
    listener = Listener(*moments)
    assert outlive(lambda report: train(config, tmp_path / "parts", report), listener) == len(moments)
    assert sum("continuing from epoch" in each for each in listener.notices) == len(moments)
    assert contents(tmp_path / "parts" / "train") == contents(tmp_path / "whole" / "train")
    assert not list((tmp_path / "parts").glob(".train*"))


def test_the_mean_of_the_weights_survives_too(tmp_path: Path) -> None:
    """At the end of `fit` Keras puts the mean in the place of the weights, even if it was only the rest of an epoch."""
    images = np.random.default_rng(0).random((150, 6, 6), np.float32)
    config = train_config(batch_size=16, latent_dim=4, epochs=3)

    def weights(root: Path, report: Report = silent) -> list[NDArray[np.float32]]:
        start_session(0)
        model, schedule = build(images, config), replace(optimization(config), ema=0.9)
        with hold(root):
            checkpoint = Checkpoint(root, Plan("train", config), report)
            examples = Examples(images)
            train_network(
                model.trained, model.loss, examples, schedule, report, task="", xla=False, checkpoint=checkpoint
            )
        found: list[NDArray[np.float32]] = model.whole.get_weights()
        return found

    with pytest.raises(Killed):
        weights(tmp_path / "parts", Listener(2))
    pairs = zip(weights(tmp_path / "parts"), weights(tmp_path / "whole"), strict=True)
    assert all(np.array_equal(one, other) for one, other in pairs)


@pytest.fixture
def handled_interrupts() -> Iterator[None]:
    """A shell that starts pytest in the background lets it ignore SIGINT."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("handled_interrupts")
def test_an_interruption_waits_for_the_step_and_is_told(npz: Path, tmp_path: Path) -> None:
    def interrupting(event: Any) -> None:
        listener(event)
        if isinstance(event, Advance) and event.done > 1:
            os.kill(os.getpid(), signal.SIGINT)

    listener = Listener()
    config = train_config(dataset=str(npz), latent_dim=8, batch_size=16, epochs=3)
    with pytest.raises(KeyboardInterrupt):
        train(config, tmp_path, interrupting)
    assert listener.notices[-1] == "interrupted at epoch 2 of 3; the same command continues from there"
    told = stage_states(tmp_path)["train"]
    assert (told["state"], told["reason"][:18]) == ("interrupted", "at epoch 2 of 3; r")

    checkpoint = tmp_path / ".train.checkpoint"
    other = Listener(1)
    with pytest.raises(Killed):
        train(replace(config, seed=1), tmp_path, other)
    assert "an interrupted train had other settings or images, so this one starts over" in other.notices
    state = checkpoint / "state.npz"
    state.write_bytes(state.read_bytes()[:-1] + b"!")
    damaged = Listener(1)
    with pytest.raises(Killed):
        train(config, tmp_path, damaged)
    assert any("is damaged, so train starts over" in each for each in damaged.notices)
    with pytest.raises(Killed):
        train(config, tmp_path, damaged := Listener(1), force=True)
    assert not any("going on" in each for each in damaged.notices)
