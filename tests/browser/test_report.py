"""The report in a real browser: pointing, filtering, typing, deciding, and what leaves the page."""

import csv
import io
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mnistae_cli.curation import LABEL, Suspicion, read_decisions, read_suspicions, write_suspicions
from mnistae_cli.data import load_dataset
from mnistae_cli.pictures.parts import write_review
from mnistae_cli.store import sha256_of
from tests.browser.conftest import HOSTILE, REVIEWED, Opened, write_review_table

if TYPE_CHECKING:
    from playwright.sync_api import Page


@pytest.fixture
def report(opened: Opened, reported_once: Path) -> "Page":
    return opened.open(reported_once / "report" / "report.html")


def dot(page: "Page", number: int) -> tuple[float, float]:
    """Where a dot of the map is on the canvas."""
    x, y = page.evaluate(
        """i => { const map = DATA.parts.map, canvas = document.querySelector('canvas.dots');
        const scale = Math.min(canvas.clientWidth, canvas.clientHeight) * 0.94;
        return [canvas.clientWidth / 2 + (map.x[i] / map.unit - 0.5) * scale,
                canvas.clientHeight / 2 + (map.y[i] / map.unit - 0.5) * scale]; }""",
        number,
    )
    return x, y


def shown(page: "Page") -> str:
    return page.locator("#map .said").inner_text()


def test_every_part_is_there_and_a_hostile_name_stays_text(report: "Page", reported_once: Path) -> None:
    parts = report.locator("main section").evaluate_all("found => found.map(each => each.id)")
    assert parts == ["map", "scores", "sheet", "review", "figures"]
    assert report.title() == "mnistae: shapes"
    assert report.locator(f'option:has-text("{HOSTILE}")').count() > 0
    drawn = {path.name for path in (reported_once / "evaluate").glob("*.png")}
    assert report.locator("#figures img").count() == len(drawn) > 5
    assert report.locator("#figures img").evaluate_all(
        "found => found.every(each => each.alt && each.src.startsWith('data:image/png'))"
    )
    assert report.locator("#scores tbody tr").count() > 10
    without_name = "found => found.filter(each => !each.getAttribute('aria-label')).length"
    assert report.locator("canvas.tile, canvas.dots").evaluate_all(without_name) == 0


def test_pointing_shows_the_image_and_a_click_filters(report: "Page", reported_once: Path) -> None:
    labels = np.load(reported_once / "encode" / "labels_test.npy")
    canvas = report.locator("canvas.dots")
    canvas.scroll_into_view_if_needed()
    x, y = dot(report, 7)
    canvas.hover(position={"x": x, "y": y})
    told = report.locator(".pointed").inner_text()
    row = int(told.split("test image")[1].split()[0])
    light = "one => one.getContext('2d').getImageData(0, 0, one.width, one.height).data.some(v => v > 0 && v < 255)"
    assert report.locator(".pointed canvas").evaluate(light)
    canvas.click(position={"x": x, "y": y})
    assert shown(report).startswith(f"{(labels == labels[row]).sum()} of 60 images")
    canvas.click(position={"x": x, "y": y})
    assert shown(report).startswith("60 of 60")
    report.locator("#map").get_by_label("Suspicion", exact=True).select_option("duplicate")
    assert shown(report).startswith("1 of 60")


def test_the_map_by_keyboard(report: "Page") -> None:
    canvas = report.locator("canvas.dots")
    canvas.focus()
    canvas.press("ArrowRight")
    first = report.locator(".pointed").inner_text()
    canvas.press("ArrowRight")
    canvas.press("+")
    assert report.locator(".pointed").inner_text() != first
    canvas.press("Enter")
    assert not shown(report).startswith("60 of 60")
    canvas.press("Escape")
    assert shown(report).startswith("60 of 60")


def test_typed_names_leave_as_a_command(report: "Page", reported_once: Path) -> None:
    names = report.locator("#sheet input")
    assert names.evaluate_all("found => found.map(each => each.value)") == [HOSTILE, "down", "block"]
    copy = report.get_by_role("button", name="Copy the command")
    names.nth(0).fill("a, b")
    assert copy.is_disabled()
    names.nth(0).fill("it's")
    names.nth(0).press("Enter")
    report.keyboard.press("Control+a")
    report.keyboard.type("x")
    line = report.get_by_label("Command with the names").input_value()
    assert line == f"mnistae label --artifacts {reported_once} --names 'it'\\''s,x,block'"
    copy.click()
    report.locator("#sheet .said").get_by_text("Copied.", exact=True).wait_for()  # a busy machine shows it late


