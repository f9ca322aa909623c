import gzip
import struct
import tracemalloc
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from mnistae_cli.common.errors import DamagedInput
from mnistae_cli.data.formats.idx import from_idx, read_idx_labels
from mnistae_cli.data.sources import ImageSource
from mnistae_cli.settings.read_options import ReadOptions

HEADER = struct.pack(">4I", 2051, 1, 2, 3)


@pytest.mark.parametrize("n_bytes", [4, 10, 15])
def test_a_file_that_ends_within_its_header_says_so(n_bytes: int, tmp_path: Path) -> None:
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(HEADER[:n_bytes])
    with pytest.raises(DamagedInput, match=rf"cut short within its header: {n_bytes} of 16 bytes"):
        from_idx(path)


@pytest.mark.parametrize(("content", "found"), [(b"", "nothing"), (b"GIF89a", "1195984440"), (b"\0\0", "nothing")])
def test_another_file_is_told_by_what_it_starts_with(content: bytes, found: str, tmp_path: Path) -> None:
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(content)
    with pytest.raises(DamagedInput, match=f"starts with {found}, not 2051"):
        from_idx(path)


@pytest.mark.parametrize("kind", ["images", "labels"])
def test_an_absurd_size_is_refused_before_it_is_unpacked(kind: str, tmp_path: Path) -> None:
    n = 2**31
    header = struct.pack(">4I", 2051, n, 28, 28) if kind == "images" else struct.pack(">2I", 2049, n)
    path = tmp_path / f"train-{kind}-ubyte.gz"
    path.write_bytes(gzip.compress(header + bytes(10_000)))
    read = from_idx if kind == "images" else read_idx_labels
    tracemalloc.start()
    try:
        with pytest.raises(DamagedInput, match=r"says that it unpacks to [12],") as raised:
            read(path)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()
    assert "trust_sizes=True" in raised.value.remedy


def test_a_trusted_size_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    path = tmp_path / "train-images-idx3-ubyte.gz"
    path.write_bytes(gzip.compress(struct.pack(">4I", 2051, 2**31, 28, 28) + bytes(10_000)))
    source = from_idx(path, ReadOptions(trust_sizes=True))
    assert source.n == 2**31
    with pytest.raises(DamagedInput, match="cut short"):
        list(source.batches(100))


def test_a_plain_file_shorter_than_its_header_says_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "train-labels-idx1-ubyte"
    path.write_bytes(struct.pack(">2I", 2049, 2**32 - 1) + bytes(10))
    with pytest.raises(DamagedInput, match="cut short"):
        read_idx_labels(path)


def images_and_labels(folder: Path, suffix: str, change: Callable[[bytes], bytes]) -> Iterator[Callable[[], object]]:
    """Readers of two files whose content was changed after the header was written."""
    images = struct.pack(">4I", 2051, 8, 5, 4) + bytes(range(160))
    labels = struct.pack(">2I", 2049, 160) + bytes(range(160))
    for name, content, read in (("images", images, from_idx), ("labels", labels, read_idx_labels)):
        path = folder / f"train-{name}-ubyte{suffix}"
        path.write_bytes(gzip.compress(change(content)) if suffix else change(content))
        yield partial(read, path)


@pytest.mark.parametrize("n_bytes", [-1, -80])
def test_a_plain_file_that_was_cut_is_refused_before_it_is_read(n_bytes: int, tmp_path: Path) -> None:
    for read in images_and_labels(tmp_path, "", lambda content: content[:n_bytes]):
        with pytest.raises(DamagedInput, match=r"is cut short: its header says (8|160) items"):
            read()


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda content: content + b"1", "is longer than the (8|160) items of its header"),
        (lambda content: content * 2, "is longer than the (8|160) items of its header"),
        (lambda content: content[:-1], "is cut short: its header says (8|160) items"),
        (lambda content: content[:-80], "is cut short: its header says (8|160) items"),
    ],
    ids=["a byte more", "twice", "a byte less", "half"],
)
def test_a_file_of_another_length_than_its_header_says_is_refused(
    change: Callable[[bytes], bytes], words: str, suffix: str, tmp_path: Path
) -> None:
    for read in images_and_labels(tmp_path, suffix, change):
        with pytest.raises(DamagedInput, match=words):
            _ = [each for source in [read()] if isinstance(source, ImageSource) for each in source.batches(3)]
