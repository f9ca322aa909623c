"""The architecture, read off the import statements and seen in fresh processes."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "mnistae_cli"
# From the ground up. A package imports from lower rows alone; peers do not import peers.
LAYERS = (
    ("errors", "own_process", "progress", "spreadsheets", "streams"),
    ("bars", "fields"),
    ("flat", "reading"),
    ("store",),
    ("data",),
    ("clusters", "heads", "scores", "inference", "workers"),
    ("pictures", "nets", "encoding", "curation"),
    ("codes",),
    ("settings",),
    ("fitting",),
    ("stages",),
    ("estimators", "loading", "opened"),
    ("cli", "__init__"),  # the face of the whole
    ("__main__",),
)
ROW = {name: row for row, names in enumerate(LAYERS) for name in names}
# Packages whose modules are imported one by one, since each loads other libraries; a module `_so` is nobody else's.
WITHOUT_A_FACE = ("stages", "pictures")
ONLY_IN = {
    "tensorflow": ("nets",),
    "keras": ("nets",),
    "onnxruntime": ("inference",),
    "sklearn.cluster": ("clusters",),
    "faiss": ("clusters",),
    "h5py": ("heads",),
    "cleanlab": ("curation",),
    "graspologic_native": ("clusters",),
    "sklearn.linear_model": ("scores",),
    "matplotlib": ("pictures",),
    "pooch": ("data",),
    "dask": ("workers",),
    "distributed": ("workers",),
    "filelock": ("store", "data"),
    "typer": ("cli",),
    "rich": ("bars", "cli"),
    "sklearn.base": ("estimators",),
}
MODULES = sorted(PACKAGE.rglob("*.py"))


def module_of(path: Path) -> str:
    """The module or package of the first level: `nets` for `nets/training.py`."""
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imports(path: Path) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module == "mnistae_cli":
            found += [f"mnistae_cli.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.append(node.module)
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_downward(path: Path) -> None:
    mine = module_of(path)
    for name in imports(path):
        parts = name.split(".")
        if parts[0] == "mnistae_cli" and len(parts) > 1 and not parts[1].startswith("__"):
            assert ROW[parts[1]] < ROW[mine] or parts[1] == mine, f"{mine} imports {name}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_package_is_imported_by_its_face(path: Path) -> None:
    for name in imports(path):
        parts = name.split(".")
        if parts[0] == "mnistae_cli" and len(parts) > 2 and parts[1] != module_of(path):
            assert parts[1] in WITHOUT_A_FACE, f"{path.name} imports {name}, inside of {parts[1]}"
            assert len(parts) == 3, name
            assert not parts[2].startswith("_"), name


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_each_library_has_one_home(path: Path) -> None:
    for name in imports(path):
        for library, homes in ONLY_IN.items():
            if name == library or name.startswith(f"{library}."):
                assert module_of(path) in homes, f"{path.name} imports {name}"


def test_stages_import_no_other_stage_but_run_and_sweep() -> None:
    for path in (PACKAGE / "stages").glob("*.py"):
        if path.stem not in ("run", "sweep"):
            assert not [name for name in imports(path) if name.startswith("mnistae_cli.stages")], path


def test_files_stay_small() -> None:
    for path in MODULES:
        lines = path.read_text(encoding="utf-8").splitlines()
        assert len(lines) <= 250, f"{path.name} has {len(lines)} lines: it has two jobs"
        for node in ast.walk(ast.parse("\n".join(lines))):
            if isinstance(node, ast.FunctionDef) and node.end_lineno and node.name != "__init__":
                length = node.end_lineno - node.lineno
                assert length <= 60, f"{path.name}: {node.name} has {length} lines"
            if isinstance(node, ast.ClassDef) and node.end_lineno:
                length = node.end_lineno - node.lineno - parameter_lines(node)
                assert length <= 100, f"{path.name}: {node.name} has {length} lines"


def parameter_lines(node: ast.ClassDef) -> int:
    """The lines of `__init__`: that of an estimator names each parameter twice."""
    inits = [each for each in node.body if isinstance(each, ast.FunctionDef) and each.name == "__init__"]
    return sum((each.end_lineno or 0) - each.lineno for each in inits)


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


def loaded_by(*arguments: str | Path) -> set[str]:
    """The heavy libraries that a command loads, in a process of its own."""
    script = (
        "import sys\nfrom mnistae_cli import cli\n"
        "try: cli.main()\nexcept SystemExit: pass\n"
        f"print('LOADED', *[name for name in {HEAVY!r} if name in sys.modules])"
    )
    command = [sys.executable, "-c", script, *map(str, arguments)]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(ended.stdout.splitlines()[-1].split()[1:])


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["run", "--help"], ["status"]], ids=" ".join)
def test_help_version_and_status_load_nothing_heavy(arguments: list[str]) -> None:
    assert loaded_by(*arguments) == set()


def test_what_does_not_train_never_loads_tensorflow(finished: Path, tmp_path: Path) -> None:
    import numpy as np

    from tests.conftest import shapes

    np.save(tmp_path / "images.npy", shapes(3, 0)[0])
    commands: list[list[str | Path]] = [
        ["encode", "--force"],
        ["cluster", "--clusters", "3", "--force"],
        ["label", "--names", "a,b,c"],
        ["predict", tmp_path / "images.npy"],
        ["encode", "--images", tmp_path / "images.npy", "--output", tmp_path / "out.npy"],
    ]
    for command in commands:
        loaded = loaded_by(*command, "-a", finished)
        assert not loaded & {"tensorflow", "keras", "matplotlib"}, command
        assert "numpy" in loaded
        assert ("sklearn" in loaded) == (command[0] == "cluster"), command


def test_evaluate_never_loads_tensorflow(finished: Path) -> None:
    assert not loaded_by("evaluate", "--force", "-a", finished) & {"tensorflow", "keras"}
    assert not loaded_by("evaluate", "--no-figures", "-a", finished) & {"tensorflow", "keras", "matplotlib", "sklearn"}
