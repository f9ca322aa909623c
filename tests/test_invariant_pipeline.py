"""The invariant code and sweeps of seeds through the command line."""

import json
from pathlib import Path

import numpy as np
import pytest

from mnistae_cli.errors import UsageError
from mnistae_cli.stages.sweep import SeedRun, Sweep, parse_seeds
from tests.conftest import SMALL, Mnistae, assert_two_lines, shapes, write_shapes

INVARIANT = ("--model", "invariant", "--epochs", "12", "--batch-size", "32", "--latent-dim", "16", "--channels", "8")


def test_an_invariant_code_goes_all_the_way(shapes_npz: Path, tmp_path: Path, mnistae: Mnistae) -> None:
    root = tmp_path / "artifacts"
    result = mnistae("run", "--dataset", shapes_npz, "-a", root, *INVARIANT, *SMALL, "--json", "-q")
    assert result.code == 0, result.err
    scores = json.loads(result.out)
    assert scores["clusters"]["n_clusters"] == 3
    assert min(scores["clusters"]["train"]["sizes"]) > 20
    history = (root / "train" / "history.csv").read_text().splitlines()
    assert history[0] == "epoch,loss,penalty,test_loss"
    first, last = (float(history[row].split(",")[2]) for row in (1, -1))
    assert last < first - 0.1
    manifest = json.loads((root / "train" / "manifest.json").read_text())
    assert manifest["config"]["n_clusters"] == 3
    assert np.load(root / "encode" / "features_train.npy").shape == (240, 10 * 3 + 16)
    np.save(tmp_path / "images.npy", shapes(3, 5)[0])
    predicted = json.loads(mnistae("predict", tmp_path / "images.npy", "-a", root, "--json").out)
    assert {each["cluster"] for each in predicted["predictions"]} <= {0, 1, 2}


def test_an_invariant_code_looks_at_no_label(tmp_path: Path, mnistae: Mnistae) -> None:
    """Permuted labels, or none at all, give the same bytes."""
    roots = {}
    for name, options in (("true", {}), ("permuted", {"permuted": True}), ("none", {"labelled": False})):
        data, roots[name] = write_shapes(tmp_path / f"{name}.npz", **options), tmp_path / name
        quick = [*INVARIANT, "--epochs", "3", "--clusters", "3"]
        for command in (["train", "--dataset", data, *quick], ["encode"], ["cluster", "--clusters", "3"]):
            assert mnistae(*command, "-a", roots[name], "-q").code == 0
    compared = 0
    for stage in ("train", "encode", "cluster"):
        for path in (roots["true"] / stage).glob("*.*"):
            if path.suffix in (".npy", ".onnx", ".csv") and not path.name.startswith("labels"):
                for other in ("permuted", "none"):
                    assert path.read_bytes() == (roots[other] / stage / path.name).read_bytes(), (other, path)
                    compared += 1
    assert compared >= 20


@pytest.mark.parametrize(
    "options",
    [
        ("--patience", "1", "--n-neighbors", "0", "--channels", "", "--hidden", "12", "--loss", "mse"),
        ("--patience", "2", "--occlusion", "0", "--augment", "0", "--n-heads", "1", "--latent-dim", "2"),
    ],
)
def test_its_settings_can_be_changed(
    options: tuple[str, ...], shapes_npz: Path, tmp_path: Path, mnistae: Mnistae
) -> None:
    quick = (*INVARIANT, "--epochs", "3", *options, *SMALL, "--no-figures", "-q")
    result = mnistae("run", "--dataset", shapes_npz, "-a", tmp_path, *quick)
    assert result.code == 0, result.err
    assert "nan" not in (tmp_path / "train" / "history.csv").read_text()


def test_two_images_are_enough_for_two_clusters(tmp_path: Path, mnistae: Mnistae) -> None:
    np.save(tmp_path / "images.npy", shapes(3, 0)[0])
    data = ("--dataset", tmp_path / "images.npy", "-a", tmp_path / "a", *INVARIANT, "--epochs", "2", "-q")
    result = mnistae("run", *data, "--clusters", "2")
    assert result.code == 0, result.err
    assert not (tmp_path / "a" / "evaluate" / "mistakes.png").exists()
    assert_two_lines(mnistae("run", *data, "--clusters", "3"), 2, "--clusters is 3", "there are 2 images to learn from")
    np.save(tmp_path / "two.npy", shapes(2, 0)[0])
    alone = mnistae("train", "--dataset", tmp_path / "two.npy", "-a", tmp_path / "b", *INVARIANT, "--clusters", "2")
    assert_two_lines(alone, 2, "there are 1 images to learn from", "more images")


