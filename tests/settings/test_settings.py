from dataclasses import replace
from typing import Any

import pytest

from mnistae_cli.common.errors import UsageError, on_command_line, worded
from mnistae_cli.settings import CODES, Dense, Layers
from mnistae_cli.settings.classify import ClassifyConfig
from mnistae_cli.settings.cluster import KMeans
from mnistae_cli.settings.experiments import load_experiment, preset_names, read_experiment, without_other_kinds
from mnistae_cli.settings.finetune import FinetuneConfig
from mnistae_cli.settings.kinds import make, record, settings_of
from mnistae_cli.settings.options import Checked
from mnistae_cli.settings.stages import STAGE_CONFIGS, stage_config
from mnistae_cli.settings.train import TrainConfig


@pytest.mark.parametrize(
    ("config", "values"),
    [
        (TrainConfig, {"latent_dim": 0}),
        (TrainConfig, {"latent_dim": 3.5}),
        (TrainConfig, {"latent_dim": True}),
        (TrainConfig, {"hidden": (500, -1)}),
        (TrainConfig, {"hidden": "500"}),
        (TrainConfig, {"loss": "hinge"}),
        (TrainConfig, {"learning_rate": 0.0}),
        (TrainConfig, {"learning_rate": float("nan")}),
        (TrainConfig, {"beta_2": 1.0}),
        (TrainConfig, {"epochs": 0}),
        (TrainConfig, {"seed": -1}),
        (TrainConfig, {"seed": 2**32}),
        (ClassifyConfig, {"labels": 0.0}),
        (ClassifyConfig, {"labels": 1.5}),
        (ClassifyConfig, {"labels": -3}),
        (KMeans, {"n_clusters": 0}),
    ],
)
def test_nonsense_is_refused_at_construction(config: type[Checked], values: dict[str, object]) -> None:
    with pytest.raises(UsageError) as refused:
        make(config, values)
    assert str(next(iter(values.values()))) in refused.value.problem.replace(",", ", ") or "hidden" in values
    assert refused.value.remedy


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (
            {"k": 3},
            ("--k", "3", "--model dense", "--model sparse --sparsity topk or --model sparse --sparsity batchtopk"),
        ),
        ({"model": "sparse", "sparsity": "l1", "k": 3}, ("--k", "--sparsity l1", "topk or --sparsity batchtopk")),
        ({"model": "sparse", "sparsity_weight": 0.1}, ("Give --model dense or --sparsity l1 or --sparsity kl",)),
        ({"model": "sparse", "sparsity": "l1", "sparsity_target": 0.1}, ("--sparsity-target", "Give --sparsity kl")),
        ({"sparsity_warmup": 0.5}, ("--sparsity-warmup", "0.5")),
        ({"model": "sparse", "sparsity": "kl", "aux_k": 7}, ("--aux-k", "7")),
        ({"sparsity": "kl"}, ("--sparsity", "--model sparse")),
        ({"n_heads": 3}, ("--n-heads is 3", "--model dense", "Give --model invariant with it")),
        ({"model": "invariant", "k": 3}, ("--k is 3", "--model invariant", "--model sparse --sparsity topk")),
        ({"model": "invariant", "n_clusters": 1}, ("--clusters is 1", "at least 2")),
        ({"model": "invariant", "entropy_weight": 0.5}, ("--entropy-weight", "at least 1")),
        (
            {"model": "invariant", "batch_size": 9, "n_clusters": 10},
            ("--batch-size is 9", "10 clusters", "at least 10"),
        ),
        ({"model": "invariant", "batch_size": 1}, ("--batch-size is 1", "2 clusters", "at least 2")),
        ({"model": ["sparse"]}, ("--model", "one of dense, sparse, invariant")),
        ({"model": "sparse", "sparsity": ["l1"]}, ("--sparsity", "one of topk")),
        ({"model": "sparse", "sparsity": "k-means"}, ("k-means", "topk, batchtopk, l1, kl")),
        ({"model": "sparse", "loss": "bce"}, ("--loss", "bce", "mse")),
        ({"model": "sparse", "latent_dim": 9, "k": 9}, ("--k", "below --latent-dim, 9")),
        ({"model": "sparse", "k": 0}, ("--k", "at least 1")),
        ({"model": "sparse", "sparsity": "kl", "sparsity_target": 1.0}, ("--sparsity-target", "below 1")),
        ({"model": "sparse", "sparsity": "l1", "sparsity_weight": -1.0}, ("--sparsity-weight", "at least 0")),
        ({"model": "sparse", "sparsity": "l1", "sparsity_weight": 0.0}, ("--sparsity-weight is 0.0", "above 0")),
    ],
)
def test_a_setting_that_a_code_does_not_use_is_refused(values: dict[str, object], words: tuple[str, ...]) -> None:
    with pytest.raises(UsageError) as refused:
        make(TrainConfig, values)
    for word in words:
        assert word in " ".join(refused.value.worded(on_command_line))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"head": "prototypes", "epochs": 7}, ("--epochs is 7", "--head prototypes", "--head mlp or --head linear")),
        (
            {"head": "linear", "hidden": 9},
            ("--hidden is 9", "--head linear does not use it", "Give --head mlp with it"),
        ),
        ({"head": "mean"}, ("--head is 'mean'", "one of mlp, linear, prototypes")),
    ],
)
def test_a_setting_that_a_head_does_not_use_is_refused(values: dict[str, object], words: tuple[str, ...]) -> None:
    with pytest.raises(UsageError) as refused:
        make(ClassifyConfig, values)
    for word in words:
        assert word in " ".join(refused.value.worded(on_command_line))


