import json
import os
import shlex
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from mnistae_cli.common.errors import DamagedInput, MissingInput, UsageError
from mnistae_cli.common.progress import Notice
from mnistae_cli.settings.cluster import ClusterConfig
from mnistae_cli.settings.encode import EncodeConfig
from mnistae_cli.settings.kinds import make
from mnistae_cli.settings.label import LabelConfig
from mnistae_cli.settings.train import TrainConfig
from mnistae_cli.store.directory import hold, replaced
from mnistae_cli.store.files import sha256_of
from mnistae_cli.store.making import Work
from mnistae_cli.store.plans import Plan
from mnistae_cli.store.reading import command_again, open_stage, read_manifest, up_to_date
from mnistae_cli.store.seen import see
from mnistae_cli.store.states import stage_states
from tests.making import begin_stage, make_stage, open_stages

TRAIN = Plan("train", TrainConfig(), dataset={"name": "x", "sha256": {"train_images": "1"}})


def put(root: Path, plan: Plan, content: str = "weights") -> None:
    with hold(root), begin_stage(root, plan) as work:
        (work.folder / "model").write_text(content)
        work.metrics = {"loss": 0.5}


def encode_plan(root: Path) -> Plan:
    return Plan("encode", EncodeConfig(), inputs=open_stages(root, {"train": ("model", "more", "#metrics.loss")}))


def cluster_plan(root: Path) -> Plan:
    return Plan("cluster", ClusterConfig(), inputs=open_stages(root, {"encode": ("model",)}))


def test_a_stage_is_whole_and_its_manifest_says_all(tmp_path: Path) -> None:
    put(tmp_path, TRAIN)
    stored = open_stage(tmp_path, "train")
    manifest = json.loads((tmp_path / "train" / "manifest.json").read_text())
    assert set(manifest) >= {
        "stage", "config", "inputs", "dataset", "files", "metrics", "versions", "seed", "command",
        "wall_seconds", "peak_memory_bytes", "schema_version",
    }  # fmt: skip
    assert manifest["config"]["latent_dim"] == 512
    assert manifest["files"]["model"]["bytes"] == 7
    assert stored.manifest.metrics == {"loss": 0.5}
    assert stored.manifest.peak_memory_bytes > 10**7


def test_a_failing_stage_leaves_what_was_there(tmp_path: Path) -> None:
    put(tmp_path, TRAIN, "first")
    with pytest.raises(KeyboardInterrupt), hold(tmp_path), begin_stage(tmp_path, TRAIN) as work:
        (work.folder / "model").write_text("half")
        raise KeyboardInterrupt
    assert (open_stage(tmp_path, "train").folder / "model").read_text() == "first"
    assert not (tmp_path / ".train.partial").exists()


KILLED = """
import os, sys
from pathlib import Path
from mnistae_cli.store.plans import Plan
from mnistae_cli.store.directory import hold
from tests.making import begin_stage
from mnistae_cli.settings.label import LabelConfig
from mnistae_cli.settings.train import TrainConfig
root, moment = Path(sys.argv[1]), sys.argv[2]
rename = Path.rename
def dying(self, target):
    if moment == "before both" or moment == "between" and self.name == ".train.partial":
        os._exit(9)
    return rename(self, target)
Path.rename = dying
with hold(root), begin_stage(root, Plan("train", TrainConfig())) as work:
    (work.folder / "model").write_text("second")
    if moment == "half way":
        os._exit(9)
"""


@pytest.mark.parametrize("moment", ["half way", "before both", "between"])
def test_a_killed_stage_leaves_what_was_there(moment: str, tmp_path: Path) -> None:
    put(tmp_path, TRAIN, "first")
    assert subprocess.run([sys.executable, "-c", KILLED, tmp_path, moment], check=False).returncode == 9
    assert (open_stage(tmp_path, "train").folder / "model").read_text() == "first"
    with hold(tmp_path):
        assert sorted(path.name for path in tmp_path.iterdir()) == [".holder", ".lock", "train"]


def test_an_equal_plan_is_up_to_date_and_another_is_not(tmp_path: Path) -> None:
    put(tmp_path, TRAIN)
    assert up_to_date(tmp_path, TRAIN)
    assert up_to_date(tmp_path, Plan("train", TrainConfig(data_dir="/elsewhere"), dataset=TRAIN.dataset))
    assert not up_to_date(tmp_path, Plan("train", make(TrainConfig, {"epochs": 1}), dataset=TRAIN.dataset))
    assert not up_to_date(tmp_path, Plan("train", TrainConfig(seed=1), dataset=TRAIN.dataset))
    assert not up_to_date(tmp_path, Plan("train", TrainConfig(), dataset={"sha256": {"train_images": "2"}}))


