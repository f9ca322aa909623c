"""The command line as people expect it: help, streams, exit codes, environment, bad input in two lines."""

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from PIL import Image

from mnistae_cli import __version__, cli
from mnistae_cli.errors import DamagedInput
from tests.conftest import QUICK, Mnistae, assert_two_lines, shapes

COMMANDS = (
    "train",
    "encode",
    "classify",
    "finetune",
    "cluster",
    "label",
    "evaluate",
    "run",
    "sweep",
    "status",
    "predict",
    "data",
)


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
        (("train", "--hidden", "500,x"), ("--hidden is 500,x", "500,500,2000")),
        (("train", "--loss", "hinge"), ("--loss", "hinge")),
        (("train", "--preset", "orginal"), ("orginal", "Did you mean 'original'?")),
        (("train", "--preset", "original", "--config", "x.toml"), ("--preset and --config",)),
        (("train", "--config", "none.toml"), ("none.toml", "TOML file")),
        (("train", "--dataset", "mnits"), ("mnits", "Did you mean 'mnist'?")),
        (("classify", "--labels", "few"), ("--labels is few", "0.1")),
        (("classify", "--labels", "nan"), ("--labels is nan",)),
        (("encode", "--images", "x.png"), ("--images", "--output")),
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
    monkeypatch.setattr("mnistae_cli.mnist.MIRRORS", ("http://127.0.0.1:1/",))
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
        "dtype": {"x_train": images.astype(np.int32)},
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
    assert_two_lines(result, 4, f"mnistae {stage}" if file == "manifest.json" else "Run again: mnistae run", file)
    assert mnistae("status", "-a", finished).code == 4


def test_a_damaged_result_is_made_again(finished: Path, mnistae: Mnistae) -> None:
    (finished / "evaluate" / "metrics.json").write_text("{}")
    assert mnistae("evaluate", "-a", finished).code == 0
    assert json.loads((finished / "evaluate" / "metrics.json").read_text())["clusters"]


def test_features_of_another_encoder_are_refused(finished: Path, shapes_npz: Path, mnistae: Mnistae) -> None:
    assert mnistae("train", "--dataset", shapes_npz, "-a", finished, *QUICK, "--latent-dim", "9").code == 0
    assert_two_lines(mnistae("cluster", "-a", finished), 3, "is stale", "Run again: mnistae run --dataset")


def test_images_of_another_size_are_refused(finished: Path, mnistae: Mnistae, tmp_path: Path) -> None:
    np.save(tmp_path / "images.npy", np.zeros((3, 28, 28), np.uint8))
    refused = mnistae("encode", "--images", tmp_path / "images.npy", "--output", tmp_path / "o.npy", "-a", finished)
    assert_two_lines(refused, 4, "28×28", "10×12")
    assert not (tmp_path / "o.npy").exists()
    assert_two_lines(mnistae("encode", "--dataset", "digits", "-a", finished), 4, "8×8", "10×12")
    assert_two_lines(mnistae("predict", tmp_path / "images.npy", "--no-frame", "-a", finished), 4, "28×28")


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


def test_closed_streams_are_no_error(finished: Path) -> None:
    for closed in (">&-", "2>&-"):
        command = f"{sys.executable} -m mnistae_cli status -a {finished} {closed}"
        assert subprocess.run(["bash", "-c", command], capture_output=True, check=False).returncode == 0


def test_what_only_reads_makes_no_directory(mnistae: Mnistae, tmp_path: Path) -> None:
    for stage in ("encode", "classify", "cluster", "evaluate", "status"):
        mnistae(stage, "-a", tmp_path / "none")
    assert not (tmp_path / "none").exists()


def wait_for(path: Path) -> None:
    for _ in range(600):
        if path.exists():
            return
        time.sleep(0.05)
    raise TimeoutError(path)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("moment", ["start", "imports", "training"])
def test_a_stopped_process_says_so_and_leaves_what_was_there(
    number: signal.Signals, code: int, moment: str, finished: Path, shapes_npz: Path
) -> None:
    before = (finished / "train" / "manifest.json").read_bytes()
    arguments = ["train", "--dataset", str(shapes_npz), "--epochs", "100000", "-a", str(finished)]
    command = [sys.executable, "-m", "mnistae_cli", *arguments]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as running:
        if moment == "start":
            time.sleep(0.3)
        else:
            wait_for(finished / ".train.partial")
            time.sleep(1.0 if moment == "imports" else 8.0)
        running.send_signal(number)
        assert running.wait(30) == code
        assert running.stderr
        lines = [line for line in running.stderr.read().splitlines() if line.startswith(("error", "help", "Trace"))]
    assert [line.split(":")[0] for line in lines] == ["error", "help"]
    assert (finished / "train" / "manifest.json").read_bytes() == before
    assert not {".train.partial", ".holder"} & {path.name for path in finished.iterdir()}


