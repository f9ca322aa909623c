"""A handful of images goes through every command."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.conftest import Mnistae, assert_two_lines, shapes


@pytest.mark.slow
@pytest.mark.parametrize(("n", "preset"), [(2, "topk"), (3, "invariant")])
def test_every_command_on_a_few_images(n: int, preset: str, mnistae: Mnistae, tmp_path: Path) -> None:
    images, made = shapes(n, 0)[0], tmp_path / "made"
    np.savez(tmp_path / "few.npz", x_train=images, y_train=(np.arange(n) % 2).astype(np.uint8))
    Image.fromarray(images[0]).save(tmp_path / "one.png")
    clusters = [] if preset == "invariant" else ["--clusters", str(min(n - 1, 2))]
    few = ("--dataset", tmp_path / "few.npz", "--preset", preset, "--epochs", "1", *clusters)
    assert mnistae("run", *few, "-a", made, "-q").code == 0
    n_clusters = len(json.loads((made / "cluster" / "manifest.json").read_text())["metrics"]["cluster_sizes"])
    for command in (
        ("label", "--names", ",".join("a" * n_clusters)),
        ("review", "--least-rows", "5"),
        ("evaluate", "--probe", "--no-figures"),
        ("report",),
        ("predict", tmp_path / "one.png"),
        ("classify", "--labels", "1"),
        ("cluster", "--method", "graph"),
    ):
        done = mnistae(*command, "-a", made, "-q", "--json")
        assert done.code == 0, done.err
        assert "NaN" not in done.out
        assert "Infinity" not in done.out


def test_more_clusters_than_images_are_refused_before_the_training(mnistae: Mnistae, tmp_path: Path) -> None:
    np.save(tmp_path / "few.npy", shapes(3, 0)[0])
    refused = mnistae("run", "--dataset", tmp_path / "few.npy", "-a", tmp_path / "made")
    assert_two_lines(refused, 2, "--clusters is 10, but there are 2 training images", "Give at most 2")
    assert not (tmp_path / "made").exists()
