"""Real commands on a folder whose names are bytes, controls, other scripts: nothing fails, and nothing is garbled."""

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.pipeline.conftest import data_of

CLASSES = {
    b"caf\xe9": "caf\\xe9",
    "été".encode(): "été",
    "\u0915\u0916".encode(): "\u0915\u0916",
    b"[bold]$a$b": "[bold]$a$b",
    b"line\nend\x1b[31m": "line\\nend\\x1b[31m",
    "rtl\u202eabc".encode(): "rtl\\u202eabc",
}
C_LOCALE = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
UTF8 = {"LC_ALL": "C.UTF-8"}
SMALL = ("--epochs", "2", "--latent-dim", "8", "--clusters", "3", "--labels", "20", "--head-epochs", "2")


def write_pictures(root: Path) -> Path:
    """Six pictures for each class; the names of some are bytes too."""
    rng = np.random.default_rng(0)
    for number, name in enumerate(CLASSES):
        folder = os.fsencode(root) + b"/" + name
        os.makedirs(folder)  # noqa: PTH103
        for each in range(6):
            pixels = np.zeros((9, 9), np.uint8)
            pixels[number], pixels[:, each] = 200, rng.integers(100, 255)
            content = io.BytesIO()
            Image.fromarray(pixels).save(content, "PNG")
            with open(folder + b"/\xe9 %d\n.png" % each, "wb") as file:  # noqa: PTH123
                file.write(content.getvalue())
    return root


def mnistae(*arguments: str | Path, locale: Mapping[str, str]) -> tuple[str, str]:
    """stdout and stderr of a command that must succeed, in a process of its own, and not quiet about warnings."""
    command = [sys.executable, "-m", "mnistae_cli", *map(str, arguments), "--verbose"]
    done = subprocess.run(command, capture_output=True, env={**os.environ, **locale}, check=False)
    out, err = done.stdout.decode(), done.stderr.decode()
    assert done.returncode == 0, err
    assert "Warning" not in err
    assert not {"\x1b", "\r", "\u202e"} & {*out, *err}
    return out, err


@pytest.mark.slow
@pytest.mark.parametrize("locale", [UTF8, C_LOCALE], ids=["utf-8", "c"])
def test_every_command_shows_names_of_any_bytes(locale: Mapping[str, str], tmp_path: Path) -> None:
    pictures, made = write_pictures(tmp_path / "d\udce9"), tmp_path / "a\udce9"
    table, said = mnistae("run", "--dataset", pictures, "-a", made, *SMALL, locale=locale)
    if locale is UTF8:
        for name in CLASSES.values():
            assert f"  class {name} " in table
    else:
        for name in CLASSES.values():
            assert f"  class {name.encode('ascii', 'backslashreplace').decode()} " in table
        assert table.isascii()
    assert said.count("#NUMBER") == 1  # the figures' font has no Devanagari
    for name in ("confusion.png", "clusters.png", "feature_map.png", "mistakes.png"):
        with Image.open(made / "evaluate" / name) as picture:
            assert picture.size[0] > 100

    mnistae("label", "-a", made, "--names", "a,b,c", locale=locale)
    mnistae("review", "-a", made, "--least-rows", "3", locale=locale)
    mnistae("report", "-a", made, locale=locale)
    names = set(CLASSES.values())
    page = (made / "report" / "report.html").read_text(encoding="utf-8")
    assert names == set(data_of(page)["parts"]["review"]["classes"])
    assert names >= set(data_of(page)["parts"]["map"]["groups"][0]["names"])
    assert all("\\xe9 " in row["image"] for row in data_of(page)["parts"]["review"]["rows"])
    out, _ = mnistae("evaluate", "-a", made, "--json", locale=locale)
    assert {os.fsencode(each) for each in json.loads(out)["dataset"]["class_names"]} == {*CLASSES}


@pytest.mark.slow
def test_decisions_from_the_page_find_images_and_classes_with_such_names(tmp_path: Path) -> None:
    """The page's names are `legible`, and review.csv has the bytes."""
    pictures, made = write_pictures(tmp_path / "data"), tmp_path / "made"
    mnistae("run", "--dataset", pictures, "-a", made, *SMALL, "--no-figures", locale=UTF8)
    mnistae("review", "-a", made, "--least-rows", "3", locale=UTF8)
    page = (made / "review" / "report.html").read_text(encoding="utf-8")
    rows = [row for row in data_of(page)["parts"]["review"]["rows"] if row["suspicion"] == "label"]
    with (tmp_path / "decisions.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["split", "index", "image", "suspicion", "decision", "chosen"])
        table.writerow([*(rows[0][key] for key in ("split", "index", "image", "suspicion")), "accept", "caf\\xe9"])
    mnistae("review", "-a", made, "--least-rows", "3", "--apply", tmp_path / "decisions.csv", locale=UTF8)
    with (made / "review" / "kept.csv").open(newline="", encoding="utf-8", errors="surrogateescape") as file:
        kept = {(row["split"], int(row["index"])): row["label"] for row in csv.DictReader(file)}
    assert kept[rows[0]["split"], rows[0]["index"]] == "caf\udce9"
