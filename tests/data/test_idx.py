import struct
from pathlib import Path

import pytest

from mnistae_cli.data.idx import from_idx
from mnistae_cli.errors import DamagedInput

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