def train_settings(**values: object) -> dict[str, Any]:
    return record(make(TrainConfig, values))


def test_each_code_has_its_own_defaults() -> None:
    assert train_settings()["loss"] == "bce"
    assert train_settings()["k"] is None
    for code in ("l1", "kl", "topk", "batchtopk"):
        settings = train_settings(model="sparse", sparsity=code)
        (kind,) = (each for each in CODES if each.name() == code)
        assert settings["loss"] == "mse"
        for each in settings_of(kind):
            assert settings[each.name] == (25 if each.name == "k" else each.default)
    assert train_settings(model="sparse") == train_settings(model="sparse", sparsity="topk")
    assert train_settings(model="invariant")["n_heads"] == 5
    assert train_settings(model="invariant")["channels"] == (24, 64)
    assert train_settings(model="invariant")["k"] is None
    assert train_settings(model="sparse", k=7)["k"] == 7


def test_a_config_is_the_same_by_its_parts_and_by_its_flat_names() -> None:
    parts = TrainConfig(
        code=Dense(latent_dim=9, layers=Layers(hidden=(5,)), training=replace(Dense().training, epochs=3)), seed=2
    )
    assert parts == make(TrainConfig, {"latent_dim": 9, "hidden": [5], "epochs": 3, "seed": 2})
    flat = {name: value for name, value in record(parts).items() if value is not None}
    assert make(TrainConfig, flat) == parts


def test_the_usual_k_fits_a_small_code() -> None:
    assert train_settings(model="sparse", latent_dim=20)["k"] == 10
    assert train_settings(model="sparse", latent_dim=1000)["k"] == 25


SPARSE = {"model": "sparse", "sparsity": "kl", "sparsity_target": 0.1, "epochs": 3, "seed": 5}


@pytest.mark.parametrize(
    ("values", "over", "kept"),
    [
        (SPARSE, {"sparsity": "kl"}, SPARSE),
        (SPARSE, {"epochs": 9}, SPARSE),
        (SPARSE, {"sparsity": "topk"}, {"model": "sparse", "sparsity": "topk", "seed": 5}),
        (SPARSE, {"model": "dense"}, {"model": "dense", "seed": 5}),
        (SPARSE, {"model": "sparse"}, SPARSE),
        ({"latent_dim": 99, "dataset": "digits"}, {"model": "sparse"}, {"dataset": "digits"}),
        ({"latent_dim": 99}, {"model": "dense"}, {"latent_dim": 99}),
        ({"dataset": "digits"}, {"model": "sparse"}, {"dataset": "digits"}),
        ({"model": "invariant", "n_heads": 3}, {"model": "sparse", "sparsity": "l1"}, {}),
    ],
)
def test_another_code_leaves_out_all_that_a_preset_says_of_its_own(
    values: dict[str, object], over: dict[str, object], kept: dict[str, object]
) -> None:
    found, left_out = without_other_kinds("train", values, over)
    assert {name: found[name] for name in kept} == kept
    assert found.keys() - {"model", "sparsity"} == kept.keys() - {"model", "sparsity"}
    assert bool(left_out) == (kept != values)
    stage_config("train", found | over)


