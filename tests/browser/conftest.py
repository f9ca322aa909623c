"""A browser, and the artifacts whose report it opens. Without Chromium these tests skip, and say so."""

import csv
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mnistae_cli.settings import LabelConfig
from mnistae_cli.store import Plan, Work
from tests.conftest import Shared, exit_code
from tests.making import make_stage

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
HOSTILE = "<script>document.title = 'taken'</script>"
NAMES = (HOSTILE, "it's, no", "block")  # of the clusters; the comma is refused by --names, so the second is typed
COLUMNS = ("split", "index", "image", "suspicion", "score", "why", "label", "suggested", "neighbors")
REVIEWED = [
    (
        "test",
        3,
        "a.png",
        "label",
        0.9,
        "Nine of ten neighbors are of another class.",
        "0",
        "1",
        "train:5 train:6 test:7",
    ),
    ("train", 8, HOSTILE, "stranger", 0.95, f"Like no other image {HOSTILE}.", "", "", "train:5"),
    ("test", 9, "c.png", "duplicate", 0.5, "The same pixels.", "2", "", "train:1"),
    *(
        ("train", 20 + i, f"{i}.png", "label", 0.4 - i / 1000, "Near the border.", "0", "2", "test:1")
        for i in range(40)
    ),
]


def write_review_table(path: Path) -> Path:
    """A `review.csv` as `mnistae review` writes it."""
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([COLUMNS, *REVIEWED])
    return path


def add_review(root: Path) -> None:
    """A folder `review/` with a manifest, as that stage leaves it."""

    def fill(work: Work) -> None:
        write_review_table(work.folder / "review.csv")

    make_stage(root, Plan("review", LabelConfig()), fill)


@pytest.fixture(scope="session")
def reported_once(shared: Shared, finished_once: Path) -> Path:
    """`finished_once` with names, a review and a report. Do not touch."""

    def make(folder: Path) -> None:
        shutil.copytree(finished_once, folder, dirs_exist_ok=True)
        add_review(folder)
        names = ",".join((HOSTILE, "down", "block"))
        for command in (("label", "--names", names), ("report",)):
            assert exit_code(["mnistae", *command, "-a", str(folder), "-q"]) == 0

    return shared.once("reported", make)


@dataclass
class Opened:
    """A page in the browser, and what went wrong in it."""

    page: "Page"
    complaints: list[str] = field(default_factory=list)

    def open(self, path: Path) -> "Page":
        """Open a page from the disk, and wait until it is drawn."""
        self.page.goto(path.resolve().as_uri())
        self.page.wait_for_selector("body[data-ready]", timeout=30_000)
        return self.page


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed: the page is not tested")
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: the page is not tested in a browser")
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield opened
        opened.close()


@pytest.fixture
def opened(browser: "Browser") -> Iterator[Opened]:
    """A fresh page. At the end, no script complained, and nothing but the file itself was asked for."""
    context = browser.new_context(viewport={"width": 1200, "height": 900}, accept_downloads=True)
    look = Opened(context.new_page())
    look.page.on("console", lambda message: look.complaints.append(message.text))
    look.page.on("pageerror", lambda error: look.complaints.append(str(error)))
    look.page.on(
        "request",
        lambda request: (
            None if request.url.startswith(("file:", "data:", "blob:")) else look.complaints.append(request.url)
        ),
    )
    yield look
    context.close()
    assert look.complaints == []