def test_a_setting_that_the_chosen_code_does_not_use_makes_no_other_plan(tmp_path: Path) -> None:
    """An earlier version wrote some of them down, and another kind of code brings new ones."""
    put(tmp_path, TRAIN)
    manifest = read_manifest(tmp_path, "train").manifest
    assert manifest.config["k"] is None
    assert TRAIN.is_that_of(replace(manifest, config=manifest.config | {"k": 25, "of_another": 3}))
    assert not TRAIN.is_that_of(replace(manifest, config=manifest.config | {"latent_dim": 9}))


LABEL = Plan("label", LabelConfig())


def test_a_corrected_table_is_edited_not_damaged(tmp_path: Path) -> None:
    with hold(tmp_path), begin_stage(tmp_path, LABEL) as work:
        (work.folder / "labels.csv").write_text("index,name\n0,five\n")
        (work.folder / "contact_sheet.html").write_text("sheet")
    assert stage_states(tmp_path)["label"]["state"] == "up to date"
    (tmp_path / "label" / "labels.csv").write_text("index,name\n0,six\n")
    for thorough in (False, True):
        told = stage_states(tmp_path, thorough=thorough)["label"]
        assert told["state"] == "edited"
        assert "labels.csv was corrected" in told["reason"]
    (tmp_path / "label" / "contact_sheet.html").write_text("Sheet")
    assert stage_states(tmp_path, thorough=True)["label"]["state"] == "damaged"
    (tmp_path / "label" / "labels.csv").unlink()
    assert stage_states(tmp_path)["label"]["state"] == "damaged"


def test_damage_is_not_up_to_date(tmp_path: Path) -> None:
    put(tmp_path, TRAIN)
    (tmp_path / "train" / "model").write_text("WEIGHTS")
    assert not up_to_date(tmp_path, TRAIN)


def test_the_states_are_told_without_reading_what_did_not_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def counted(path: Path) -> str:
        read.append(path.name)
        return sha256_of(path)

    put(tmp_path, TRAIN)
    read: list[str] = []
    monkeypatch.setattr("mnistae_cli.store.files.sha256_of", counted)
    assert stage_states(tmp_path)["train"]["state"] == "up to date"
    assert read == []
    assert stage_states(tmp_path, thorough=True)["train"]["state"] == "up to date"
    assert read == ["model"]


def test_a_change_that_hides_its_time_shows_in_the_states(tmp_path: Path) -> None:
    put(tmp_path, TRAIN)
    path = tmp_path / "train" / "model"
    before = path.stat()
    while path.stat().st_ctime_ns <= (path.parent / "manifest.json").stat().st_ctime_ns:  # clocks of files tick slowly
        path.write_text("WEIGHTS")
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert stage_states(tmp_path)["train"]["state"] == "damaged"


def test_a_manifest_that_was_touched_later_vouches_for_no_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, TRAIN)
    (tmp_path / "train" / "model").write_text("WEIGHTS")
    monkeypatch.setattr("mnistae_cli.store.files.SWAP_SECONDS", -100)  # as if it was touched much later
    (tmp_path / "train" / "manifest.json").chmod(0o600)
    assert stage_states(tmp_path)["train"]["state"] == "damaged"


def test_force_runs_all_the_same(tmp_path: Path) -> None:
    def fill(work: Work) -> None:
        made.append(work)

    made: list[Work] = []
    with hold(tmp_path):
        make_stage(tmp_path, TRAIN, fill)
        make_stage(tmp_path, TRAIN, fill)
        assert len(made) == 1
        make_stage(tmp_path, TRAIN, fill, force=True)
    assert len(made) == 2


def test_a_changed_input_makes_everything_after_it_stale(tmp_path: Path) -> None:
    put(tmp_path, TRAIN)
    put(tmp_path, encode_plan(tmp_path))
    put(tmp_path, cluster_plan(tmp_path))
    assert stage_states(tmp_path)["cluster"]["state"] == "up to date"
    put(tmp_path, TRAIN, "other")
    states = stage_states(tmp_path)
    assert [states[stage]["state"] for stage in ("train", "encode", "cluster")] == ["up to date", "stale", "stale"]
    assert states["cluster"]["reason"] == "encode is stale, model of train has changed"
    with pytest.raises(MissingInput) as refused:
        open_stage(tmp_path, "cluster")
    assert "mnistae encode --artifacts" in refused.value.remedy