def test_another_head_leaves_out_what_a_preset_says_of_its_own() -> None:
    values = {"labels": 50, "hidden": 9, "epochs": 3, "calibrate": False}
    found, left_out = without_other_kinds("classify", values, {"head": "prototypes"})
    assert found == {"labels": 50, "calibrate": False, "head": "prototypes"}
    assert worded(left_out, on_command_line) == "--head mlp"
    assert without_other_kinds("cluster", {"n_clusters": 3}, {"n_clusters": 4}) == ({"n_clusters": 3}, "")


@pytest.mark.parametrize("model", ["sparse", "invariant"])
def test_the_defaults_that_run_wrote_down_for_one_code_are_not_meant_for_another(model: str) -> None:
    written = {name: value for name, value in train_settings(epochs=8, seed=3).items() if value is not None}
    kept, _ = without_other_kinds("train", written, {"model": model})
    assert stage_config("train", kept | {"model": model}) == stage_config("train", {"model": model, "seed": 3})


def test_whole_numbers_and_lists_of_toml_are_taken() -> None:
    settings = train_settings(learning_rate=1, hidden=[500, 20])
    assert settings["learning_rate"] == 1.0
    assert settings["hidden"] == (500, 20)


def test_fewer_images_than_clusters_are_refused() -> None:
    with pytest.raises(UsageError, match="n_clusters is 10, but there are 9 training images"):
        make(TrainConfig, {"model": "invariant", "n_clusters": 10}).for_images(9)


def test_small_data_sets_get_more_epochs() -> None:
    def epochs(n: int, **values: object) -> object:
        return record(make(TrainConfig, values).for_images(n))["epochs"]

    assert epochs(60000, batch_size=100) == 4
    assert epochs(1000, batch_size=100) == 100
    assert epochs(10, epochs=3) == 3
    assert epochs(60000, model="invariant") == 20
    assert FinetuneConfig(batch_size=100).for_images(60000).epochs == 6
    assert FinetuneConfig(batch_size=100).for_images(1000).epochs == 100
    assert FinetuneConfig(epochs=3).for_images(10).epochs == 3


def test_every_setting_says_what_it_is() -> None:
    for config in STAGE_CONFIGS.values():
        for setting in settings_of(config):
            assert setting.rule.help.endswith("."), setting.name


def test_shared_keys_reach_every_stage_that_knows_them() -> None:
    experiment = read_experiment('seed = 7\ndataset = "digits"\n[cluster]\nseed = 8\n', "test")
    assert experiment["train"] == {"seed": 7, "dataset": "digits"}
    assert experiment["classify"] == {"seed": 7}
    assert experiment["cluster"] == {"seed": 8}


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("[trian]\n", "train"),
        ("[train]\nlatent_dims = 3\n", "latent_dim"),
        ("[train]\nlatent_dim = 'many'\n", "train.latent_dim is 'many'"),
        ("[cluster]\nn_clusters = 0\n", "cluster.n_clusters is 0"),
        ("[train]\nk = 3\n", 'train.k is 3: train.model = "dense" does not use it'),
        ("[train]\nmodel = 'tree'\n", "train.model is 'tree': it must be one of dense, sparse, invariant"),
        ("train = 3\n", "[train]"),
        ("[train\n", "TOML"),
    ],
)
def test_a_wrong_file_is_refused_with_what_was_meant(text: str, word: str) -> None:
    with pytest.raises(UsageError) as refused:
        read_experiment(text, "my.toml")
    assert "my.toml" in refused.value.problem
    assert word in refused.value.problem + refused.value.remedy


def test_every_preset_can_be_read_and_tells_its_command() -> None:
    assert "original" in preset_names()
    for name in preset_names():
        experiment = load_experiment(name, None)
        for stage, values in experiment.items():
            stage_config(stage, values)


def test_the_original_preset_is_the_reference() -> None:
    settings = record(stage_config("train", load_experiment("original", None)["train"]))
    expected = {
        "epochs": 50, "batch_size": 256, "learning_rate": 1e-3, "beta_2": 0.999, "latent_dim": 512, "hidden": (),
        "loss": "bce", "schedule": "constant", "sparsity_weight": 0,
    }  # fmt: skip
    assert {name: settings[name] for name in expected} == expected
    clusters = stage_config("cluster", load_experiment("original", None)["cluster"])
    assert (clusters.method.n_init, clusters.method.init_size) == (1, 10**9)
