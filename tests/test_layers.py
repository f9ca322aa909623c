"""The architecture, read off the import statements and seen in fresh processes."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "mnistae_cli"
# From the ground up. A room imports from lower floors alone; rooms of one floor do not import each other.
FLOORS = (
    ("common", "scores"),
    ("settings",),
    ("store",),
    ("data",),
    ("clusters", "networks"),
    ("curation", "pictures", "training"),
    ("stages",),
    ("api", "cli"),
    ("__main__", "__init__"),
)
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
# Rooms whose modules are imported one by one, since each loads other libraries; a module `_so` is nobody else's.
WITHOUT_A_FACE = ("api", "pictures", "stages")
ONLY_IN = {
    "tensorflow": ("training",),
    "keras": ("training",),
    "onnxruntime": ("networks",),
    "sklearn.cluster": ("clusters",),
    "faiss": ("clusters",),
    "graspologic_native": ("clusters",),
    "cleanlab": ("curation",),
    "sklearn.linear_model": ("networks",),
    "sklearn.base": ("api",),
    "matplotlib": ("pictures",),
    "pooch": ("data",),
    "dask": ("stages",),
    "distributed": ("stages",),
    "filelock": ("store", "data"),
    "typer": ("cli",),
    "rich": ("common", "cli"),
}


def room_of(path: Path) -> str:
    """The room of a module: `training` for `training/steps.py`."""
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


@cache
def imports() -> list[tuple[Path, list[str]]]:
    """Each module, and the parts of each name that it imports: `["mnistae_cli", "store", "files"]`."""
    return list(_imports())


def _imports() -> Iterator[tuple[Path, list[str]]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from ((path, alias.name.split(".")) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module == "mnistae_cli":
                yield from ((path, ["mnistae_cli", alias.name]) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield path, node.module.split(".")


def of_other_rooms() -> Iterator[tuple[Path, list[str]]]:
    """The imports from one room of ours in another."""
    for path, name in imports():
        ours = name[0] == "mnistae_cli" and len(name) > 1 and not name[1].startswith("__")
        if ours and name[1] != room_of(path):
            yield path, name


def test_imports_point_downward() -> None:
    upward = [f"{path}: {name}" for path, name in of_other_rooms() if FLOOR[name[1]] >= FLOOR[room_of(path)]]
    assert not upward, upward
    assert {room_of(path) for path in PACKAGE.rglob("*.py")} == FLOOR.keys(), "thirteen rooms, and no loose module"


def test_a_room_is_imported_by_its_face() -> None:
    inside = [
        f"{path}: {name}"
        for path, name in of_other_rooms()
        if len(name) > 2 and not (name[1] in WITHOUT_A_FACE and len(name) == 3 and not name[2].startswith("_"))
    ]
    assert not inside, inside


def test_each_library_has_one_home() -> None:
    abroad = [
        f"{path}: {name}"
        for path, name in imports()
        for library, homes in ONLY_IN.items()
        if name[: library.count(".") + 1] == library.split(".") and room_of(path) not in homes
    ]
    assert not abroad, abroad


def test_settings_import_nothing_that_computes() -> None:
    heavy = [f"{path}: {name}" for path, name in imports() if room_of(path) == "settings" and name[0] in HEAVY]
    assert not heavy, heavy


HEAVY = (
    "numpy",
    "tensorflow",
    "keras",
    "sklearn",
    "onnxruntime",
    "scipy",
    "matplotlib",
    "joblib",
    "PIL",
    "pooch",
    "distributed",
)


LOADED = """
import json, sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from mnistae_cli import cli

for command in json.loads(sys.argv[1]):
    sys.argv = ["mnistae", *command]
    out, code = StringIO(), 0
    try:
        with redirect_stdout(out), redirect_stderr(out):
            cli.main()
    except SystemExit as stop:
        code = stop.code or 0
    print(json.dumps([code, [name for name in {heavy!r} if name in sys.modules]]))
"""


def loaded_by(*commands: list[str | Path]) -> list[set[str]]:
    """The heavy libraries that are loaded after each of some commands, one after the other in a process of its own."""
    words = json.dumps([[str(word) for word in command] for command in commands])
    program = [sys.executable, "-c", LOADED.replace("{heavy!r}", repr(HEAVY)), words]
    ended = subprocess.run(program, capture_output=True, text=True, check=True)
    told = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [code for code, _ in told] == [0] * len(commands), ended.stdout
    return [set(names) for _, names in told]


def test_help_version_and_status_load_nothing_heavy(tmp_path: Path) -> None:
    commands: list[list[str | Path]] = [["--help"], ["--version"], ["run", "--help"], ["status", "-a", tmp_path]]
    assert loaded_by(*commands) == [set()] * 4


def test_what_does_not_train_never_loads_tensorflow(finished: Path, tmp_path: Path) -> None:
    """In this order, so that none can hide behind what an earlier one loaded and may load."""
    import numpy as np

    from tests.conftest import shapes

    np.save(tmp_path / "images.npy", shapes(3, 0)[0])
    commands: dict[str, list[str | Path]] = {
        "encode": ["encode", "--force"],
        "label": ["label", "--names", "a,b,c"],
        "predict": ["predict", tmp_path / "images.npy"],
        "images": ["encode", "--images", tmp_path / "images.npy", "--output", tmp_path / "out.npy"],
        "figures apart": ["evaluate", "--no-figures"],
        "graph": ["cluster", "--method", "graph", "--clusters", "3", "--n-init", "2", "--force"],
        "cluster": ["cluster", "--clusters", "3", "--force"],
        "figures": ["evaluate", "--force"],
    }
    loaded = dict(zip(commands, loaded_by(*([*each, "-a", finished] for each in commands.values())), strict=True))
    for command, names in loaded.items():
        assert not names & {"tensorflow", "keras"}, command
        assert "numpy" in names
        assert ("sklearn" in names) == (command in ("cluster", "figures")), command
        assert ("matplotlib" in names) == (command == "figures"), command
