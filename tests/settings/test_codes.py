"""The kinds of code, and a seventh one that two lines make known, in `CODES` and `BUILDERS`: `tests.settings.toy`."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import pytest

from mnistae_cli.common.errors import UsageError
from mnistae_cli.settings import CODES, KL, L1, BatchTopK, Code, Dense, Invariant, TopK, Training
from mnistae_cli.settings.kinds import chosen, make, record, settings_of
from mnistae_cli.settings.train import TrainConfig
from mnistae_cli.training.builders import builder_of
from mnistae_cli.training.regrouping import parts_of
from tests.conftest import Result, Shared, assert_two_lines

TRAIN = ("train", "--model", "toy", "--depth", "3", "--epochs", "3", "--json", "-q")
REFUSED = {
    ("--model", "dense", "--depth", "3"): ("--depth is 3: --model dense does not use it", "Give --model toy"),
    ("--depth", "3"): ("--depth is 3: --model dense does not use it", "Give --model toy"),
    ("--model", "sparse", "--depth", "3"): ("--depth is 3: --sparsity topk does not use it", "Give --model toy"),
    ("--model", "toy", "--k", "3"): ("--k is 3: --model toy does not use it", "Give --model sparse"),
    ("--model", "toy", "--sparsity", "l1"): ("--sparsity is 'l1': --model toy does not use it",),
    ("--model", "toy", "--depth", "0"): ("--depth is 0", "at least 1"),
    ("--model", "tyo"): ("--model is 'tyo'", "one of dense, sparse, invariant, toy"),
}


@pytest.fixture(scope="session")
def toys(shared: Shared, shapes_npz: Path) -> dict[tuple[str, ...], Result]:
    """What the commands of these tests gave in one process, to which the toy is known."""
    commands = [TRAIN, ("train", "--help"), *(("train", *each) for each in REFUSED)]

    def make(folder: Path) -> None:
        words = [(*each, "--dataset", str(shapes_npz), "-a", str(folder / "artifacts")) for each in commands]
        command = [sys.executable, "-m", "tests.settings.toy", *(word for each in words for word in ("+", *each))]
        root = Path(__file__).parents[2]
        wide = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1"}
        ended = subprocess.run(command, cwd=root, env=wide, capture_output=True, text=True, check=True)
        (folder / "results.jsonl").write_text(ended.stdout)

    lines = (shared.once("toys", make) / "results.jsonl").read_text().splitlines()
    return {each: Result(*json.loads(line)) for each, line in zip(commands, lines, strict=True)}


def test_a_new_kind_is_trained_with_its_own_setting_and_its_own_network(
    toys: dict[tuple[str, ...], Result], shared: Shared
) -> None:
    result, folder = toys[TRAIN], shared.folder / "toys" / "artifacts" / "train"
    assert result.code == 0, result.err
    assert json.loads(result.out)["metrics"]["epochs"] == 3
    settings = json.loads((folder / "manifest.json").read_text())["config"]
    given = {"model": "toy", "depth": 3, "epochs": 3, "latent_dim": 8, "loss": "mse", "batch_size": 16}
    assert {name: settings[name] for name in given} == given
    assert settings["sparsity"] is settings["k"] is settings["n_heads"] is settings["sparsity_weight"] is None
    layers = [each.name for each in keras.models.load_model(folder / "autoencoder.keras").layers]
    assert [name for name in layers if name.startswith("encoder_")] == ["encoder_1", "encoder_2", "encoder_3"]
    losses = np.loadtxt(folder / "history.csv", delimiter=",", skiprows=1, usecols=1)
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("options", REFUSED, ids=" ".join)
def test_the_settings_of_a_new_kind_are_its_own(options: tuple[str, ...], toys: dict[tuple[str, ...], Result]) -> None:
    assert_two_lines(toys["train", *options], 2, *REFUSED[options])


def test_the_help_knows_a_new_kind(toys: dict[tuple[str, ...], Result]) -> None:
    result = toys["train", "--help"]
    assert "[dense|sparse|invariant|toy]" in result.out
    assert "toy: Layers before the code. [default: 1]" in result.out


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ({}, Dense),
        ({"model": "dense"}, Dense),
        ({"model": "sparse"}, TopK),
        ({"model": "sparse", "sparsity": "topk"}, TopK),
        ({"model": "sparse", "sparsity": "batchtopk"}, BatchTopK),
        ({"model": "sparse", "sparsity": "l1"}, L1),
        ({"model": "sparse", "sparsity": "kl"}, KL),
        ({"model": "invariant"}, Invariant),
    ],
)
def test_words_choose_a_kind(words: dict[str, str], kind: type[Code]) -> None:
    assert chosen(CODES, words) is kind
    config = make(TrainConfig, words)
    assert type(config.code) is kind
    assert {name: record(config)[name] for name in kind.chosen_by} == kind.chosen_by


def test_no_two_kinds_are_chosen_by_the_same_words() -> None:
    assert len({kind.options() for kind in CODES}) == len(CODES) == 6


@pytest.mark.parametrize("kind", [TopK, BatchTopK])
def test_the_usual_k_fits_the_code(kind: type[TopK | BatchTopK]) -> None:
    assert [kind(latent_dim=width).k for width in (2, 20, 50, 51, 1000)] == [1, 10, 25, 25, 25]
    assert kind(latent_dim=20, k=19).k == 19
    for refused in ({"latent_dim": 20, "k": 20}, {"latent_dim": 1}):
        with pytest.raises(UsageError, match=f"it must be below latent_dim, {refused['latent_dim']}"):
            make(kind, refused)


@pytest.mark.parametrize("kind", CODES)
def test_epochs_are_the_usual_ones_and_more_for_few_images(kind: type[Code]) -> None:
    def epochs(n: int, **training: int) -> int | str:
        return make(kind, {"batch_size": 100, **training}).for_images(n).training.epochs

    usual, least_steps = {Invariant: (20, 2000), Dense: (4, 1000)}.get(kind, (8, 1000))
    assert epochs(60000) == usual
    assert epochs(1000) == least_steps // 10
    assert epochs(1001) == -(-least_steps // 11)
    assert epochs(1000, epochs=3) == epochs(60000, epochs=3) == 3
    assert make(kind, {}).training.epochs == "auto"


def test_nothing_but_the_epochs_depends_on_the_images() -> None:
    for kind in CODES:
        code = make(kind, {})
        assert record(code.for_images(1000)) | {"epochs": "auto"} == record(code)


def test_an_invariant_code_has_an_image_for_each_cluster() -> None:
    with pytest.raises(UsageError, match="n_clusters is 10, but there are 9 training images"):
        Invariant(n_clusters=10).for_images(9)
    assert Invariant(n_clusters=10).for_images(10).training.epochs == 2000
    with pytest.raises(UsageError, match="need more training images than 1"):
        Invariant().for_images(1)


def test_an_invariant_code_that_is_told_no_number_learns_in_parts() -> None:
    parts = parts_of(Invariant(training=Training(epochs=26, learning_rate=3e-3)))
    assert [each.epochs for each in parts] == [10, 5, 6, 5]
    assert {each.learning_rate for each in parts} == {3e-3}
    for epochs, expected in ((2, [1, 1]), (4, [2, 2]), (6, [2, 2, 2])):
        assert [each.epochs for each in parts_of(Invariant(training=Training(epochs=epochs)))] == expected
    assert len(parts_of(Invariant(n_clusters=10, training=Training(epochs=26)))) == 1
    assert len(parts_of(Invariant(training=Training(epochs=1)))) == 1


def test_the_graph_is_made_of_the_embedding() -> None:
    features = np.arange(60).reshape(2, 30)
    assert np.array_equal(features[:, Invariant(latent_dim=9).graph_features], features[:, 21:])
    assert np.array_equal(features[:, Dense().graph_features], features)


def test_few_images_need_no_more_than_few_epochs() -> None:
    assert Invariant(n_clusters=9).for_images(9).training.epochs == 2000
    assert Dense(training=Training(batch_size=100)).for_images(9).training.epochs == 1000


def test_a_kind_without_a_network_or_with_a_field_that_is_no_option_is_refused_by_name() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Half(Dense):
        latent_dim: int = 3

    with pytest.raises(TypeError, match=r"Half\.latent_dim is not an option"):
        settings_of(Half)

    class WithoutNetwork(Dense):
        pass

    with pytest.raises(TypeError, match="WithoutNetwork has no network: add a line"):
        builder_of(WithoutNetwork())


def test_the_help_of_the_words_describes_every_kind() -> None:
    texts = {each.name: each.rule.help for each in settings_of(TrainConfig)}
    for kind in CODES:
        assert f"{kind.name()}: {kind.summary}" in texts[list(kind.chosen_by)[-1]]
