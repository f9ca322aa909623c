"""Names in figures: any script, any length, and no word of Matplotlib's."""

import subprocess
import sys
import warnings
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from mnistae_cli.clusters import Placement
from mnistae_cli.data import from_array
from mnistae_cli.pictures import figures
from mnistae_cli.pictures._names import names_for
from mnistae_cli.pictures.sheets import ClusterLook, Sheet, write_sheet

NOWHERE = "\U000f0000"  # for private use: no font has it
ODD = ("caf\udce9", NOWHERE, "a$b$c", "line\nend", "_under", "w" * 200, "é 中文 عربي 😀", "\x1b[31m", "[/]", "")


def all_figures(names: tuple[str, ...]) -> dict[str, Figure]:
    rng, n_classes = np.random.default_rng(0), len(names)
    n = max(60, n_classes)
    labels, images = (np.arange(n) % n_classes).astype(np.uint8), rng.random((n, 8, 8)).astype(np.float32)
    clusters = [np.arange(first, n, 3) for first in range(3)]
    return {
        "confusion": figures.confusion_matrix(rng.random((n, n_classes)).astype(np.float32), labels, names),
        "clusters": figures.clusters(images, clusters, rng.integers(0, 9, (3, n_classes)), names),
        "mistakes": figures.mistakes(images, labels[::-1].astype(np.int64), labels, names),
        "map": figures.feature_map(rng.random((n, 2)).astype(np.float32), "t-SNE", labels, names),
    }


def test_every_name_can_be_drawn_and_matplotlib_says_nothing(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name, figure in all_figures(ODD).items():
            figures.save(figure, tmp_path / f"{name}.png")
            with Image.open(tmp_path / f"{name}.png") as picture:
                assert max(picture.size) < 2500, name


def test_texts_of_names() -> None:
    found = names_for(ODD)
    assert found.lacking
    assert found.texts[0:5] == ["caf\\xe9", "#1", r"a\$b\$c", "line\\nend", "_under"]
    assert len(found.texts[5]) == 24
    assert found.texts[7:] == ["\\x1b[31m", "[/]", ""]
    assert not names_for(["0", "é", "_"]).lacking


def test_what_can_be_drawn_of_a_name_stays() -> None:
    assert names_for(["ka", f"kha {NOWHERE}"]).texts == ["ka", "#1 kha"]


def test_long_names_that_begin_and_end_alike_differ() -> None:
    texts = names_for([f"{'a' * 20}{middle}{'b' * 20}" for middle in "xy"]).texts
    assert texts[0].startswith("#0 aaa")
    assert texts[1].startswith("#1 aaa")


def test_a_font_that_has_the_letters_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(matplotlib.rcParams, "font.family", ["STIXGeneral"])  # has no Arabic
    found = names_for(["عربي"])
    assert (found.texts, found.family) == (["عربي"], ["STIXGeneral", "DejaVu Sans"])
    assert not found.lacking


def test_the_legend_has_every_name() -> None:
    names = ("_under", "0", "a$b$c")
    legend = all_figures(names)["map"].legends[0]
    assert [text.get_text() for text in legend.get_texts()] == ["_under", "0", r"a\$b\$c"]


@pytest.mark.parametrize("n", [30, 100, 256])
def test_many_classes_have_names_that_can_be_read(n: int, tmp_path: Path) -> None:
    names = tuple(map(str, range(n)))
    shown = all_figures(names)
    assert {each.get_text() for each in shown["map"].axes[0].texts} == {*names}
    for figure in (shown["confusion"], shown["map"]):
        figures.save(figure, tmp_path / "figure.png")
        assert all(float(each.get_fontsize()) >= 5 for each in figure.findobj(Text) if each.get_text() in names)
    figure, axes = shown["confusion"], shown["confusion"].axes[0]
    rows = axes.get_yticks()
    room = axes.get_window_extent().height / figure.dpi * 72 / n * (rows[1] - rows[0])  # points from a name to the next
    assert room >= 0.95 * float(axes.get_yticklabels()[0].get_fontsize())


def test_a_name_in_any_script_is_on_the_contact_sheet(tmp_path: Path) -> None:
    flat, some = np.zeros((4, 8, 8), np.uint8), np.arange(2)
    none = Placement(np.empty(0, np.int32), np.empty(0, np.float32), np.empty(0, np.float32))
    sheets = []
    for name in ("été", "عربي", NOWHERE, "w" * 80):
        sheet = Sheet([ClusterLook(0, name, 2, 0.5, True)], [(some, some)], "surest", none)
        write_sheet(from_array(flat, "flat"), sheet, tmp_path / "sheet.png")
        sheets.append((tmp_path / "sheet.png").read_bytes())
    assert len(set(sheets)) == 4


def test_matplotlib_does_not_complain_about_its_cache(tmp_path: Path) -> None:
    """The home directory cannot be written; it is not even a directory."""
    code = "import mnistae_cli.pictures.figures"
    environment = {"HOME": "/dev/null/home", "PATH": "/usr/bin:/bin", "TMPDIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    plain = [sys.executable, "-c", "import matplotlib.font_manager"]
    assert "cache" in subprocess.run(plain, env=environment, capture_output=True, text=True, check=False).stderr
