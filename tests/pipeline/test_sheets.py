"""The contact sheet, and what is said of each cluster on it."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mnistae_cli.clusters import Placement, place_by_centroids
from mnistae_cli.data import from_array
from mnistae_cli.pictures.sheets import ClusterLook, Sheet, summarize_clusters, write_sheet
from tests.builders import kmeans
from tests.conftest import Mnistae, shapes
from tests.pipeline.conftest import data_of


@pytest.mark.parametrize(("n_clusters", "mixed"), [(3, [False, False, False]), (2, [False, True])])
def test_a_cluster_of_two_groups_looks_mixed(n_clusters: int, mixed: list[bool], tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    features = (np.eye(8)[np.arange(240) % 3] * 10 + rng.normal(0, 0.5, (240, 8))).astype(np.float32)
    clustering = kmeans(features, n_clusters=n_clusters, metric="euclidean")
    placement = place_by_centroids(features, clustering.centroids, "euclidean")
    found = summarize_clusters(placement, (), n_clusters, n_clusters)
    assert sorted(each.mixed for each in found) == mixed
    some = np.arange(2)
    sheet = Sheet(found, [(some, some)] * n_clusters, "surest", placement)
    write_sheet(from_array(shapes(4, 0)[0], "shapes"), sheet, tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as picture:
        red = (np.asarray(picture).astype(int) @ [1, -1, 0] > 100).any()
    assert red == any(mixed)


def test_the_page_needs_no_other_file_and_escapes_names(finished: Path, mnistae: Mnistae) -> None:
    assert mnistae("label", "-a", finished, "--names", "<b>,a&b,c", "--images-per-cluster", "4", "-q").code == 0
    page = (finished / "label" / "contact_sheet.html").read_text()
    assert "<b>" not in page
    assert not re.search(r"https?://|<script src|<link", page)
    sheet = data_of(page)["parts"]["sheet"]
    assert [each["name"] for each in sheet["clusters"]] == ["<b>", "a&b", "c"]
    assert {len(each["surest"]) for each in sheet["clusters"]} == {4}
    with Image.open(finished / "label" / "contact_sheet.png") as picture:
        assert picture.size[0] > 8 * 48
        assert picture.size[1] > 3 * 48


def test_every_cluster_has_room_for_its_text(tmp_path: Path) -> None:
    flat, some = np.zeros((4, 4, 80), np.uint8), np.arange(2)
    none = Placement(np.empty(0, np.int32), np.empty(0, np.float32), np.empty(0, np.float32))
    sizes = []
    for name in ("a", "a name that is much longer than any other name of a cluster"):
        looks = [ClusterLook(i, name, 2, 0.5, True) for i in range(3)]
        sheet = Sheet(looks, [(some, some)] * 3, "surest", none)
        write_sheet(from_array(flat, "flat"), sheet, tmp_path / "contact_sheet.png")
        with Image.open(tmp_path / "contact_sheet.png") as picture:
            sizes.append(picture.size)
    assert sizes[0][1] >= 3 * 56
    assert sizes[1][0] > sizes[0][0] + 200