def test_the_same_content_again_leaves_all_up_to_date(tmp_path: Path) -> None:
    put(tmp_path, TRAIN)
    put(tmp_path, encode_plan(tmp_path))
    put(tmp_path, replace(TRAIN, config=TrainConfig(seed=1)))
    assert read_manifest(tmp_path, "train").manifest.seed == 1
    assert stage_states(tmp_path)["encode"]["state"] == "up to date"
    assert up_to_date(tmp_path, encode_plan(tmp_path))


@pytest.mark.parametrize(
    ("loss", "more", "reason"),
    [
        (0.5, True, "more of train is new"),
        (0.4, False, "metrics.loss of train has changed"),
        (None, False, "metrics.loss of train is gone"),
    ],
)
def test_what_is_not_there_and_facts_of_the_manifest_count_too(
    loss: float | None, more: bool, reason: str, tmp_path: Path
) -> None:
    put(tmp_path, TRAIN)
    put(tmp_path, encode_plan(tmp_path))
    with hold(tmp_path), begin_stage(tmp_path, TRAIN) as work:
        (work.folder / "model").write_text("weights")
        (work.folder / "unread").write_text("anything")
        work.metrics = {"other": 1} | ({} if loss is None else {"loss": loss})
        if more:
            (work.folder / "more").write_text("")
    assert stage_states(tmp_path)["encode"] == {"state": "stale", "reason": reason}
    assert not up_to_date(tmp_path, encode_plan(tmp_path))


def test_a_plan_says_what_is_read_of_each_input(tmp_path: Path) -> None:
    put(tmp_path, TRAIN)
    with pytest.raises(ValueError, match="reads nothing of its input train"):
        Plan("encode", EncodeConfig(), inputs={"train": open_stage(tmp_path, "train")})


def test_the_place_of_the_same_data_is_noted_and_files_are_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, data = tmp_path / "root", tmp_path / "data.npz"
    data.write_text("images")
    seen = replace(TRAIN, dataset=dict(TRAIN.dataset or {}) | {"location": str(data), "files": see(data)})
    put(root, TRAIN)
    with hold(root):
        made = make_stage(root, seen, lambda _: pytest.fail("it is up to date"))
    assert made == read_manifest(root, "train").manifest
    assert made.dataset == seen.dataset
    monkeypatch.setattr("mnistae_cli.store.files.sha256_of", lambda _: pytest.fail("nothing has changed"))
    assert stage_states(root)["train"]["state"] == "up to date"
    data.write_text("other images")
    assert stage_states(root)["train"]["state"] == "stale"
    assert stage_states(root, compare_data=lambda _: "")["train"]["state"] == "up to date"
    assert stage_states(root, compare_data=lambda _: "x changed")["train"]["reason"] == "x changed"


def test_missing_and_damaged_folders_name_the_command_that_mends_them(tmp_path: Path) -> None:
    with pytest.raises(MissingInput) as missing:
        open_stage(tmp_path, "train")
    assert missing.value.remedy == f"Run: mnistae train --artifacts {tmp_path}"
    put(tmp_path, TRAIN)
    path = tmp_path / "train" / "model"
    for damage in (lambda: path.write_text("Weights"), lambda: path.write_text("w"), path.unlink):
        damage()
        with pytest.raises(DamagedInput) as damaged:
            open_stage(tmp_path, "train")
        assert str(path) in damaged.value.problem
        assert "mnistae train --artifacts" in damaged.value.remedy


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"{}", b"\xff\xfe", b'{"stage": "train"}', b"null", b"[" * 100000],
    ids=lambda content: repr(content)[:20],
)
def test_a_damaged_manifest(content: bytes, tmp_path: Path) -> None:
    put(tmp_path, TRAIN)
    (tmp_path / "train" / "manifest.json").write_bytes(content)
    with pytest.raises(DamagedInput):
        open_stage(tmp_path, "train")
    assert stage_states(tmp_path)["train"]["state"] == "damaged"


def test_a_manifest_that_was_edited_is_damaged(tmp_path: Path) -> None:
    put(tmp_path, TRAIN)
    path = tmp_path / "train" / "manifest.json"
    path.write_text(path.read_text().replace('"loss": 0.5', '"loss": 0.1'))
    with pytest.raises(DamagedInput, match="changed after it was written"):
        open_stage(tmp_path, "train")


def test_a_manifest_names_no_file_outside(tmp_path: Path) -> None:
    put(tmp_path, TRAIN)
    manifest = open_stage(tmp_path, "train").manifest
    forged = replace(manifest, files={"../model": manifest.files["model"]})
    forged = replace(forged, seal=forged.own_sha256())
    (tmp_path / "train" / "manifest.json").write_text(json.dumps(asdict(forged)))
    with pytest.raises(DamagedInput, match="outside"):
        open_stage(tmp_path, "train")


