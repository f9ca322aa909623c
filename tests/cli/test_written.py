"""Where commands write, and where not: nothing of the user's is written over."""

from pathlib import Path

import numpy as np
from PIL import Image

from tests.conftest import Mnistae, assert_two_lines, shapes


def test_an_output_that_cannot_be_written(finished: Path, mnistae: Mnistae, tmp_path: Path) -> None:
    np.save(tmp_path / "images.npy", shapes(3, 0)[0])
    for output in (tmp_path / "none" / "o.npy", tmp_path / "o.txt"):
        refused = mnistae("encode", "--images", tmp_path / "images.npy", "--output", output, "-a", finished)
        assert_two_lines(refused, 2, str(output))


def test_the_users_own_images_are_not_written_over(finished: Path, mnistae: Mnistae, tmp_path: Path) -> None:
    np.save(tmp_path / "images.npy", shapes(3, 0)[0])
    for output in (tmp_path / "images.npy", finished / "train" / "out.npy"):
        refused = mnistae("encode", "--images", tmp_path / "images.npy", "--output", output, "-a", finished)
        assert_two_lines(refused, 2, str(output))
    assert np.load(tmp_path / "images.npy").shape == (3, 10, 12)


def test_results_do_not_go_among_the_images(mnistae: Mnistae, tmp_path: Path) -> None:
    for number, image in enumerate(shapes(6, 0)[0]):
        Image.fromarray(image).save(tmp_path / f"{number}.png")
    for command in ("train", "run"):
        for artifacts in (tmp_path, tmp_path / "artifacts"):
            assert_two_lines(mnistae(command, "--dataset", tmp_path, "-a", artifacts), 2, "is in the data set")
    assert len(list(tmp_path.iterdir())) == 6


def test_a_config_of_the_user_is_not_written_over(mnistae: Mnistae, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("seed = 1\n")
    assert_two_lines(mnistae("run", "--dataset", "digits", "-a", tmp_path), 2, "config.toml")


def test_a_wrong_data_set_makes_no_directory(mnistae: Mnistae, tmp_path: Path) -> None:
    assert_two_lines(mnistae("run", "--dataset", "./nope", "-a", tmp_path / "a"), 3, "nope")
    assert not (tmp_path / "a").exists()


def test_what_only_reads_makes_no_directory(mnistae: Mnistae, tmp_path: Path) -> None:
    for stage in ("encode", "classify", "cluster", "evaluate", "status"):
        mnistae(stage, "-a", tmp_path / "none")
    assert not (tmp_path / "none").exists()
