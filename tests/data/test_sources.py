import gzip
import struct
import tracemalloc
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mnistae_cli.common.errors import DamagedInput, MissingInput
from mnistae_cli.data.formats.idx import from_idx, read_idx_labels
from mnistae_cli.data.image_files import read_gray
from mnistae_cli.data.opening import open_images
from mnistae_cli.data.ranges import checked_pixels
from mnistae_cli.data.sources import from_array, from_npy, unit_scale
from tests.conftest import shapes

IMAGES = shapes(9, 0)[0]


def idx(images: np.ndarray, *, magic: int = 2051, n: int | None = None) -> bytes:
    return struct.pack(">4I", magic, len(images) if n is None else n, *images.shape[1:]) + images.tobytes()


def test_unit_scale_divides_bytes_by_255() -> None:
    scaled = unit_scale(np.array([[[0, 51, 255]]], np.uint8))
    assert scaled.dtype == np.float32
    assert scaled.ravel() == pytest.approx([0, 0.2, 1])
    floats = np.array([[[0.5]]], np.float32)
    assert unit_scale(floats) is floats


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_idx_plain_and_gzipped(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"train-images-idx3-ubyte{suffix}"
    path.write_bytes(gzip.compress(idx(IMAGES), mtime=0) if suffix else idx(IMAGES))
    source = from_idx(path)
    assert (source.n, source.height, source.width) == IMAGES.shape
    assert [len(batch) for batch in source.batches(4)] == [4, 4, 1]
    assert np.array_equal(source.load(), IMAGES)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (idx(IMAGES)[:-1], "cut short"),
        (idx(IMAGES) + b"1", "longer"),
        (idx(IMAGES, magic=2049), "2049"),
        (idx(IMAGES, n=2**32 - 1), "4294967295"),
        (b"", "nothing"),
        (b"\0\0", "nothing"),
        (gzip.compress(b"hello", mtime=0), "it starts with"),
    ],
)
def test_damaged_idx(content: bytes, word: str, tmp_path: Path) -> None:
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(content)
    with pytest.raises(DamagedInput, match=word):
        from_idx(path).load()


@pytest.mark.parametrize("keep", [3, 60, -3])
def test_a_cut_gzip(keep: int, tmp_path: Path) -> None:
    path = tmp_path / "train-images-idx3-ubyte.gz"
    path.write_bytes(gzip.compress(idx(IMAGES), mtime=0)[:keep])
    with pytest.raises(DamagedInput):
        from_idx(path).load()


def test_idx_labels(tmp_path: Path) -> None:
    path = tmp_path / "train-labels-idx1-ubyte"
    path.write_bytes(struct.pack(">2I", 2049, 3) + bytes([1, 2, 3]))
    assert read_idx_labels(path).tolist() == [1, 2, 3]
    with pytest.raises(DamagedInput, match="2049"):
        from_idx(path)
    with pytest.raises(MissingInput):
        read_idx_labels(tmp_path / "none")


@pytest.mark.parametrize("dtype", [np.complex64, "U3"])
def test_other_dtypes_are_refused(dtype: type) -> None:
    with pytest.raises(DamagedInput, match="dtype"):
        checked_pixels(np.zeros((2, 3, 3), dtype), "test")


@pytest.mark.parametrize("value", [np.nan, np.inf, -0.1, 255.0])
def test_floats_outside_of_the_unit_range_are_named(value: float) -> None:
    images = np.zeros((2, 3, 4))
    images[1, 2, 3] = value
    with pytest.raises(DamagedInput, match=r"pixel \(2, 3\) of image 11 is"):
        checked_pixels(images, "test", first=10)


def test_doubles_become_float32() -> None:
    assert checked_pixels(np.full((1, 2, 2), 0.5), "test").dtype == np.float32


@pytest.mark.parametrize("shape", [(4,), (4, 3), (3, 0, 3), (2, 5, 4, 5)])
def test_other_shapes_are_refused(shape: tuple[int, ...], tmp_path: Path) -> None:
    with pytest.raises(DamagedInput, match="shape"):
        from_array(np.zeros(shape, np.uint8), "test")
    np.save(tmp_path / "a.npy", np.zeros(shape, np.uint8))
    with pytest.raises(DamagedInput, match="shape"):
        from_npy(tmp_path / "a.npy")


