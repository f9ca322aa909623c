import dataclasses

import pytest

from mnistae_cli.codes import CODES, TrainConfig, still_meant
from mnistae_cli.configs import STAGE_CONFIGS, ClassifyConfig, ClusterConfig, FinetuneConfig
from mnistae_cli.errors import UsageError
from mnistae_cli.experiments import load_experiment, preset_names, read_experiment, stage_config


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
        (ClusterConfig, {"n_clusters": 0}),
    ],
)
def test_nonsense_is_refused_at_construction(config: type, values: dict[str, object]) -> None:
    with pytest.raises(UsageError) as refused:
        config(**values)
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
        ({"model": "invariant", "batch_size": 9}, ("--batch-size is 9", "10 clusters", "at least 10")),
        ({"model": ["sparse"]}, ("--model", "one of dense, sparse, invariant")),
        ({"model": "sparse", "sparsity": ["l1"]}, ("--sparsity", "one of l1")),
        ({"model": "sparse", "sparsity": "k-means"}, ("k-means", "l1, kl, topk, batchtopk")),
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
        TrainConfig(**values)  # type: ignore[arg-type]
    for word in words:
        assert word in refused.value.problem + " " + refused.value.remedy


def test_each_code_has_its_own_defaults() -> None:
    assert TrainConfig().loss == "bce"
    assert TrainConfig().k is None
    for code in ("l1", "kl", "topk", "batchtopk"):
        config = TrainConfig(model="sparse", sparsity=code)
        assert {name: getattr(config, name) for name in CODES[code]} == CODES[code]
        assert config.loss == "mse"
    assert TrainConfig(model="sparse") == TrainConfig(model="sparse", sparsity="topk")
    invariant = TrainConfig(model="invariant")
    assert {name: getattr(invariant, name) for name in CODES["invariant"]} == CODES["invariant"]
    assert invariant.k is None
    assert TrainConfig(model="sparse", k=7).k == 7


def test_the_usual_k_fits_a_small_code() -> None:
    assert TrainConfig(model="sparse", latent_dim=20).k == 10
    assert TrainConfig(model="sparse", latent_dim=1000).k == 25


@pytest.mark.parametrize(
    ("values", "over", "left"),
    [
        ({"model": "sparse", "sparsity": "kl", "sparsity_target": 0.1, "epochs": 3}, {"sparsity": "topk"}, {"epochs"}),
        ({"model": "sparse", "sparsity": "topk", "k": 9}, {"sparsity": "batchtopk"}, {"k"}),
        (
            {"model": "sparse", "sparsity": "topk", "k": 9, "learning_rate": 0.1, "augment": 1.0},
            {"model": "dense"},
            {"augment"},
        ),
        ({"loss": "bce", "learning_rate": 0.1, "latent_dim": 99}, {"model": "sparse"}, {"latent_dim"}),
        ({"loss": "bce", "latent_dim": 99}, {"model": "dense"}, {"loss", "latent_dim"}),
        ({"model": "invariant", "n_heads": 3, "augment": 0.5}, {"model": "sparse"}, {"augment"}),
        ({"model": "sparse", "k": 9, "latent_dim": 99}, {"model": "invariant"}, {"latent_dim"}),
    ],
)
def test_another_code_leaves_a_presets_other_settings(
    values: dict[str, object], over: dict[str, object], left: set[str]
) -> None:
    kept = still_meant(values, over)
    assert set(kept) - {"model", "sparsity"} == left
    TrainConfig(**(kept | over))


@pytest.mark.parametrize("model", ["sparse", "invariant"])
def test_the_defaults_that_run_wrote_down_for_one_code_are_not_meant_for_another(model: str) -> None:
    written = dataclasses.asdict(TrainConfig(epochs=8, seed=3, channels=(9,)))
    kept = still_meant({name: value for name, value in written.items() if value is not None}, {"model": model})
    convolutions = {"model": "invariant", "channels": [24, 64], "epochs": 26}  # as TOML gives them
    assert still_meant(convolutions, {"model": "dense"}) == {"model": "invariant"}
    assert TrainConfig(**(kept | {"model": model})) == TrainConfig(model=model, seed=3, channels=(9,))  # type: ignore[arg-type]


def test_whole_numbers_and_lists_of_toml_are_taken() -> None:
    config = TrainConfig(learning_rate=1, hidden=[500, 20])  # type: ignore[arg-type]
    assert config.learning_rate == 1.0
    assert config.hidden == (500, 20)


def test_fewer_images_than_clusters_are_refused() -> None:
    with pytest.raises(UsageError, match="--clusters is 10, and there are 9 images to learn from"):
        TrainConfig(model="invariant").for_images(9)


def test_small_data_sets_get_more_epochs() -> None:
    config = TrainConfig(batch_size=100)
    assert config.for_images(60000).epochs == 8
    assert config.for_images(1000).epochs == 100
    assert TrainConfig(epochs=3).for_images(10).epochs == 3
    assert FinetuneConfig(batch_size=100).for_images(60000).epochs == 10
    assert FinetuneConfig(batch_size=100).for_images(1000).epochs == 100
    assert FinetuneConfig(epochs=3).for_images(10).epochs == 3


def test_every_setting_says_what_it_is() -> None:
    for config in STAGE_CONFIGS.values():
        for field in dataclasses.fields(config):  # type: ignore[arg-type]
            assert field.metadata["help"].endswith("."), field.name


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
        ("[train]\nlatent_dim = 'many'\n", "many"),
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
    config = stage_config("train", load_experiment("original", None)["train"])
    assert (config.epochs, config.batch_size, config.learning_rate, config.beta_2) == (50, 256, 1e-3, 0.999)
    assert (config.latent_dim, config.hidden, config.loss, config.schedule) == (512, (), "bce", "constant")
    assert config.sparsity_weight == 0
    clusters = stage_config("cluster", load_experiment("original", None)["cluster"])
    assert (clusters.n_init, clusters.init_size) == (1, 10**9)