def test_the_number_of_clusters_reaches_the_stages_that_use_it(
    shapes_npz: Path, tmp_path: Path, mnistae: Mnistae, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = mnistae("train", "--dataset", shapes_npz, "-a", tmp_path, "--clusters", "3")
    assert_two_lines(refused, 2, "--clusters is 3", "--model dense", "--model invariant")
    monkeypatch.setenv("MNISTAE_CLUSTER_CLUSTERS", "4")
    quick = (*INVARIANT, "--epochs", "1", "--no-figures", "-q")
    assert mnistae("run", "--dataset", shapes_npz, "-a", tmp_path, *quick).code == 0

    def used() -> list[int]:
        manifests = [json.loads((tmp_path / stage / "manifest.json").read_text()) for stage in ("train", "cluster")]
        return [each["config"]["n_clusters"] for each in manifests]

    assert used() == [4, 4]
    monkeypatch.setenv("MNISTAE_CLUSTER_CLUSTERS", "1")
    refused = mnistae("run", "--dataset", shapes_npz, "-a", tmp_path, *quick)
    assert_two_lines(refused, 2, "--clusters is 1", "Set in the environment: MNISTAE_CLUSTER_CLUSTERS")
    monkeypatch.delenv("MNISTAE_CLUSTER_CLUSTERS")
    monkeypatch.setenv("MNISTAE_TRAIN_CLUSTERS", "x")
    assert_two_lines(mnistae("run", "--dataset", shapes_npz, "-a", tmp_path, *quick), 2, "--clusters is x")
    monkeypatch.delenv("MNISTAE_TRAIN_CLUSTERS")
    (tmp_path / "five.toml").write_text("[cluster]\nn_clusters = 5\n")
    config = ("--config", tmp_path / "five.toml", *quick)
    assert mnistae("run", "--dataset", shapes_npz, "-a", tmp_path, *config).code == 0
    assert used() == [5, 5]
    assert mnistae("run", "--dataset", shapes_npz, "-a", tmp_path, *config, "--clusters", "6").code == 0
    assert used() == [6, 6]


def test_a_sweep_runs_each_seed_once_and_chooses_by_the_loss(
    shapes_npz: Path, tmp_path: Path, mnistae: Mnistae
) -> None:
    root = tmp_path / "sweep"
    command = ("sweep", "--dataset", shapes_npz, "-a", root, *INVARIANT, "--epochs", "2", *SMALL, "--no-figures")
    first = mnistae(*command, "--seeds", "0,2", "--json")
    assert first.code == 0, first.err
    result = json.loads(first.out)
    assert [each["seed"] for each in result["runs"]] == [0, 2]
    losses = {each["seed"]: each["loss"] for each in result["runs"]}
    trained = json.loads((root / "seed-2" / "train" / "manifest.json").read_text())["metrics"]
    assert losses[2] == trained["loss"] + trained["penalty"]
    assert trained["penalty"] < 0
    assert result["chosen"] == min(losses, key=lambda seed: losses[seed])
    accuracies = [each["figures"]["clusters.test.hungarian_accuracy"] for each in result["runs"]]
    summary = result["summary"]["clusters.test.hungarian_accuracy"]
    assert summary["mean"] == pytest.approx(np.mean(accuracies))
    assert summary["std"] == pytest.approx(np.std(accuracies, ddof=1))
    before = (root / "seed-2" / "train" / "manifest.json").read_bytes()
    again = mnistae(*command, "--seeds", "0-2")
    assert again.code == 0
    assert again.err.count("train: up to date") == 2
    assert (root / "seed-2" / "train" / "manifest.json").read_bytes() == before
    kept = json.loads((root / "sweep.json").read_text())
    assert [each["seed"] for each in kept["runs"]] == [0, 1, 2]
    alone = tmp_path / "alone"
    assert mnistae("run", *command[1:3], "-a", alone, *command[5:], "--seed", "2", "-q").code == 0
    features = [(each / "encode" / "features_test.npy").read_bytes() for each in (alone, root / "seed-2")]
    assert features[0] == features[1]


def test_a_sweep_of_two_jobs_gives_what_one_gives(tmp_path: Path, mnistae: Mnistae) -> None:
    data = write_shapes(tmp_path / "unlabelled.npz", labelled=False)
    quick = ("--dataset", data, *INVARIANT, "--epochs", "2", "--clusters", "3", "--no-figures", "--seeds", "0-1")
    results = [mnistae("sweep", *quick, "-a", tmp_path / jobs, "--jobs", jobs, "--json") for jobs in ("1", "2")]
    assert [each.code for each in results] == [0, 0], results[1].err
    one, two = (json.loads(each.out)["runs"] for each in results)
    assert [each["figures"] for each in one] == [each["figures"] for each in two]
    for seed in (0, 1):
        paths = [tmp_path / jobs / f"seed-{seed}" / "encode" / "features_test.npy" for jobs in ("1", "2")]
        assert paths[0].read_bytes() == paths[1].read_bytes()


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_an_error_in_a_job_is_two_lines(jobs: str, shapes_npz: Path, tmp_path: Path, mnistae: Mnistae) -> None:
    quick = ("--latent-dim", "8", "--learning-rate", "1e30", "--epochs", "2", "--seeds", "0-1", "--jobs", jobs)
    assert_two_lines(mnistae("sweep", "--dataset", shapes_npz, "-a", tmp_path, *quick, "-q"), 2, "diverged")


def test_a_seeds_directory_names_the_sweep_that_mends_it(shapes_npz: Path, tmp_path: Path, mnistae: Mnistae) -> None:
    root = tmp_path / "sweep"
    quick = ("--latent-dim", "8", "--epochs", "1", "--no-figures", *SMALL, "--seeds", "3")
    assert mnistae("sweep", "--dataset", shapes_npz, "-a", root, *quick, "-q").code == 0
    (root / "seed-3" / "train" / "encoder.onnx").write_bytes(b"damaged")
    damaged = mnistae("encode", "-a", root / "seed-3", "--force")
    assert_two_lines(damaged, 4, "encoder.onnx", "mnistae sweep")
    assert f"--artifacts {root / 'seed-3'}" not in damaged.err
    assert_two_lines(mnistae("encode", "-a", root), 3, "train has not been run", f"{root}/seed-0")


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
    assert "--seeds" in refused.value.problem


def test_the_summary_of_one_run_has_no_deviation() -> None:
    runs = [SeedRun(3, "seed-3", -1.5, 10.0, {"clusters.test.purity": 0.5})]
    assert Sweep(runs, 3).summary()["loss"] == {"mean": -1.5, "std": None, "min": -1.5, "max": -1.5}
