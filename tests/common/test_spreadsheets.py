"""Cells that spreadsheets compute, and tables as other programs save them."""

import codecs
import csv
import os
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from mnistae_cli.common import DamagedInput, as_text, find_name, from_text, read_table, whole_number, write_table

PARTS = ("", "'", '"', "=", "+", "-", "@", " ", "\t", "\r", "\n", ",", ";", "a", "ü", "\udce9", "\u00a0")
TEXTS = ["".join(each) for each in product(PARTS, repeat=3)]
COMPUTED = ("=", "+", "-", "@", "\t", "\r", "\n")


def test_every_text_comes_back() -> None:
    for text in TEXTS:
        assert from_text(as_text(text)) == text, repr(text)
        assert not as_text(text).startswith(COMPUTED), repr(text)
    rng = np.random.default_rng(0)
    for _ in range(5000):
        text = "".join(rng.choice(PARTS, rng.integers(0, 8)).tolist())
        assert from_text(as_text(text)) == text, repr(text)


def test_no_two_texts_are_one_cell() -> None:
    assert len({as_text(text) for text in set(TEXTS)}) == len(set(TEXTS))


@pytest.mark.parametrize(
    ("cell", "text"), [("'=x", "=x"), ("'tis", "'tis"), ("=x", "=x"), ("\t=x", "\t=x"), ("'", "'")]
)
def test_tables_of_old_versions_are_read(cell: str, text: str) -> None:
    assert from_text(cell) == text


def test_every_text_survives_a_file(tmp_path: Path) -> None:
    rows = [(number, as_text(text), as_text(text[::-1])) for number, text in enumerate(TEXTS)]
    write_table(tmp_path / "a.csv", ("number", "text", "back"), rows)
    read = read_table(tmp_path / "a.csv", "a.csv", ("number", "text", "back"), "help")
    assert [(row["text"], row["back"]) for row in read] == [(text, text[::-1]) for text in TEXTS]
    with (tmp_path / "a.csv").open(newline="", encoding="utf-8", errors="surrogateescape") as file:
        assert [tuple(row) for row in list(csv.reader(file))[1:]] == [(str(n), *texts) for n, *texts in rows]


def test_a_separator_of_another_country_does_not_split_a_cell(tmp_path: Path) -> None:
    write_table(tmp_path / "a.csv", ("name",), [("a;=x",), ("b\t=x",)])
    assert (tmp_path / "a.csv").read_text() == 'name\n"a;=x"\n"b\t=x"\n'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-be", "utf-16-le"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_tables_of_other_programs_are_read(encoding: str, separator: str, end: str, tmp_path: Path) -> None:
    marks = {"utf-16-be": codecs.BOM_UTF16_BE, "utf-16-le": codecs.BOM_UTF16_LE}
    text = f'index {separator}name{end}7.0{separator} ü, =\t{end}{end}8{separator}"{separator}"{end}'
    if separator != ";":
        text = text.replace(" ü, =\t", '" ü, =\t"')
    (tmp_path / "a.csv").write_bytes(marks.get(encoding, b"") + text.encode(encoding))
    first, second = read_table(tmp_path / "a.csv", "a.csv", ("index", "name"), "help")
    assert (whole_number(first["index"]), first["name"]) == (7, " ü, =\t")
    assert (whole_number(second["index"]), second["name"]) == (8, separator)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\r\n \r\n", "is empty"),
        (codecs.BOM_UTF8, "is empty"),
        (codecs.BOM_UTF16_LE, "is empty"),
        (b"a,b\n1,\0\n", "a NUL byte in line 2"),
        ("a,b\n1,2\n".encode("utf-16-le"), "a NUL byte in line 1"),
        (codecs.BOM_UTF16_LE + b"a", "is not UTF-16 text"),
        (codecs.BOM_UTF32_BE + b"a", "is not UTF-32 text"),
        (b"a,b\n" + b"x" * 200_000 + b",1\n", "field larger"),
        (b"b\n1\n", "no column a"),
    ],
)
def test_what_is_no_table_is_told(content: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(DamagedInput) as damaged:
        read_table(tmp_path / "a.csv", "a.csv", ("a",), "help")
    assert words in damaged.value.problem


@pytest.mark.parametrize(
    ("cell", "names", "found"),
    [
        (" a", ["a", " a"], " a"),
        ("a ", ["a", " a"], None),
        (" a ", ["a", "b"], "a"),
        ("a", [" a ", "b"], " a "),
        (" '=x ", ["=x"], "=x"),
        ("'=x", ["'=x", "=x"], "'=x"),
        ("\ufffd.png", [os.fsdecode(b"\xe9.png")], "\udce9.png"),
        ("\ufffd", ["\udce9", "\udcea"], None),
        ("", ["a"], None),
        ("b", ["a"], None),
    ],
)
def test_spaces_around_a_name_are_passed_over_if_it_is_clear(cell: str, names: list[str], found: str | None) -> None:
    assert find_name(cell, names) == found
