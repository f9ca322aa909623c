"""What a stage read decides whether it is stale: not that an earlier stage ran again, and not when."""

import json
import os
import shutil
from dataclasses import asdict, replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnistae_cli.settings import STAGE_CONFIGS
from mnistae_cli.settings.kinds import make
from mnistae_cli.store import entry_of, read_stage
from tests.conftest import QUICK, SMALL, Mnistae, assert_two_lines, the_object
from tests.pipeline.conftest import FEW, bytes_of

DONE = ("train", "encode", "classify", "cluster", "evaluate")


def states(root: Path, mnistae: Mnistae, *options: str) -> dict[str, tuple[str, str]]:
    """Stage → state and reason of those that were run."""
    told = the_object(mnistae("status", "-a", root, "--json", *options).out)["stages"]
    return {stage: (each["state"], each["reason"]) for stage, each in told.items() if each["state"] != "missing"}


def stale(root: Path, mnistae: Mnistae, *options: str) -> dict[str, str]:
    """Stage → the reason, of those that are not up to date."""
    return {stage: why for stage, (state, why) in states(root, mnistae, *options).items() if state != "up to date"}


def test_the_same_bytes_again_leave_all_up_to_date(dense_finetuned: Path, shapes_npz: Path, mnistae: Mnistae) -> None:
    finetuned = dense_finetuned
    assert mnistae("evaluate", "-a", finetuned, "--no-figures", "-q").code == 0
    manifest, keras_file = finetuned / "encode" / "manifest.json", finetuned / "train" / "autoencoder.keras"
    before = manifest.read_bytes(), keras_file.read_bytes()
    assert mnistae("encode", "-a", finetuned, "--force", "-q").code == 0
    assert before[0] != manifest.read_bytes()  # it holds times
    assert stale(finetuned, mnistae) == {}
    train = ("train", "--dataset", shapes_npz, *QUICK, "-a", finetuned, "-q")
    assert mnistae(*train, "--force").code == 0
    assert before[1] != keras_file.read_bytes()  # it has its date inside
    assert stale(finetuned, mnistae) == {}
    assert set(states(finetuned, mnistae)) == {*DONE, "finetune"}
    for command in (("finetune", *FEW), ("evaluate", "--no-figures")):
        assert "up to date" in mnistae(*command, "-a", finetuned).err


def test_a_change_names_the_file_and_the_command(reseeded: Path, mnistae: Mnistae) -> None:
    finished = reseeded
    reasons = stale(finished, mnistae)
    assert reasons.pop("encode") == "encoder.onnx of train has changed"
    assert reasons == dict.fromkeys(DONE[2:], "encode is stale, encoder.onnx of train has changed")
    assert mnistae("encode", "-a", finished, "-q").code == 0
    reasons = stale(finished, mnistae)
    assert reasons.pop("evaluate").endswith("is stale, features_train.npy of encode has changed")
    assert reasons == dict.fromkeys(("classify", "cluster"), "features_train.npy of encode has changed")
    refused = mnistae("evaluate", "-a", finished)
    assert_two_lines(refused, 3, "is stale: features_train.npy of encode has changed.", "Run again: mnistae cluster")


def test_other_labels_reach_what_learns_from_them_alone(finished: Path, permuted_npz: Path, mnistae: Mnistae) -> None:
    clusters = bytes_of(finished / "cluster")
    assert mnistae("encode", "--dataset", permuted_npz, "-a", finished, "-q").code == 0
    reasons = stale(finished, mnistae)
    assert reasons["classify"] == "labels_train.npy of encode has changed"
    assert set(reasons) == {"classify", "evaluate"}
    assert "up to date" in mnistae("cluster", "--clusters", "3", "-a", finished).err
    assert mnistae("cluster", "--clusters", "3", "-a", finished, "--force", "-q").code == 0
    assert bytes_of(finished / "cluster") == clusters


def test_labels_that_come_later_are_seen(plain: Path, shapes_npz: Path, mnistae: Mnistae) -> None:
    assert mnistae("encode", "--dataset", shapes_npz, "-a", plain, "-q").code == 0
    assert stale(plain, mnistae) == {"evaluate": "labels_train.npy of encode is new"}


