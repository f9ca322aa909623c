"""`mnistae report`: what is on the page, and what it is made of. `tests/browser/` looks at it in a browser."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.conftest import Mnistae, assert_two_lines, the_object
from tests.pipeline.conftest import data_of
from tests.test_layers import loaded_by


def page_of(root: Path) -> str:
    return (root / "report" / "report.html").read_text(encoding="utf-8")


def test_one_file_that_may_ask_for_nothing(finished: Path, mnistae: Mnistae) -> None:
    made = mnistae("report", "-a", finished, "--json")
    assert the_object(made.out)["metrics"]["images"] == 60
    assert {path.name for path in (finished / "report").iterdir()} == {"report.html", "manifest.json"}
    page = page_of(finished)
    assert "default-src 'none'" in page
    assert not re.search(r"https?://|<script src|<link|\{\{", page)
    data = data_of(page)
    assert list(data["parts"]) == ["map", "scores", "sheet", "figures", "absent"]
    assert [command for _, command in data["parts"]["absent"]["rows"]] == [
        f"mnistae {stage} --artifacts {finished}" for stage in ("label", "review")
    ]
    labels = np.load(finished / "encode" / "labels_test.npy")
    assert data["parts"]["map"]["groups"][0]["of"] == labels.tolist()
    assert "up to date" in mnistae("report", "-a", finished).err


def test_what_it_shows_makes_it_stale_and_what_is_stale_is_not_shown(finished: Path, mnistae: Mnistae) -> None:
    assert mnistae("report", "-a", finished, "-q").code == 0
    assert mnistae("label", "-a", finished, "--names", "a,b,<i>c", "-q").code == 0
    assert mnistae("report", "-a", finished, "-q").code == 0
    assert "2: <i>c" in data_of(page_of(finished))["parts"]["map"]["groups"][1]["names"]
    assert "<i>c" not in page_of(finished)
    assert mnistae("cluster", "-a", finished, "--clusters", "4", "-q").code == 0
    states = the_object(mnistae("status", "-a", finished, "--json").out)["stages"]
    assert states["report"]["state"] == "stale"
    again = mnistae("report", "-a", finished)
    assert again.code == 0, again.err
    assert "label is stale and is left out" in again.err
    assert "evaluate is stale and is left out" in again.err
    assert list(data_of(page_of(finished))["parts"]) == ["map", "sheet", "absent"]


def test_permuted_labels_or_none_give_the_same_map(
    finished_once: Path, permuted_once: Path, plain_once: Path, tmp_path: Path, mnistae: Mnistae
) -> None:
    maps = []
    for once in (finished_once, permuted_once, plain_once):
        root = Path(shutil.copytree(once, tmp_path / once.name))
        assert mnistae("report", "-a", root, "--map-images", "50", "-q").code == 0
        drawn = data_of(page_of(root))["parts"]["map"]
        maps.append([drawn[each] for each in ("x", "y", "rows")])
    assert maps[0] == maps[1] == maps[2]
    assert len(maps[0][0]) == 50


def test_features_alone_are_enough_and_are_needed(plain: Path, mnistae: Mnistae) -> None:
    for stage in ("train", "cluster", "evaluate"):
        shutil.rmtree(plain / stage)
    (loaded,) = loaded_by(["report", "-a", plain])
    assert not loaded & {"tensorflow", "keras", "matplotlib", "sklearn"}
    assert list(data_of(page_of(plain))["parts"]) == ["map", "absent"]
    shutil.rmtree(plain / "encode")
    assert_two_lines(mnistae("report", "-a", plain), 3, "encode has not been run")


def test_near_features_are_near_on_the_map_and_its_bytes_are_the_same() -> None:
    from mnistae_cli.pictures.maps import lay_out

    rng = np.random.default_rng(0)
    of = np.arange(600) % 6
    features = (rng.normal(0, 6, (6, 20))[of] + rng.normal(0, 1, (600, 20))).astype(np.float32)
    points, method = lay_out(features)
    assert (method, points.shape, str(points.dtype)) == ("t-SNE", (600, 2), "float32")
    away = np.linalg.norm(points[:, None] - points, axis=2) + np.eye(600) * 1e9
    assert (of[away.argmin(axis=1)] == of).mean() > 0.99
    assert lay_out(features)[0].tobytes() == points.tobytes()


def test_small_images_are_shrunk_and_put_on_several_sheets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import base64
    import io

    from mnistae_cli.data import load_dataset
    from mnistae_cli.pictures import tiles

    images = np.zeros((30, 64, 48), np.uint8)
    images += np.arange(30, dtype=np.uint8)[:, None, None] * 8
    np.savez(tmp_path / "large.npz", x_train=images, x_test=images[:6])
    monkeypatch.setattr(tiles, "SHEET", 96)  # 3 rows of 4 tiles
    wanted = tiles.Tiles()
    assert wanted.numbers_of("train", [29, 3, 29]) == [0, 1, 0]
    assert wanted.numbers_of("train", range(20)) == [2, 3, 4, 1, *range(5, 21)]
    data = load_dataset(str(tmp_path / "large.npz"), None)
    found = wanted.sheets({split: each.pixels for split, each in data.splits()})
    assert (found["width"], found["height"], found["columns"], found["per_sheet"], len(found["sheets"])) == (
        24,
        32,
        4,
        12,
        2,
    )
    second = Image.open(io.BytesIO(base64.b64decode(found["sheets"][1].partition(",")[2])))
    assert np.asarray(second)[:32, :24].tolist() == np.full((32, 24), 11 * 8).tolist()  # tile 12
    json.dumps(found)