def test_decisions_leave_as_a_file_and_are_kept(opened: Opened, shapes_npz: Path, tmp_path: Path) -> None:
    data = load_dataset(str(shapes_npz), None)
    table = write_review_table(tmp_path / "review.csv")
    rows = [asdict(row) for row in read_suspicions(table)]
    pixels = {split: each.pixels for split, each in data.splits()}
    write_review(tmp_path / "report.html", rows, sha256_of(table), pixels, ["0", "1", "2", HOSTILE])
    page = opened.open(tmp_path / "report.html")
    entries = page.locator(".entry")
    scores = page.locator(".entry dd:nth-of-type(1)").evaluate_all("found => found.map(each => +each.textContent)")
    assert scores == sorted(scores, reverse=True)
    assert (entries.count(), scores[0]) == (24, 0.95)
    entries.nth(0).focus()
    for key in ("r", "a", "a", "ArrowLeft", "u", "ArrowRight"):  # the third is accepted, and taken back
        page.keyboard.press(key)
    entries.nth(1).locator("select").select_option(HOSTILE)
    page.get_by_role("button", name="Next").click()
    entries.nth(18).focus()
    page.keyboard.press("a")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == "decisions.csv"
    rows = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text(encoding="utf-8"))))
    last = sorted(REVIEWED, key=lambda row: -row[4])[24 + 18]
    names = {row[:2]: row[2] for row in REVIEWED}
    assert all(row["image"] == names[row["split"], int(row["index"])] for row in rows)
    assert [tuple(row[name] for name in ("split", "index", "suspicion", "decision", "chosen")) for row in rows] == [
        ("train", "8", "stranger", "refuse", ""),
        ("test", "3", "label", "accept", HOSTILE),
        ("train", str(last[1]), "label", "accept", "2"),  # the suggested class, which the person saw
    ]
    opened.open(tmp_path / "report.html")
    page.get_by_text("3 of 43 decided").wait_for()  # a busy machine shows it late
    assert entries.nth(1).locator("select").input_value() == HOSTILE
    page.get_by_label("Decision", exact=True).select_option("open")
    assert page.get_by_text("40 rows").count() == 1


def test_decisions_are_text_for_a_spreadsheet(opened: Opened, shapes_npz: Path, tmp_path: Path) -> None:
    """Also if a picture or a class is called like a formula; and what an older page kept gets its class."""
    classes = ["=1+1", "'=x", "\t-2", " a;b ", "+\udce9"]
    suspicions = [
        Suspicion("train", n, f"{name}{n}", LABEL, (9 - n) / 10, "Why.", "0", name, ("test:1",))
        for n, name in enumerate(classes)
    ]
    table = tmp_path / "review.csv"
    write_suspicions(table, suspicions)
    assert read_suspicions(table) == suspicions
    rows, pixels = (
        [asdict(row) for row in suspicions],
        {s: i.pixels for s, i in load_dataset(str(shapes_npz), None).splits()},
    )
    write_review(tmp_path / "report.html", rows, sha256_of(table), pixels, classes)
    page = opened.open(tmp_path / "report.html")
    older = "localStorage.setItem(DATA.parts.review.key, JSON.stringify({ 0: ['accept', ''], 1: ['refuse', ''] }))"
    page.evaluate(older)
    opened.open(tmp_path / "report.html")
    for place in range(2, len(classes)):
        page.locator(".entry").nth(place).focus()
        page.keyboard.press("a")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    saved = Path(download.value.path())
    with saved.open(newline="", encoding="utf-8") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t"))]
    assert '" a;b "' in saved.read_text(encoding="utf-8")
    found = read_decisions(saved, {row.key: row.image for row in suspicions}, classes)
    assert [(each.key[1], each.accepted, each.chosen) for each in found] == [
        (n, n != 1, name if n != 1 else "") for n, name in enumerate(classes)
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_narrow_screens_and_both_schemes(opened: Opened, reported_once: Path, scheme: str) -> None:
    opened.page.set_viewport_size({"width": 375, "height": 700})
    opened.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page = opened.open(reported_once / "report" / "report.html")
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(255, 255, 255)") == (scheme == "light")