@pytest.fixture
def own_data(finished: Path, shapes_npz: Path, tmp_path: Path, mnistae: Mnistae) -> Path:
    """A copy of the data: train and encode find the same bytes in it, and note its place."""
    copy = Path(shutil.copy(shapes_npz, tmp_path / "shapes.npz"))
    before = bytes_of(finished / "train")
    assert "up to date" in mnistae("train", "--dataset", copy, *QUICK, "-a", finished).err
    assert "up to date" in mnistae("encode", "-a", finished).err
    assert bytes_of(finished / "train") == before
    assert stale(finished, mnistae) == {}
    return copy


def test_a_touched_data_file(own_data: Path, finished: Path, mnistae: Mnistae) -> None:
    os.utime(own_data, ns=(0, own_data.stat().st_mtime_ns + 1))
    manifest = (finished / "train" / "manifest.json").read_bytes()
    reasons = stale(finished, mnistae)
    assert set(reasons) == set(DONE)
    assert f"names, sizes or times of {own_data} have changed (status --verify" in reasons["train"]
    assert reasons["cluster"] == f"train is stale, {reasons['train']}"
    assert stale(finished, mnistae, "--verify") == {}
    assert (finished / "train" / "manifest.json").read_bytes() == manifest  # `status` only reads
    assert "up to date" in mnistae("cluster", "--clusters", "3", "-a", finished).err  # features stay usable
    assert "up to date" in mnistae("run", "--dataset", own_data, "-a", finished, *QUICK, *SMALL).err
    assert stale(finished, mnistae) == {}


def test_a_changed_data_file(own_data: Path, finished: Path, mnistae: Mnistae) -> None:
    arrays = dict(np.load(own_data))
    arrays["y_test"] = arrays["y_test"][::-1]
    np.savez(own_data, **arrays)
    assert set(stale(finished, mnistae)) == set(DONE)
    reasons = stale(finished, mnistae, "--verify")
    assert reasons["encode"] == f"test_labels of {own_data} changed"
    assert "train" not in reasons  # it reads no label
    arrays["x_train"][0, 0, 0] ^= 1
    np.savez(own_data, **arrays)
    assert stale(finished, mnistae, "--verify")["train"] == f"train_images of {own_data} changed"
    refused = mnistae("encode", "-a", finished)
    assert_two_lines(
        refused, 3, f"{own_data} has changed since train", f"mnistae encode --artifacts {finished} --dataset {own_data}"
    )
    assert mnistae("encode", "--dataset", own_data, "-a", finished).code == 0
    own_data.write_bytes(b"no archive")
    assert "its data set cannot be read any more" in stale(finished, mnistae, "--verify")["train"]


def test_data_that_is_gone_is_no_error(own_data: Path, finished: Path, mnistae: Mnistae) -> None:
    own_data.unlink()
    for options in ((), ("--verify",)):
        found = states(finished, mnistae, *options)
        assert {state for state, _ in found.values()} == {"up to date"}
        for stage in ("train", "encode"):
            assert found[stage][1].endswith(f"its data set is not at {own_data} any more")


def test_a_directory_of_an_earlier_version_is_answered_in_one_sentence(
    finished: Path, shapes_npz: Path, mnistae: Mnistae
) -> None:
    path = finished / "train" / "manifest.json"
    old = json.loads(path.read_text()) | {"schema_version": 1}
    path.write_text(json.dumps({key: value for key, value in old.items() if key != "checked"}))
    told = "another version of mnistae wrote it, schema_version 1, not 2"
    assert_two_lines(mnistae("encode", "-a", finished), 4, told, "Run mnistae train --artifacts")
    assert told in states(finished, mnistae)["train"][1]
    again = mnistae("train", "--dataset", shapes_npz, "-a", finished, *QUICK)
    assert "It is made again" in again.err
    assert stale(finished, mnistae) == {}


