import gzip
import hashlib
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mnistae_cli.common.errors import DamagedInput, MissingInput, UsageError
from mnistae_cli.data import mnist
from mnistae_cli.data.datasets import compare_data, load_dataset, load_recorded
from mnistae_cli.data.splits import Dataset
from mnistae_cli.stages.data import known_data_sets
from tests.conftest import shapes, write_shapes

TRAIN, TEST = shapes(30, 0), shapes(12, 1)


def write_idx(
    folder: Path, prefix: str, images: np.ndarray, labels: np.ndarray | None, *, zipped: bool = False
) -> None:
    suffix, pack = (".gz", gzip.compress) if zipped else ("", bytes)
    header = struct.pack(">4I", 2051, *images.shape)
    (folder / f"{prefix}-images-idx3-ubyte{suffix}").write_bytes(pack(header + images.tobytes()))
    if labels is not None:
        content = struct.pack(">2I", 2049, len(labels)) + labels.tobytes()
        (folder / f"{prefix}-labels-idx1-ubyte{suffix}").write_bytes(pack(content))


def write_images(folder: Path, images: np.ndarray, labels: np.ndarray | None) -> None:
    for number, image in enumerate(images):
        into = folder if labels is None else folder / "abc"[labels[number]]
        into.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(into / f"{number:03}.png")


def assert_same(data: Dataset, train: tuple[np.ndarray, np.ndarray], test: tuple[np.ndarray, np.ndarray]) -> None:
    for images, (pixels, labels) in ((data.train, train), (data.test, test)):
        assert np.array_equal(images.pixels.load(), pixels)
        assert images.labels is not None
        assert np.array_equal(images.labels, labels)


@pytest.mark.parametrize("zipped", [False, True])
def test_a_folder_of_idx_files(zipped: bool, tmp_path: Path) -> None:
    write_idx(tmp_path, "train", *TRAIN, zipped=zipped)
    write_idx(tmp_path, "t10k", *TEST, zipped=zipped)
    data = load_dataset(str(tmp_path))
    assert_same(data, TRAIN, TEST)
    assert data.class_names == ("0", "1", "2")


def test_idx_without_test_or_labels_is_split(tmp_path: Path) -> None:
    write_idx(tmp_path, "train", TRAIN[0], None)
    data = load_dataset(str(tmp_path))
    assert (data.train.pixels.n, data.test.pixels.n) == (25, 5)
    assert data.train.labels is None
    assert data.class_names == ()


def test_labels_of_another_length(tmp_path: Path) -> None:
    write_idx(tmp_path, "train", TRAIN[0], TRAIN[1][:-1])
    with pytest.raises(DamagedInput, match="29"):
        load_dataset(str(tmp_path))


def test_an_archive_in_keras_layout(tmp_path: Path) -> None:
    data = load_dataset(str(write_shapes(tmp_path / "shapes.npz", n=30)))
    assert (data.train.pixels.n, data.test.pixels.n, data.where.name) == (30, 60, "shapes")