def test_a_stopped_sweep_stops_its_jobs(shapes_npz: Path, tmp_path: Path) -> None:
    options = ["--dataset", str(shapes_npz), "--epochs", "100000", "-a", str(tmp_path), "--jobs", "2", "--seeds", "0-3"]
    command = [sys.executable, "-m", "mnistae_cli", "sweep", *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as running:
        wait_for(tmp_path / "seed-1" / ".train.partial")
        running.send_signal(signal.SIGTERM)
        assert running.wait(30) == 143
    for seed in (0, 1):
        with FileLock(tmp_path / f"seed-{seed}" / ".lock", timeout=10):  # nobody holds it any more
            pass
    assert not (tmp_path / "seed-2").exists()


def test_more_labels_or_clusters_than_images(finished: Path, mnistae: Mnistae) -> None:
    assert_two_lines(mnistae("classify", "--labels", "9999", "-a", finished), 2, "9999", "240")
    assert_two_lines(mnistae("cluster", "--clusters", "9999", "-a", finished), 2, "9999", "240")
    assert mnistae("status", "-a", finished).code == 0


def test_a_bug_is_exit_1_and_its_traceback_only_verbose(
    finished: Path, mnistae: Mnistae, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("oops")

    monkeypatch.setattr(cli, "stage_states", broken)
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

    monkeypatch.setattr(cli, "stage_states", broken)
    assert_two_lines(mnistae("status"), code, word)


def test_environment_variables_stand_in_for_options(
    finished: Path, mnistae: Mnistae, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNISTAE_ARTIFACTS", str(finished))
    monkeypatch.setenv("MNISTAE_JSON", "1")
    monkeypatch.setenv("MNISTAE_QUIET", "1")
    monkeypatch.setenv("MNISTAE_CLUSTER_CLUSTERS", "4")
    made = mnistae("cluster")
    assert json.loads(made.out)["config"]["n_clusters"] == 4
    assert made.err == ""
    assert json.loads(mnistae("cluster", "--clusters", "5").out)["config"]["n_clusters"] == 5


def test_a_wrong_or_unknown_variable_is_named(
    mnistae: Mnistae, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNISTAE_CLASSIFY_EPOCHS", "many")
    assert_two_lines(mnistae("run", "-a", tmp_path), 2, "classify: --epochs is many", "MNISTAE_CLASSIFY_EPOCHS")
    monkeypatch.setenv("MNISTAE_EPOCHS", "3")
    assert "MNISTAE_EPOCHS is no setting and is ignored. Did you mean" in mnistae("status", "-a", tmp_path).err


def test_options_override_the_file_and_the_file_the_defaults(finished: Path, mnistae: Mnistae, tmp_path: Path) -> None:
    (tmp_path / "my.toml").write_text("seed = 3\n[cluster]\nn_clusters = 4\nn_init = 2\n")
    made = json.loads(
        mnistae("cluster", "--config", tmp_path / "my.toml", "--clusters", "5", "-a", finished, "--json").out
    )
    assert (made["config"]["n_clusters"], made["config"]["n_init"], made["seed"]) == (5, 2, 3)


def test_progress_goes_to_stderr_in_plain_lines(shapes_npz: Path, mnistae: Mnistae, tmp_path: Path) -> None:
    made = mnistae("train", "--dataset", shapes_npz, *QUICK, "-a", tmp_path)
    assert "3/3 epochs" in made.err
    assert "test loss" in made.err
    assert "next: mnistae encode" in made.err
    assert "\x1b" not in made.err + made.out
    assert "\r" not in made.err
    assert "3/3" not in made.out


def test_nothing_but_ours_reaches_a_pipe(shapes_npz: Path, tmp_path: Path) -> None:
    """TensorFlow's own chatter comes from C++, so only a process of its own shows it."""
    arguments = ["train", "--dataset", str(shapes_npz), *QUICK, "-a", str(tmp_path), "--json"]
    command = [sys.executable, "-m", "mnistae_cli", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    json.loads(ended.stdout)
    for line in ended.stderr.splitlines():
        assert re.match("…|✓|train ", line), line


def test_a_process_that_loaded_tensorflow_ends_with_its_own_code(shapes_npz: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mnistae_cli", "train", "--dataset", str(shapes_npz), "-a", str(tmp_path)]
    quick = [*command, "--epochs", "2", "--latent-dim", "8", "--json", "-q"]
    ended = subprocess.run([*quick, "--learning-rate", "1e30"], capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "diverged" in ended.stderr
    ended = subprocess.run(quick, capture_output=True, text=True, check=False)
    assert ended.returncode == 0
    assert json.loads(ended.stdout)["stage"] == "train"


def test_a_reader_that_leaves_early_is_no_error(finished: Path) -> None:
    command = f"{sys.executable} -m mnistae_cli status -a {finished} | true"
    ended = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False)
    assert ended.stderr == ""
    assert ended.returncode == 0


def test_data_lists_what_is_known(mnistae: Mnistae) -> None:
    listed = {each["name"]: each for each in json.loads(mnistae("data", "--json").out)["data_sets"]}
    assert set(listed) == {"mnist", "digits"}
    assert listed["digits"]["places"][0]["state"] == "sound"