def test_a_head_of_an_earlier_version_has_its_keras_file_and_is_up_to_date(finished: Path, mnistae: Mnistae) -> None:
    stored, keras_file = read_stage(finished, "classify"), finished / "classify" / "classifier.keras"
    assert stored
    keras_file.write_bytes(b"PK of Keras")
    earlier = replace(stored.manifest, files={**stored.manifest.files, keras_file.name: entry_of(keras_file)})
    (stored.folder / "manifest.json").write_text(json.dumps(asdict(replace(earlier, seal=earlier.own_sha256()))))
    assert stale(finished, mnistae) == {}
    assert "up to date" in mnistae("classify", "--labels", "30", "--epochs", "10", "-a", finished).err
    assert mnistae("evaluate", "-a", finished, "--no-figures", "-q").code == 0
    assert mnistae("classify", "-a", finished, "--force", "-q").code == 0
    assert not keras_file.exists()


def leave_only(root: Path, stage: str, names: tuple[str, ...]) -> None:
    """Take everything out of a stage's folder and manifest but what is named, and where the data set lies."""
    stored = read_stage(root, stage)
    assert stored
    facts: dict[str, Any] = {"config": {}, "metrics": {}, "dataset": {}}
    facts["dataset"] = {key: (stored.manifest.dataset or {}).get(key) for key in ("source", "location")}
    for name in names:
        into, value = facts, asdict(stored.manifest)
        *outer, last = name.removeprefix("#").split(".")
        for key in outer if name.startswith("#") else ():
            into, value = into.setdefault(key, {}), value[key]
        if name.startswith("#") and last in value:
            into[last] = value[last]
    files = {name: entry for name, entry in stored.manifest.files.items() if name in names}
    left = replace(stored.manifest, **facts, files=files, inputs={})
    for name in set(stored.manifest.files) - set(files):
        (stored.folder / name).unlink()
    (stored.folder / "manifest.json").write_text(json.dumps(asdict(replace(left, seal=left.own_sha256()))))


# Read too, by stage and the earlier stage, but with no effect on the result: the network whose ONNX form is named, and
# the images, of which other ones are refused.
BESIDE = {
    ("finetune", "train"): ("autoencoder.keras",),
    ("encode", "train"): ("#dataset.sha256.train_images", "#dataset.sha256.test_images"),
}


UNSUPERVISED = ("encode", "cluster", "graph", "label")  # of what `train` and `encode` left


@pytest.mark.parametrize("stage", ["encode", "classify", "finetune", "cluster", "graph", "label", "evaluate", "report"])
def test_no_stage_reads_more_than_it_says(stage: str, finetuned: Path, mnistae: Mnistae) -> None:
    """Without all that it does not name, it makes the same bytes."""
    command = {
        "classify": ("classify", "--head", "prototypes"),
        "finetune": ("finetune", *FEW),
        "cluster": ("cluster", "--clusters", "3"),
        "graph": ("cluster", "--method", "graph", "--n-init", "2"),
        "label": ("label", "--names", "a,b,c"),
    }.get(stage, (stage,))
    name = command[0]
    names = ("label", "--names", "0,1,2")
    before = {
        "evaluate": [names, command],
        "graph": [command],
        "label": [command],
        "report": [names, ("evaluate",), command],
    }
    for each in before.get(stage, ()):
        assert mnistae(*each, "-a", finetuned, "-q").code == 0
    expected = bytes_of(finetuned / name)
    config = make(STAGE_CONFIGS[name], {"method": "graph"} if stage == "graph" else {})
    module = import_module(f"mnistae_cli.stages.{name}")
    reads = module.reads_of(config) if hasattr(module, "reads_of") else module.READS
    if stage in UNSUPERVISED:
        assert not [each for read in reads.values() for each in read if "label" in each or "class_name" in each]
    for other in finetuned.iterdir():
        if other.is_dir() and other.name not in (*reads, name):
            shutil.rmtree(other)
    for role, read in reads.items():
        if role == "review":
            continue  # not there: a stage that is not told of here makes it
        leave_only(finetuned, role, (*read, *BESIDE.get((stage, role), ())))
    result = mnistae(*command, "-a", finetuned, "--force", "-q")
    assert result.code == 0, result.err
    assert bytes_of(finetuned / name) == expected
    assert len(expected) >= 1