def test_a_channel_of_one_is_no_axis(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", IMAGES[..., None])
    assert np.array_equal(from_npy(tmp_path / "a.npy").load(), IMAGES)
    assert np.array_equal(from_array(IMAGES[..., None], "test").load(), IMAGES)


def test_the_fingerprint_is_of_the_pixels_wherever_they_lie(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", IMAGES)
    (tmp_path / "b-idx3").write_bytes(idx(IMAGES))
    fingerprints = {from_array(IMAGES, "a").sha256(), from_npy(tmp_path / "a.npy").sha256()}
    assert fingerprints == {from_idx(tmp_path / "b-idx3").sha256()}
    changed = IMAGES.copy()
    changed[3, 2, 1] ^= 1
    assert from_array(changed, "a").sha256() not in fingerprints


def test_a_folder_is_read_by_name_and_fingerprinted(tmp_path: Path) -> None:
    for number, image in enumerate(IMAGES):
        Image.fromarray(image).save(tmp_path / f"{number}.png")
    (tmp_path / "notes.txt").write_text("no image")
    source = open_images(tmp_path)
    assert np.array_equal(source.load(), IMAGES)
    before = source.sha256()
    Image.fromarray(IMAGES[0]).save(tmp_path / "3.png")
    assert open_images(tmp_path).sha256() != before


def test_images_of_two_sizes_are_framed(tmp_path: Path) -> None:
    for name, width in (("a", 12), ("b", 14)):
        Image.fromarray(np.pad(IMAGES[0], ((0, 0), (0, width - 12)))).save(tmp_path / f"{name}.png")
    images = open_images(tmp_path)
    assert images.load().shape == (2, 16, 16)


def test_gray_levels_of_every_kind(tmp_path: Path) -> None:
    Image.new("RGB", (2, 2), (255, 0, 0)).save(tmp_path / "red.png")
    assert read_gray(tmp_path / "red.png").max() == 76  # 0.299 of 255
    Image.new("RGBA", (2, 2), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    assert read_gray(tmp_path / "clear.png").min() == 255
    Image.fromarray(np.full((2, 2), 65535, np.uint16)).save(tmp_path / "deep.png")
    assert read_gray(tmp_path / "deep.png").max() == 255
    Image.new("P", (2, 2), 0).save(tmp_path / "palette.png")
    assert read_gray(tmp_path / "palette.png").shape == (2, 2)


def test_a_photo_held_upright_is_turned(tmp_path: Path) -> None:
    image = Image.fromarray(IMAGES[0])
    exif = Image.Exif()
    exif[274] = 6  # turn by 90 degrees to the right
    image.save(tmp_path / "a.png", exif=exif)
    assert np.array_equal(read_gray(tmp_path / "a.png"), np.rot90(IMAGES[0], -1))


def test_what_is_no_image(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    for path in (tmp_path / "a.png", tmp_path):
        with pytest.raises(DamagedInput, match=r"a\.png"):
            open_images(path)
    (tmp_path / "empty").mkdir()
    for missing in ("empty", "none", "none.npy", "none.png"):
        with pytest.raises(MissingInput, match=missing):
            open_images(tmp_path / missing)
    (tmp_path / "a.txt").write_text("hello")
    with pytest.raises(DamagedInput, match="a row of pixels per image"):
        open_images(tmp_path / "a.txt")


@pytest.mark.parametrize("kind", ["array", "npy", "idx"])
@pytest.mark.parametrize("rows", [[0], [8], [0, 8], [1, 2, 3, 7], range(9), [0, 1, 2, 3, 4]])
@pytest.mark.parametrize("size", [1, 2, 4, 100])
def test_rows_are_streamed_in_batches_of_the_size_asked_for(
    kind: str, rows: Sequence[int], size: int, tmp_path: Path
) -> None:
    np.save(tmp_path / "a.npy", IMAGES)
    (tmp_path / "a-idx3").write_bytes(idx(IMAGES))
    whole = {
        "array": from_array(IMAGES, "a"),
        "npy": from_npy(tmp_path / "a.npy"),
        "idx": from_idx(tmp_path / "a-idx3"),
    }
    some = whole[kind].take(np.array(rows))
    batches = list(some.batches(size))
    assert np.array_equal(np.concatenate(batches), IMAGES[list(rows)])
    assert [len(batch) for batch in batches[:-1]] == [size] * (len(batches) - 1)
    assert 0 < len(batches[-1]) <= size
    assert some.names() == [str(row) for row in rows]
    assert some.sha256() == from_array(IMAGES[list(rows)], "b").sha256()
    assert some.take(np.array([0])).names() == [str(rows[0])]


def test_rows_of_a_large_file_are_never_all_in_memory(tmp_path: Path) -> None:
    n = 40_000
    np.save(tmp_path / "a.npy", np.arange(n * 784, dtype=np.uint8).reshape(n, 28, 28))
    half = from_npy(tmp_path / "a.npy").take(np.arange(0, n, 2))
    tracemalloc.start()
    try:
        n_read = sum(len(batch) for batch in half.batches(250))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert n_read == n // 2
    assert peak < 10 * 250 * 784


def test_another_range_of_floats_in_streamed_rows_is_refused(tmp_path: Path) -> None:
    images = IMAGES / 255
    images[8, 0, 0] = 2
    np.save(tmp_path / "a.npy", images)
    with pytest.raises(DamagedInput, match="of image 8 is 2"):
        open_images(tmp_path / "a.npy").take(np.array([0, 1])).load()


def test_a_file_that_is_cut_or_removed_while_it_is_in_use(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", IMAGES)
    source = from_npy(tmp_path / "a.npy")
    (tmp_path / "a.npy").write_bytes((tmp_path / "a.npy").read_bytes()[:-1])
    with pytest.raises(DamagedInput, match="was cut"):
        source.load()
    (tmp_path / "a.npy").unlink()
    with pytest.raises(MissingInput, match="removed"):
        source.load()


def test_images_that_end_too_early_are_not_made_up() -> None:
    images = shapes(5, 0)[0]
    source = replace(from_array(images, "images"), n=6)
    with pytest.raises(DamagedInput, match="images ends after 5 of 6 images"):
        source.load()


def test_a_picture_with_too_many_pixels_is_told_in_our_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 40)
    Image.fromarray(IMAGES[0]).save(tmp_path / "a.png")
    with pytest.raises(DamagedInput, match="it has more than 80 pixels, too many for one symbol"):
        read_gray(tmp_path / "a.png")
