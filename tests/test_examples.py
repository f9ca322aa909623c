"""The notebooks in docs/examples/: each runs, is listed, and was committed with outputs that anybody may see."""

import os
import re
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

DOCS = Path(__file__).parents[1] / "docs"
NOTEBOOKS = sorted((DOCS / "examples").glob("*.ipynb"))
LARGEST = 200_000  # bytes
MINUTES = 10
IDS = [path.stem for path in NOTEBOOKS]


def read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]


def outputs_of(notebook: Any) -> list[Any]:
    return [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]


def shown_by(notebook: Any) -> str:
    """What stands in the outputs, without pictures."""
    parts = [output.get("text", "") for output in outputs_of(notebook)]
    for output in outputs_of(notebook):
        parts += [text for kind, text in output.get("data", {}).items() if kind.startswith("text/")]
    return "\n".join(parts)


def test_there_are_six() -> None:
    assert len(NOTEBOOKS) == 6


@pytest.mark.parametrize("path", NOTEBOOKS, ids=IDS)
def test_a_notebook_is_listed(path: Path) -> None:
    assert f"examples/{path.name}" in (DOCS / "examples.md").read_text(encoding="utf-8")
    assert f"examples/{path.name}" in (DOCS.parent / "mkdocs.yml").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=IDS)
def test_a_notebook_has_outputs_of_no_machine(path: Path) -> None:
    notebook = read(path)
    assert 8 <= len(notebook.cells) <= 20
    assert path.stat().st_size < LARGEST
    executed = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
    assert executed == list(range(1, len(executed) + 1))
    assert any("image/png" in output.get("data", {}) for output in outputs_of(notebook))
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"/(tmp|root|work|home|Users)\b|[A-Z]:\\\\", text)
    assert not [output for output in outputs_of(notebook) if output.get("name") == "stderr"]
    assert not re.search(r"Warning|Traceback|\x1b", shown_by(notebook))


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=IDS)
def test_a_notebook_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    monkeypatch.setenv("PATH", commands)  # `mnistae` of this environment
    folder, temporary = tmp_path / "here", tmp_path / "temporary"
    folder.mkdir()
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    notebook = read(path)
    client = NotebookClient(
        notebook, timeout=60 * MINUTES, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    )
    client.execute()
    assert "Traceback" not in shown_by(notebook)
    assert not [output for output in outputs_of(notebook) if output.get("name") == "stderr"]
    assert list(folder.iterdir()) == []
