"""The command line as people expect it: help, streams, exit codes, bad input in two lines."""

import json
from pathlib import Path

import numpy as np
import pytest
import typer
from PIL import Image

from mnistae_cli import __version__
from mnistae_cli.cli.commands import app
from mnistae_cli.common.errors import DamagedInput
from tests.conftest import QUICK, Mnistae, assert_two_lines, shapes

COMMANDS = sorted(typer.main.get_command(app).commands)  # type: ignore[attr-defined]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_every_command_has_help_with_an_example(command: str, flag: str, mnistae: Mnistae) -> None:
    shown = mnistae(command, flag)
    assert shown.code == 0
    assert f"Example: mnistae {command}" in shown.out
    assert "[default: None]" not in shown.out


def test_version(mnistae: Mnistae) -> None:
    assert mnistae("--version").out == f"mnistae {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("trian",), ("trian", "train")),
        (("train", "--epoch", "3"), ("--epoch", "--epochs")),
        (("train", "--epochs", "many"), ("--epochs", "many")),
        (("train", "--latent-dim", "0"), ("--latent-dim is 0", "at least 1")),
        (("train", "--hidden", "500,x"), ("--hidden is '500,x'", "500,500,2000")),
        (("train", "--loss", "hinge"), ("--loss", "hinge")),
        (("train", "--preset", "orginal"), ("orginal", "Did you mean 'original'?")),
        (("train", "--preset", "original", "--config", "x.toml"), ("--preset and --config",)),
        (("train", "--config", "none.toml"), ("none.toml", "TOML file")),
        (("train", "--dataset", "mnits"), ("mnits", "Did you mean 'mnist'?")),
        (("classify", "--labels", "few"), ("--labels is 'few'", "0.1")),
        (("classify", "--labels", "nan"), ("--labels is nan",)),
        (("encode", "--images", "x.png"), ("--images", "--output")),
        (("encode", "--images", "x.png", "--output", "x.npy", "--kept", "kept.csv"), ("--kept", "--images")),
        (("encode", "--output", "x.npy"), ("--images", "--output")),
        (("data", "--fetch", "mnits"), ("mnits", "Did you mean 'mnist'?")),
        (("predict",), ("IMAGE",)),
    ],
    ids=" ".join,
)
def test_wrong_usage_is_exit_2(
    arguments: tuple[str, ...],
    words: tuple[str, ...],
    mnistae: Mnistae,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert_two_lines(mnistae(*arguments), 2, *words)


@pytest.mark.parametrize("stage", ["encode", "classify", "cluster", "evaluate"])
def test_a_missing_input_is_exit_3_and_names_the_command(stage: str, mnistae: Mnistae, tmp_path: Path) -> None:
    before = "train" if stage in ("encode", "evaluate") else "encode"
    assert_two_lines(mnistae(stage, "-a", tmp_path), 3, f"Run: mnistae {before} --artifacts {tmp_path}")


@pytest.mark.usefixtures("without_data_dir")
def test_offline_is_exit_3_and_names_the_way_out(
    mnistae: Mnistae, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mnistae_cli.data.mnist.MIRRORS", ("http://127.0.0.1:1/",))
    assert_two_lines(
        mnistae("train", "-a", tmp_path),
        3,
        "train-images-idx3-ubyte.gz",
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        "--dataset digits",
    )


def damaged_archive(path: Path, kind: str) -> Path:
    images = shapes(20, 0)[0]
    arrays = {
        "nan": {"x_train": np.where(images > 0, np.nan, 0.0)},
        "dtype": {"x_train": images.astype(complex)},
        "labels": {"x_train": images, "y_train": np.zeros(3, np.uint8)},
        "shape": {"x_train": images[0]},
    }
    np.savez(path, **arrays[kind])
    return path


@pytest.mark.parametrize("kind", ["nan", "dtype", "labels", "shape"])
def test_damaged_data_is_exit_4(kind: str, mnistae: Mnistae, tmp_path: Path) -> None:
    data = damaged_archive(tmp_path / "data.npz", kind)
    assert_two_lines(mnistae("train", "--dataset", data, "-a", tmp_path / "a"), 4, str(data))


def test_an_empty_folder_is_exit_3(mnistae: Mnistae, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    assert_two_lines(mnistae("train", "--dataset", tmp_path / "none", "-a", tmp_path / "a"), 3, "holds no")


@pytest.mark.parametrize(
    ("stage", "file", "reader"),
    [
        ("train", "encoder.onnx", "encode"),
        ("train", "autoencoder.keras", "predict"),
        ("encode", "features_train.npy", "cluster"),
        ("encode", "labels_train.npy", "classify"),
        ("classify", "classifier.onnx", "predict"),
        ("cluster", "centroids.npy", "evaluate"),
        ("cluster", "manifest.json", "evaluate"),
    ],
)
def test_a_changed_byte_is_exit_4(
    stage: str, file: str, reader: str, finished: Path, mnistae: Mnistae, tmp_path: Path
) -> None:
    path = finished / stage / file
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x80
    path.write_bytes(content)
    picture = tmp_path / "picture.png"
    Image.fromarray(shapes(1, 0)[0][0]).save(picture)
    result = mnistae(reader, *([picture] if reader == "predict" else []), "-a", finished)
    command = "Run again: mnistae run" if stage == "train" else f"mnistae {stage}"  # `run` made them all
    assert_two_lines(result, 4, command, file)
    assert mnistae("status", "-a", finished).code == 4


def test_a_damaged_result_is_made_again(finished: Path, mnistae: Mnistae) -> None:
    (finished / "evaluate" / "metrics.json").write_text("{}")
    assert mnistae("evaluate", "-a", finished).code == 0
    assert json.loads((finished / "evaluate" / "metrics.json").read_text())["clusters"]


def test_features_of_another_encoder_are_refused(reseeded: Path, mnistae: Mnistae) -> None:
    assert_two_lines(mnistae("cluster", "-a", reseeded), 3, "is stale", "Run again: mnistae encode", "--config")


def test_images_of_another_size_are_refused(finished: Path, mnistae: Mnistae, tmp_path: Path) -> None:
    np.save(tmp_path / "images.npy", np.zeros((3, 28, 28), np.uint8))
    refused = mnistae("encode", "--images", tmp_path / "images.npy", "--output", tmp_path / "o.npy", "-a", finished)
    assert_two_lines(refused, 4, "28×28", "10×12")
    assert not (tmp_path / "o.npy").exists()
    assert_two_lines(mnistae("encode", "--dataset", "digits", "-a", finished), 4, "8×8", "10×12")
    assert_two_lines(mnistae("predict", tmp_path / "images.npy", "--no-frame", "-a", finished), 4, "28×28")


def test_more_labels_or_clusters_than_images(finished: Path, mnistae: Mnistae) -> None:
    assert_two_lines(mnistae("classify", "--labels", "9999", "-a", finished), 2, "9999", "240")
    assert_two_lines(mnistae("cluster", "--clusters", "9999", "-a", finished), 2, "9999", "240")
    assert mnistae("status", "-a", finished).code == 0


def test_a_bug_is_exit_1_and_its_traceback_only_verbose(
    finished: Path, mnistae: Mnistae, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("oops")

    monkeypatch.setattr("mnistae_cli.cli.look_commands.stage_states", broken)
    assert_two_lines(mnistae("status", "-a", finished), 1, "RuntimeError: oops", "--verbose")
    with pytest.raises(RuntimeError, match="oops"):
        mnistae("status", "-a", finished, "--verbose")


@pytest.mark.parametrize(
    ("error", "code", "word"),
    [
        (KeyboardInterrupt(), 130, "interrupted"),
        (OSError(28, "No space left on device", "disk"), 2, "No space left"),
        (PermissionError(13, "Permission denied", "disk"), 2, "Permission denied"),
        (DamagedInput("a.", "b."), 4, "a."),
    ],
)
def test_what_goes_wrong_has_its_exit_code(
    error: BaseException, code: int, word: str, mnistae: Mnistae, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("mnistae_cli.cli.look_commands.stage_states", broken)
    assert_two_lines(mnistae("status"), code, word)


def test_progress_goes_to_stderr_in_plain_lines(shapes_npz: Path, mnistae: Mnistae, tmp_path: Path) -> None:
    made = mnistae("train", "--dataset", shapes_npz, *QUICK, "-a", tmp_path)
    assert "3/3 epochs" in made.err
    assert "test loss" in made.err
    assert "next: mnistae encode" in made.err
    assert "\x1b" not in made.err + made.out
    assert "\r" not in made.err
    assert "3/3" not in made.out


def test_data_lists_what_is_known(mnistae: Mnistae) -> None:
    listed = {each["name"]: each for each in json.loads(mnistae("data", "--json").out)["data_sets"]}
    assert set(listed) == {"mnist", "digits"}
    assert listed["digits"]["places"][0]["state"] == "sound"
