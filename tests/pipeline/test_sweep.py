"""Sweeps of seeds: each run once, all of them summed up, one chosen by its loss."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from mnistae_cli.common.errors import UsageError
from mnistae_cli.data import load_dataset
from mnistae_cli.settings import ClassifyConfig, TrainConfig
from mnistae_cli.settings.kinds import make
from mnistae_cli.stages.sweep import SeedRun, Sweep, _for_elsewhere, parse_seeds
from tests.conftest import SECOND, Mnistae, Shared, assert_two_lines, printed_by
from tests.pipeline.conftest import manifest


@pytest.fixture(scope="session")
def swept_once(shared: Shared, shapes_npz: Path) -> Path:
    """A sweep of the seeds 0 and 2, by one job. Do not touch."""
    return shared.run("swept", "--dataset", shapes_npz, *SECOND, "--seeds", "0,2", command="sweep")


def test_a_sweep_runs_each_seed_once_and_chooses_by_the_loss(
    swept_once: Path, second_once: Path, shapes_npz: Path, tmp_path: Path, mnistae: Mnistae
) -> None:
    root = Path(shutil.copytree(swept_once, tmp_path / "sweep"))
    result = json.loads(printed_by(swept_once).read_text())
    assert [each["seed"] for each in result["runs"]] == [0, 2]
    losses = {each["seed"]: each["loss"] for each in result["runs"]}
    trained = manifest(root / "seed-2", "train")["metrics"]
    assert losses[2] == trained["loss"] + trained["penalty"]
    assert trained["penalty"] > 0
    assert result["chosen"] == min(losses, key=lambda seed: losses[seed])
    accuracies = [each["figures"]["clusters.test.hungarian_accuracy"] for each in result["runs"]]
    summary = result["summary"]["clusters.test.hungarian_accuracy"]
    assert summary["mean"] == pytest.approx(np.mean(accuracies))
    assert summary["std"] == pytest.approx(np.std(accuracies, ddof=1))
    before = (root / "seed-2" / "train" / "manifest.json").read_bytes()
    again = mnistae("sweep", "--dataset", shapes_npz, "-a", root, *SECOND, "--seeds", "0-2")
    assert again.code == 0
    assert again.err.count("train: up to date") == 2
    assert (root / "seed-2" / "train" / "manifest.json").read_bytes() == before
    kept = json.loads((root / "sweep.json").read_text())
    assert [each["seed"] for each in kept["runs"]] == [0, 1, 2]
    features = [(each / "encode" / "features_test.npy").read_bytes() for each in (second_once, root / "seed-2")]
    assert features[0] == features[1]


@pytest.mark.slow
def test_a_sweep_of_two_jobs_gives_what_one_gives(
    swept_once: Path, shapes_npz: Path, tmp_path: Path, mnistae: Mnistae
) -> None:
    quick = ("--dataset", shapes_npz, *SECOND, "--seeds", "0,2")
    result = mnistae("sweep", *quick, "-a", tmp_path, "--jobs", "2", "--json")
    assert result.code == 0, result.err
    one, two = (json.loads(each)["runs"] for each in (printed_by(swept_once).read_text(), result.out))
    assert [each["figures"] for each in one] == [each["figures"] for each in two]
    for seed in (0, 2):
        paths = [root / f"seed-{seed}" / "encode" / "features_test.npy" for root in (swept_once, tmp_path)]
        assert paths[0].read_bytes() == paths[1].read_bytes()


@pytest.mark.parametrize("jobs", ["1", pytest.param("2", marks=pytest.mark.slow)])
def test_an_error_in_a_job_is_two_lines(jobs: str, shapes_npz: Path, tmp_path: Path, mnistae: Mnistae) -> None:
    quick = ("--latent-dim", "8", "--learning-rate", "1e30", "--epochs", "2", "--seeds", "0-1", "--jobs", jobs)
    assert_two_lines(mnistae("sweep", "--dataset", shapes_npz, "-a", tmp_path, *quick, "-q"), 2, "diverged")


def test_a_seeds_directory_names_the_sweep_that_mends_it(plain_npz: Path, tmp_path: Path, mnistae: Mnistae) -> None:
    root = tmp_path / "sweep"
    quick = ("--latent-dim", "8", "--epochs", "1", "--no-figures", "--clusters", "3", "--seeds", "3")
    assert mnistae("sweep", "--dataset", plain_npz, "-a", root, *quick, "-q").code == 0
    (root / "seed-3" / "train" / "encoder.onnx").write_bytes(b"damaged")
    damaged = mnistae("encode", "-a", root / "seed-3", "--force")
    assert_two_lines(damaged, 4, "encoder.onnx", "mnistae sweep")
    assert f"--artifacts {root / 'seed-3'}" not in damaged.err
    assert_two_lines(mnistae("encode", "-a", root), 3, "train has not been run", f"{root}/seed-3")


def test_a_file_in_the_way_of_a_later_seed_is_told_first(shapes_npz: Path, tmp_path: Path, mnistae: Mnistae) -> None:
    (tmp_path / "seed-1").write_text("mine")
    assert_two_lines(mnistae("sweep", "--dataset", shapes_npz, "-a", tmp_path), 2, "seed-1 is a file", "Move it away")
    assert not (tmp_path / "seed-0").exists()


@pytest.mark.parametrize(("name", "word"), [("sweep.json", "sweep.json"), ("seed-1/config.toml", "config.toml")])
def test_a_sweep_replaces_nothing_of_the_users(
    name: str, word: str, shapes_npz: Path, tmp_path: Path, mnistae: Mnistae
) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text('{"schema_version": 1}')
    assert_two_lines(mnistae("sweep", "--dataset", shapes_npz, "-a", tmp_path), 2, word, "Move it away")
    assert (tmp_path / name).read_text() == '{"schema_version": 1}'
    assert not (tmp_path / "seed-0").exists()


@pytest.mark.parametrize(("text", "seeds"), [("0-4", [0, 1, 2, 3, 4]), ("7", [7]), ("3, 1,1-2", [1, 2, 3])])
def test_seeds_are_ranges_and_lists(text: str, seeds: list[int]) -> None:
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize("text", ["", "a", "4-0", "-1", "1,,2", "1-2-3", "9999999999", "0-4000000000", "9" * 5000])
def test_what_is_no_seed_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_seeds(text)
    assert refused.value.settings == ["seeds"]


def test_the_summary_of_one_run_has_no_deviation() -> None:
    runs = [SeedRun(3, "seed-3", -1.5, 10.0, {"clusters.test.purity": 0.5})]
    assert Sweep(runs, 3).summary()["loss"] == {"mean": -1.5, "std": None, "min": -1.5, "max": -1.5}


def test_a_process_elsewhere_is_given_absolute_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    values = {"dataset": "digits", "kept": "kept.csv"}
    configs = {
        "train": make(TrainConfig, values),
        "classify": make(ClassifyConfig, {"labels_from": "review/kept.csv", "indices": "i.npy"}),
    }
    found = _for_elsewhere(configs, load_dataset("digits"))
    assert found["train"] == make(TrainConfig, {**values, "kept": str(tmp_path / "kept.csv")})
    assert found["classify"].labels_from == str(tmp_path / "review" / "kept.csv")
    assert found["classify"].indices == str(tmp_path / "i.npy")