@pytest.mark.parametrize("kind", ["folder", "file", "link", "note"])
def test_what_is_not_ours_is_never_replaced(kind: str, tmp_path: Path) -> None:
    root, theirs = tmp_path / "root", tmp_path / "root" / "train" / "thesis.txt"
    root.mkdir()
    if kind == "note":
        put(root, TRAIN)
    elif kind == "folder":
        theirs.parent.mkdir()
    elif kind == "file":
        theirs = root / "train"
    else:
        (tmp_path / "elsewhere").mkdir()
        (root / "train").symlink_to(tmp_path / "elsewhere")
    theirs.write_text("mine")
    with pytest.raises(UsageError, match="mnistae did not write"), hold(root):
        make_stage(root, TRAIN, lambda _: None, force=True)
    assert theirs.read_text() == "mine"


def test_a_directory_without_write_permission(tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o555)
    script = f"""
import os
from pathlib import Path
from mnistae_cli.store.directory import hold
import filelock  # while root may still read the packages
if os.geteuid() == 0:
    os.seteuid(65534)
with hold(Path({str(locked / "artifacts")!r})):
    pass
"""
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert "UsageError: artifacts=" in ended.stderr
    assert "Permission denied" in ended.stderr


def test_a_file_is_no_directory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for root in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(UsageError, match="cannot be written"), hold(root):
            pass


HOLDING = """
import sys, time
from pathlib import Path
from mnistae_cli.store.directory import hold
with hold(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(1)
    (Path(sys.argv[1]) / "first").write_text("")
"""


def test_a_second_process_waits_and_says_who_holds_the_directory(tmp_path: Path) -> None:
    other = subprocess.Popen([sys.executable, "-c", HOLDING, tmp_path], stdout=subprocess.PIPE, text=True)
    assert other.stdout
    assert other.stdout.readline() == "held\n"
    told: list[Notice] = []
    with hold(tmp_path, told.append):  # type: ignore[arg-type]
        assert (tmp_path / "first").exists()
    assert f"process {other.pid}" in told[0].text
    assert other.wait() == 0


def test_the_lock_can_be_taken_again_inside(tmp_path: Path) -> None:
    with hold(tmp_path):
        with hold(tmp_path):
            pass
        assert (tmp_path / ".holder").exists()
    assert not (tmp_path / ".holder").exists()


@pytest.mark.parametrize(
    ("stage", "made_by", "root", "again"),
    [
        ("train", "mnistae run", "artifacts", "mnistae run"),
        ("encode", "mnistae run", "artifacts", "mnistae encode"),
        ("encode", "mnistae run --artifacts there", "there", "mnistae encode --artifacts there"),
        ("train", "mnistae sweep", "artifacts/seed-0", "mnistae sweep"),
        ("train", "mnistae sweep -a there", "there/seed-3", "mnistae sweep -a there"),
        ("train", "mnistae train --artifacts art_old --seed 1", "art", "mnistae train --seed 1 --artifacts art"),
        ("train", "mnistae train --artifacts=art", "art", "mnistae train --artifacts=art"),
        ("train", "mnistae train --seed 1", "moved", "mnistae train --seed 1 --artifacts moved"),
        ("train", "notebook.py", "there", "mnistae train --artifacts there"),
    ],
)
def test_the_command_that_makes_a_stage_again(
    stage: str, made_by: str, root: str, again: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", shlex.split(made_by))
    put(Path(root), replace(TRAIN, stage=stage, config=EncodeConfig() if stage == "encode" else TrainConfig()))
    assert command_again(Path(root), stage) == again


def test_files_beside_a_manifest_that_cannot_be_read_are_not_lost(tmp_path: Path) -> None:
    put(tmp_path, TRAIN)
    (tmp_path / "train" / "manifest.json").write_text("{")
    (tmp_path / "train" / "mine.txt").write_text("x")

    def fill(work: Work) -> None:
        (work.folder / "model").write_text("new")

    with hold(tmp_path), pytest.raises(UsageError, match=r"mine\.txt would be lost"):
        make_stage(tmp_path, TRAIN, fill)
    assert (tmp_path / "train" / "mine.txt").read_text() == "x"
    with hold(tmp_path):
        make_stage(tmp_path, TRAIN, fill, force=True)
    assert open_stage(tmp_path, "train")


def test_a_folder_that_takes_the_place_of_another_leaves_nothing_else(tmp_path: Path) -> None:
    for content in ("first", "second"):
        with replaced(tmp_path / "train") as folder:
            (folder / "weights").write_text(content)
    assert [each.name for each in tmp_path.iterdir()] == ["train"]
    assert (tmp_path / "train" / "weights").read_text() == "second"
