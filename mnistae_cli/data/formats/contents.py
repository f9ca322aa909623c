"""What a file is, by its first bytes; its name does not count."""

import gzip
import zlib
from contextlib import suppress
from pathlib import Path

HEAD = 600  # bytes that are enough to tell
IDX_IMAGES, IDX_LABELS, NPY, ZIP, HDF5, MATLAB, PARQUET, PICTURE, TEXT, EMPTY, UNKNOWN = (
    *("IDX images", "IDX labels", "npy", "zip", "HDF5", "MATLAB", "Parquet", "picture", "text", "empty", "unknown"),
)
MAGIC = (
    (b"\0\0\x08\x03", IDX_IMAGES),
    (b"\0\0\x08\x01", IDX_LABELS),
    (b"\0\0\x0c\x02", IDX_LABELS),  # of QMNIST
    (b"\x93NUMPY", NPY),
    (b"PK\x03\x04", ZIP),
    (b"PK\x05\x06", ZIP),
    (b"\x89HDF\r\n\x1a\n", HDF5),
    (b"MATLAB 5.0", MATLAB),
    (b"PAR1", PARQUET),
    (b"\x89PNG", PICTURE),
    (b"\xff\xd8\xff", PICTURE),
    (b"BM", PICTURE),
    (b"GIF8", PICTURE),
    (b"II*\0", PICTURE),
    (b"MM\0*", PICTURE),
    (b"RIFF", PICTURE),
)
GZIP, MATLAB_HEAD, HDF5_HEAD = b"\x1f\x8b", b"MATLAB 7.3", b"\x89HDF"
USER_BLOCK = 512  # bytes that MATLAB 7.3 writes in front of HDF5


def is_gzip(path: Path) -> bool:
    """Whether a file is compressed by gzip."""
    with path.open("rb") as file:
        return file.read(2) == GZIP


def kind_of(path: Path) -> str:
    """What an existing file is, also inside of gzip: one of the names above; `OSError` if it cannot be read."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    if head.startswith(GZIP):
        with suppress(OSError, EOFError, zlib.error), gzip.open(path, "rb") as file:
            head = file.read(HEAD)
    if not head:
        return EMPTY
    if head.startswith(MATLAB_HEAD) or head[USER_BLOCK:].startswith(HDF5_HEAD):
        return HDF5
    found = next((kind for magic, kind in MAGIC if head.startswith(magic)), None)
    return found or (TEXT if _is_text(head) else UNKNOWN)


def _is_text(head: bytes) -> bool:
    with suppress(UnicodeDecodeError):
        text = head.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "strict" if len(head) < HEAD else "ignore")
        return text.isprintable() or all(each.isprintable() or each in "\r\n\t" for each in text)
    return False
