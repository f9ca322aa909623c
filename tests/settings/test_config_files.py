"""A `--config` file as editors save it, and files that are none."""

import codecs
from pathlib import Path

import pytest

from mnistae_cli.common import Notice, UsageError
from mnistae_cli.settings import load_experiment, read_experiment

TOML = "seed = 7\n[train]\nlatent_dim = 8\n"


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_a_mark_at_the_beginning_is_left_out(tmp_path: Path) -> None:
    """Windows Notepad writes one."""
    path = write(tmp_path / "a.toml", codecs.BOM_UTF8 + TOML.replace("\n", "\r\n").encode())
    assert load_experiment(None, path)["train"] == {"seed": 7, "latent_dim": 8}


@pytest.mark.parametrize(
    ("content", "problem", "remedy"),
    [
        (TOML.encode("utf-16"), "UTF-16 or UTF-32", "Save it as UTF-8"),
        (codecs.BOM_UTF16_BE + TOML.encode("utf-16-be"), "UTF-16 or UTF-32", "Save it as UTF-8"),
        (TOML.encode("utf-32"), "UTF-16 or UTF-32", "Save it as UTF-8"),
        (TOML.encode("utf-16-le"), "zero bytes", "save it as UTF-8"),
        (b"seed = 7\n\0", "zero bytes", "save it as UTF-8"),
        ('seed = 7\ndataset = "d\xe9"'.encode("latin-1"), "byte 0xe9 in line 2", "save it as UTF-8"),
        (b"seed = " + b"7" * 5000, "not valid TOML", "Correct"),
        (b"seed = " + b"[" * 100_000, "not valid TOML", "Correct"),
        (b"seed: 7", "not valid TOML", "Correct"),
    ],
    ids=["utf-16", "utf-16-be", "utf-32", "no mark", "zero", "latin-1", "digits", "nested", "yaml"],
)
def test_what_is_not_toml_is_refused_with_the_reason(content: bytes, problem: str, remedy: str, tmp_path: Path) -> None:
    path = write(tmp_path / "a.toml", content)
    with pytest.raises(UsageError) as refused:
        load_experiment(None, path)
    assert problem in str(refused.value)
    assert str(path) in str(refused.value)
    assert remedy in refused.value.remedy


def test_a_folder_or_nothing_is_not_a_file(tmp_path: Path) -> None:
    for path, why in ((tmp_path, "Is a directory"), (tmp_path / "none", "No such file"), (Path("a\0b"), "null byte")):
        with pytest.raises(UsageError, match=why):
            load_experiment(None, path)


@pytest.mark.parametrize("content", ["", "\n", "# nothing\n", "[train]\n", "\ufeff"])
def test_a_file_without_settings_says_so(content: str, tmp_path: Path) -> None:
    said = list[str]()
    path = write(tmp_path / "a.toml", content.encode())
    experiment = load_experiment(None, path, lambda event: said.append(event.text if isinstance(event, Notice) else ""))
    assert not any(experiment.values())
    assert "has no settings" in said[0]
    assert not any(read_experiment("", "preset").values())