@pytest.mark.parametrize(
    ("arrays", "word"),
    [
        ({"a": TRAIN[0], "b": TRAIN[0]}, "no images under a usual name, only: a, b"),
        ({"x_train": TRAIN[0], "y_train": TRAIN[1][:3]}, "labels of shape"),
        ({"x_train": TRAIN[0], "y_train": TRAIN[1] / 4}, "the label of image"),
        ({"x_train": TRAIN[0], "y_train": TRAIN[1] - 2.0}, "the label of image"),
        ({"x_train": TRAIN[0].astype(complex)}, "dtype complex128"),
        ({"x_train": TRAIN[0].astype(int) - 1}, "is -1"),
        ({"x_train": TRAIN[0].astype(int) * 300}, "is 69000"),
        ({"x_train": TRAIN[0] * np.nan}, "is nan"),
        ({"x_train": TRAIN[0], "x_test": TEST[0][:, 1:]}, "test images"),
        ({"x_train": TRAIN[0][:1]}, "has one image"),
        ({"x_train": TRAIN[0][:0]}, "has no image"),
    ],
)
def test_wrong_archives(arrays: dict[str, np.ndarray], word: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", **arrays)  # type: ignore[arg-type]
    with pytest.raises(DamagedInput, match=word):
        load_dataset(str(tmp_path / "a.npz"))


def test_class_folders_are_split_and_named(tmp_path: Path) -> None:
    write_images(tmp_path, *TRAIN)
    data = load_dataset(str(tmp_path))
    assert data.class_names == ("a", "b", "c")
    assert (data.train.pixels.n, data.test.pixels.n) == (25, 5)
    assert data.train.labels is not None
    assert np.bincount(data.train.labels).sum() == 25


def test_train_and_test_folders_keep_their_split(tmp_path: Path) -> None:
    write_images(tmp_path / "train", *TRAIN)
    write_images(tmp_path / "test", *TEST)
    data = load_dataset(str(tmp_path))
    assert (data.train.pixels.n, data.test.pixels.n) == (30, 12)
    assert data.test.labels is not None
    assert np.array_equal(np.sort(data.test.labels), np.sort(TEST[1]))


def test_a_flat_folder_has_no_labels(tmp_path: Path) -> None:
    write_images(tmp_path, TRAIN[0], None)
    assert load_dataset(str(tmp_path)).train.labels is None


def test_the_split_is_the_same_each_time_and_loses_nothing(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", TRAIN[0])
    first, second = (load_dataset(str(tmp_path / "a.npy")) for _ in range(2))
    assert first.record(labels=True) == second.record(labels=True)
    together = np.concatenate([first.train.pixels.load(), first.test.pixels.load()])
    assert sorted(image.tobytes() for image in together) == sorted(image.tobytes() for image in TRAIN[0])


def test_folders_that_are_no_data_set(tmp_path: Path) -> None:
    with pytest.raises(MissingInput, match="but nothing"):
        load_dataset(str(tmp_path))
    write_images(tmp_path, *TRAIN)
    Image.new("L", (12, 10)).save(tmp_path / "stray.png")
    with pytest.raises(DamagedInput, match="both images"):
        load_dataset(str(tmp_path))


def test_names_that_are_no_data_set(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Did you mean 'mnist'"):
        load_dataset("mnits")
    with pytest.raises(MissingInput, match="does not exist"):
        load_dataset(str(tmp_path / "none"))
    (tmp_path / "a.txt").write_text("")
    with pytest.raises(DamagedInput, match="is empty"):
        load_dataset(str(tmp_path / "a.txt"))


def test_digits_come_with_scikit_learn() -> None:
    data = load_dataset("digits")
    assert (data.train.pixels.n, data.test.pixels.n) == (1498, 299)
    pixels = data.train.pixels.load()
    assert pixels.dtype == np.float32
    assert (pixels.min(), pixels.max()) == (0, 1)


def test_a_record_without_labels_does_not_change_with_them(tmp_path: Path) -> None:
    plain = load_dataset(str(write_shapes(tmp_path / "shapes.npz")))
    first, with_labels = plain.record(labels=False), plain.record(labels=True)
    permuted = load_dataset(str(write_shapes(tmp_path / "shapes.npz", permuted=True)))
    assert replace(permuted.record(labels=False), files={}) == replace(first, files={})
    assert permuted.record(labels=True).sha256 != with_labels.sha256
    assert load_recorded(first, None).train.pixels.n == plain.train.pixels.n


@pytest.fixture
def small_mnist(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A stand-in for MNIST: four small files that have its names, and their hashes for its hashes."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    write_idx(folder, "train", *TRAIN, zipped=True)
    write_idx(folder, "t10k", *TEST, zipped=True)
    for path in folder.iterdir():
        monkeypatch.setitem(mnist.GZ, path.name, hashlib.sha256(path.read_bytes()).hexdigest())
    return folder


@pytest.mark.usefixtures("without_data_dir")
def test_mnist_is_found_where_it_is(small_mnist: Path) -> None:
    assert_same(load_dataset("mnist", str(small_mnist)), TRAIN, TEST)
    mnist.cache_folder().parent.mkdir(parents=True)
    small_mnist.rename(mnist.cache_folder())
    assert_same(load_dataset("mnist"), TRAIN, TEST)
    states = [place["state"] for place in known_data_sets()[0]["places"]]
    assert states == ["sound", "missing"]


def test_mnist_with_another_hash_is_refused(small_mnist: Path) -> None:
    path = small_mnist / "t10k-labels-idx1-ubyte.gz"
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(DamagedInput, match="t10k-labels"):
        load_dataset("mnist", str(small_mnist))
    places = known_data_sets(str(small_mnist))[0]["places"]
    assert places[0]["state"] == "damaged"


def test_other_bytes_are_told_by_what_they_are_of(tmp_path: Path) -> None:
    write_images(tmp_path, *TRAIN)
    data = load_dataset(str(tmp_path))
    records = {labels: data.record(labels) for labels in (False, True)}
    assert records[True].files["count"] == 30
    assert [compare_data(record) for record in records.values()] == ["", ""]
    (tmp_path / "c").rename(tmp_path / "d")
    assert [compare_data(record) for record in records.values()] == ["", f"class_names of {tmp_path} changed"]
    next((tmp_path / "a").iterdir()).unlink()
    assert "train_images" in compare_data(records[False])
    for path in tmp_path.rglob("*.png"):
        path.write_bytes(b"")
    assert compare_data(records[False]).startswith("its data set cannot be read any more: ")


def test_a_comparison_fetches_nothing(small_mnist: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record = load_dataset("mnist", str(small_mnist)).record(labels=True)
    assert record.files["count"] == 4
    assert compare_data(record) == ""
    monkeypatch.setattr("mnistae_cli.data.mnist.fetch_all", lambda *_: pytest.fail("it was fetched"))
    (small_mnist / "t10k-labels-idx1-ubyte.gz").unlink()
    assert compare_data(record) == f"t10k-labels-idx1-ubyte.gz is gone from {small_mnist}"


def test_digits_have_no_files() -> None:
    assert load_dataset("digits").record(labels=True).files == {}


def test_a_folder_with_the_name_of_a_file_of_the_set_is_passed_over(tmp_path: Path) -> None:
    for prefix, (images, labels) in {"train": TRAIN, "t10k": TEST}.items():
        write_idx(tmp_path, prefix, images, labels)
        for name in ("images.idx3", "labels.idx1"):
            (tmp_path / f"{prefix}-{name.replace('.', '-')}-ubyte").rename(tmp_path / f"{prefix}-{name}-ubyte")
            (tmp_path / f"{prefix}-{name.replace('.', '-')}-ubyte").mkdir()
    assert_same(load_dataset(str(tmp_path)), TRAIN, TEST)
