"""Each sparse code through the command line: trained, encoded, clustered, evaluated, used to predict."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mnistae_cli.networks import probing
from mnistae_cli.networks.probing import fit_probe
from tests.conftest import CODES, Mnistae, assert_two_lines, printed_by, shapes


@pytest.mark.parametrize("code", CODES)
def test_a_sparse_code_goes_all_the_way(
    code: str, sparse_once: Callable[[str], Path], tmp_path: Path, mnistae: Mnistae
) -> None:
    root = sparse_once(code)
    scores: dict[str, Any] = json.loads(printed_by(root).read_text())
    assert scores["autoencoder"]["test"]["fraction_of_variance_unexplained"] < 0.6
    features = np.load(root / "encode" / "features_test.npy")
    active = (features != 0).sum(axis=1)
    if code in ("topk", "convolutions"):
        assert active.max() <= 4
    if code == "batchtopk":
        assert active.mean() == pytest.approx(4, rel=0.2)
    if code == "kl":
        assert scores["features"]["train"]["mean_activation"] == pytest.approx(0.1, rel=0.2)
    assert scores["probe"]["test"]["accuracy"] > 0.9
    density = np.load(root / "evaluate" / "density.npy")
    assert density == pytest.approx((np.load(root / "encode" / "features_train.npy") != 0).mean(axis=0))
    assert np.load(root / "train" / "atoms.npy").shape == (30, 10, 12)
    for name in ("atoms", "density", "compositions"):
        with Image.open(root / "evaluate" / f"{name}.png") as picture:
            assert min(picture.size) > 100
    np.save(tmp_path / "images.npy", shapes(3, 5)[0])
    predicted = json.loads(mnistae("predict", tmp_path / "images.npy", "-a", root, "--json").out)
    assert {each["problem"] for each in predicted["predictions"]} == {""}


def test_without_labels_the_probe_is_left_out_and_that_is_said(plain: Path, mnistae: Mnistae) -> None:
    result = mnistae("evaluate", "-a", plain, "--probe", "--no-figures", "--json")
    assert result.code == 0
    assert "probe is left out" in result.err
    assert "probe" not in json.loads(result.out)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--k", "9"), ("--k is 9", "--model dense", "--model sparse --sparsity topk")),
        (("--model", "sparse", "--sparsity", "kl", "--k", "9"), ("--k is 9", "--sparsity kl")),
        (("--model", "sparse", "--sparsity-weight", "x"), ("--sparsity-weight is 'x'", "topk does not use it")),
        (("--model", "sparse", "--sparsity", "top"), ("top",)),
        (("--model", "sparse", "--loss", "bce"), ("--loss",)),
        (("--augment", "-1"), ("--augment", "at least 0")),
        (("--channels", "16,,32"), ("--channels is '16,,32'", "whole numbers")),
        (("--latent-dim", "8", "--learning-rate", "1e30", "--epochs", "2"), ("diverged in epoch", "--learning-rate")),
    ],
)
def test_what_does_not_fit_is_refused(
    options: tuple[str, ...], words: tuple[str, ...], shapes_npz: Path, tmp_path: Path, mnistae: Mnistae
) -> None:
    result = mnistae("train", "--dataset", shapes_npz, "-a", tmp_path / "a", *options, "-q")
    assert_two_lines(result, 2, *words)
    assert not (tmp_path / "a" / "train").exists()


@pytest.mark.parametrize(
    ("preset", "options", "kept"),
    [
        ("sparse", ("--sparsity", "topk"), {"sparsity": "topk", "k": 15, "sparsity_weight": None}),
        ("topk", ("--model", "dense", "--channels", ""), {"sparsity": None, "loss": "bce", "augment": 0.0}),
    ],
)
def test_a_preset_can_be_overridden_with_another_code(
    preset: str, options: tuple[str, ...], kept: dict[str, Any], shapes_npz: Path, tmp_path: Path, mnistae: Mnistae
) -> None:
    small = ("--latent-dim", "30", "--epochs", "1")
    result = mnistae("train", "--preset", preset, *options, *small, "--dataset", shapes_npz, "-a", tmp_path, "--json")
    assert result.code == 0, result.err
    config = json.loads(result.out)["config"]
    assert {name: config[name] for name in kept} == kept
    assert "are left out" in result.err


@pytest.mark.parametrize(("n", "latent_dim"), [(5, 30), (240, 1), (240, 2)])
def test_pictures_of_few_images_and_of_narrow_codes(n: int, latent_dim: int, tmp_path: Path, mnistae: Mnistae) -> None:
    np.savez(tmp_path / "few.npz", x_train=shapes(n, 0)[0], y_train=np.arange(n) % 2)
    result = mnistae(
        *("run", "--dataset", tmp_path / "few.npz", "-a", tmp_path / "a", "--latent-dim", str(latent_dim)),
        *("--epochs", "1", "--clusters", "2", "--labels", "2", "--head", "prototypes", "--probe", "-q"),
    )
    assert result.code == 0, result.err
    assert (tmp_path / "a" / "evaluate" / "feature_map.png").exists()


def test_a_picture_of_features_that_are_all_the_same(tmp_path: Path) -> None:
    from mnistae_cli.pictures import figures
    from mnistae_cli.pictures.maps import lay_out

    for n in (1, 2, 60):
        points, method = lay_out(np.zeros((n, 16), np.float32))
        figures.save(figures.feature_map(points, method, None, []), tmp_path / "map.png")
        figures.save(figures.density(np.zeros(16, np.float32)), tmp_path / "density.png")
    figures.save(figures.atoms(np.zeros((40, 5, 13), np.float32), np.zeros(40, np.float32)), tmp_path / "atoms.png")


def test_dead_units_have_no_place_among_the_atoms() -> None:
    from mnistae_cli.pictures import figures

    density = np.array([0.1, 0, 0.2, 0], np.float32)
    figure = figures.atoms(np.ones((4, 5, 5), np.float32), density)
    assert figure.axes[0].get_title().startswith("2 of 4 atoms")


@pytest.mark.parametrize("n", [3, 5, 30])
def test_the_probe_learns_from_every_class_and_is_chosen_on_what_it_did_not_learn(
    n: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One image alone is of the second class: it is never held out."""

    def noted(matrix: np.ndarray, labels: np.ndarray, c: float) -> Any:
        model = fit(matrix, labels, c)
        score = model.score

        def scored(others: np.ndarray, of: np.ndarray) -> float:
            told.append((matrix, others, score(others, of)))
            return float(told[-1][-1])

        monkeypatch.setattr(model, "score", scored)
        assert set(labels) == {0, 1}
        return model

    fit, told = probing._fit, list[Any]()
    monkeypatch.setattr(probing, "_fit", noted)
    features, labels = np.random.default_rng(0).random((n, 4)).astype(np.float32), np.zeros(n, np.uint8)
    labels[-1] = 1
    drawn = set()
    for seed in range(8):
        told.clear()
        probe = fit_probe(features, labels, seed)
        assert probe.model.classes_.tolist() == [0, 1]
        assert len(told) == len(probing.GRID)
        for learned, held_out, _ in told:
            assert (len(learned), len(held_out)) == (n - max(n // 6, 1), max(n // 6, 1))
            rows = np.concatenate([learned, held_out]) / probe.scale
            assert np.sort(rows, axis=0) == pytest.approx(np.sort(features, axis=0), rel=1e-5)
            drawn.add(held_out.tobytes())
        scores = [score for *_, score in told]
        assert (probe.held_out_accuracy, probe.C) == (max(scores), probing.GRID[int(np.argmax(scores))])
    assert len(drawn) > 1


def test_the_probe_is_the_one_scikit_learn_gives(finished: Path, mnistae: Mnistae) -> None:
    from sklearn.linear_model import LogisticRegression

    scores = json.loads(mnistae("evaluate", "-a", finished, "--probe", "--no-figures", "--json", "-q").out)
    (train, train_labels), (test, labels) = (
        (np.load(finished / "encode" / f"features_{split}.npy"), np.load(finished / "encode" / f"labels_{split}.npy"))
        for split in ("train", "test")
    )
    scale = 10 / np.sqrt((train**2).sum(axis=1).mean())
    probe = LogisticRegression(C=scores["probe"]["C"], tol=1e-3, max_iter=1000).fit(train * scale, train_labels)
    assert scores["probe"]["test"]["accuracy"] == pytest.approx(probe.score(test * scale, labels), abs=0.02)
    assert 0 < scores["probe"]["held_out_accuracy"] <= 1
    gate = mnistae("evaluate", "-a", finished, "--probe", "--no-figures", "--fail-under", "probe.test.accuracy=1.01")
    assert gate.code == 5
    absent = mnistae("evaluate", "-a", finished, "--no-figures", "--fail-under", "probe.test.accuracy=0.5")
    assert absent.code == 5
    assert "--probe" in absent.err
