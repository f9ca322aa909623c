"""Files of arrays in the formats that people have: each is read as the same images and labels."""

import gzip
import struct
import zipfile
from collections.abc import Callable
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy import io

from mnistae_cli.common import DamagedInput, MissingInput, MnistaeError, Notice, UsageError
from mnistae_cli.data.datasets import load_dataset, load_recorded
from mnistae_cli.data.formats import contents, unpacked
from mnistae_cli.data.formats.named_arrays import _role_of
from mnistae_cli.data.layouts import layout_of
from mnistae_cli.data.opening import open_images
from mnistae_cli.data.splits import Dataset
from mnistae_cli.settings import ReadOptions
from tests.conftest import shapes

IMAGES, LABELS = shapes(30, 0)
SQUARE = np.pad(IMAGES, ((0, 0), (1, 1), (0, 0)))  # (30, 12, 12)
COLORS = np.stack([SQUARE] * 3, axis=-1)


@pytest.fixture(autouse=True)
def unpacked_here(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are unpacked in this process, which takes a tenth of the time, except where the other one is tested."""

    def run_here(module: str, *arguments: str) -> list[str]:
        try:
            import_module(f"mnistae_cli.data.formats.{module}").unpack(*arguments)
        except MnistaeError as problem:
            return list(problem.parts)
        except Exception as problem:
            return [str(problem)]
        return []

    if "apart" not in request.node.name:
        monkeypatch.setattr(unpacked, "run_apart", run_here)


def told_by(path: Path, **reading: Any) -> tuple[Dataset, list[str]]:
    told: list[str] = []
    data = load_dataset(
        str(path),
        report=lambda event: told.append(event.text) if isinstance(event, Notice) else None,
        reading=ReadOptions(**reading),
    )
    return data, told


def assert_read(path: Path, expected: NDArray[np.uint8] = SQUARE, names: str = "012", **reading: Any) -> list[str]:
    """All images and labels are those of `SQUARE`, whichever split they are in, also when a later stage reads them."""
    data, told = told_by(path, **reading)
    assert_same(data, expected, names)
    assert_same(load_recorded(data.record(labels=True), None), expected, names)
    return told


def assert_same(data: Dataset, expected: NDArray[np.uint8], names: str) -> None:
    found = {}
    for _, images in data.splits():
        for number, image in enumerate(images.pixels.load()):
            level = image if image.dtype == np.uint8 else np.rint(image * 255).astype(np.uint8)
            found[level.tobytes()] = None if images.labels is None else data.class_names[images.labels[number]]
    wanted = {
        image.tobytes(): str(names[label]) if names else None for image, label in zip(expected, LABELS, strict=True)
    }
    assert found == wanted


def csv(folder: Path, columns: NDArray[Any], header: str = "") -> Path:
    np.savetxt(folder / "a.csv", columns, fmt="%d", delimiter=",", header=header, comments="")
    return folder / "a.csv"


def mat(folder: Path, **arrays: Any) -> Path:
    io.savemat(folder / "a.mat", arrays)
    return folder / "a.mat"


def npz(folder: Path, **arrays: Any) -> Path:
    np.savez(folder / "a.npz", **arrays)
    return folder / "a.npz"


def hdf5(folder: Path, **arrays: Any) -> Path:
    with h5py.File(folder / "a.h5", "w") as file:
        for name, array in arrays.items():
            file[name.replace("__", "/")] = array
    return folder / "a.h5"


FLAT = SQUARE.reshape(30, -1)
PIXELS = ",".join(f"pixel{number}" for number in range(144))
ONE_FILE: dict[str, Callable[[Path], Path]] = {
    "npz, keras": lambda folder: npz(folder, x_train=SQUARE, y_train=LABELS),
    "npz, train_images": lambda folder: npz(folder, train_images=SQUARE, train_labels=LABELS[:, None]),
    "npz, X_train": lambda folder: npz(folder, X_train=SQUARE, Y_train=LABELS),
    "npz, trainX": lambda folder: npz(folder, trainX=SQUARE, trainY=LABELS),
    "npz, images": lambda folder: npz(folder, images=SQUARE, labels=LABELS),
    "npz, X and y": lambda folder: npz(folder, X=SQUARE, y=LABELS),
    "npz, data and target": lambda folder: npz(folder, data=FLAT, target=LABELS, images=SQUARE),
    "npz, unnamed": lambda folder: npz(folder, arr_0=SQUARE, arr_1=LABELS),
    "npz, colors": lambda folder: npz(folder, images=COLORS, labels=LABELS),
    "npz, channel first": lambda folder: npz(folder, images=np.moveaxis(COLORS, -1, 1), labels=LABELS),
    "npz, one channel first": lambda folder: npz(folder, images=SQUARE[:, None], labels=LABELS),
    "npz, rows": lambda folder: npz(folder, data=FLAT, target=LABELS.astype(float)),
    "npz, one-hot": lambda folder: npz(folder, images=SQUARE, labels=np.eye(3)[LABELS]),
    "mat": lambda folder: mat(folder, X=SQUARE, y=LABELS),
    "mat, images last": lambda folder: mat(folder, X=np.moveaxis(SQUARE, 0, -1), y=LABELS),
    "mat, SVHN": lambda folder: mat(folder, X=np.moveaxis(COLORS, 0, -1), y=LABELS[:, None]),
    "mat, structures": lambda folder: mat(folder, dataset={"train": {"images": FLAT, "labels": LABELS[:, None]}}),
    "hdf5": lambda folder: hdf5(folder, images=SQUARE, labels=LABELS),
    "hdf5, groups": lambda folder: hdf5(folder, train__data=FLAT / 255, train__target=LABELS),
    "csv, header": lambda folder: csv(folder, np.column_stack([LABELS, FLAT]), f"label,{PIXELS}"),
    "csv, label last": lambda folder: csv(folder, np.column_stack([FLAT, LABELS]), f"{PIXELS},Class"),
    "csv, no header": lambda folder: csv(folder, np.column_stack([LABELS, FLAT])),
}


@pytest.mark.parametrize("kind", ONE_FILE)
def test_a_file_of_arrays_is_read_whatever_its_kind_and_name(kind: str, tmp_path: Path) -> None:
    path = ONE_FILE[kind](tmp_path)
    assert not assert_read(path)
    path = path.rename(tmp_path / "NAME.WITHOUT_MEANING")
    assert not assert_read(path)


def test_a_file_is_read_apart_without_a_cache_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    for path in (hdf5(tmp_path, images=SQUARE, labels=LABELS), csv(tmp_path, np.column_stack([LABELS, FLAT]))):
        assert_same(load_dataset(str(path)), SQUARE, "012")


def test_class_names_are_taken_from_the_labels_or_from_an_array_of_names(tmp_path: Path) -> None:
    words = np.array(["axe", "bee", "cup"])
    for arrays in ({"labels": words[LABELS]}, {"labels": LABELS, "names": words}):
        data = load_dataset(str(npz(tmp_path, images=SQUARE, **arrays)))
        assert data.class_names == ("axe", "bee", "cup")
    data = load_dataset(str(hdf5(tmp_path, images=SQUARE, labels=[word.encode() for word in words[LABELS]])))
    assert data.class_names == ("axe", "bee", "cup")


NUMBERS = ",".join(map(str, range(144)))
DIGITS = np.where(SQUARE > 0, 200, 0).reshape(30, -1)
TABLES: dict[str, tuple[NDArray[Any], str, str, str]] = {
    "numbers as header": (DIGITS, NUMBERS, ",", ""),
    "label and numbers as header": (
        np.column_stack([LABELS, DIGITS]),
        "label," + ",".join(map(str, range(144))),
        ",",
        "012",
    ),
    "label last, no header": (np.column_stack([DIGITS, LABELS]), "", ",", "012"),
    "label last, unknown name": (np.column_stack([DIGITS, LABELS]), f"{PIXELS},digit", ",", "012"),
    "label first, unknown name": (np.column_stack([LABELS, DIGITS]), f"digit,{PIXELS}", ",", "012"),
    "index and label": (np.column_stack([np.arange(30), LABELS, DIGITS]), f",label,{PIXELS}", ",", "012"),
    "index": (np.column_stack([np.arange(1, 31), DIGITS]), f"id,{PIXELS}", ",", ""),
    "semicolons": (np.column_stack([LABELS, DIGITS]), f"label,{PIXELS}".replace(",", ";"), ";", "012"),
    "tabs": (np.column_stack([LABELS, DIGITS]), f"label,{PIXELS}".replace(",", "\t"), "\t", "012"),
}


@pytest.mark.parametrize("kind", TABLES)
def test_the_header_and_the_label_of_a_table_are_found(kind: str, tmp_path: Path) -> None:
    rows, header, separator, names = TABLES[kind]
    np.savetxt(tmp_path / "a.csv", rows, fmt="%d", delimiter=separator, header=header, comments="")
    data = load_dataset(str(tmp_path / "a.csv"))
    images = DIGITS.reshape(SQUARE.shape).astype(np.uint8)
    found = np.concatenate([each.pixels.load() for _, each in data.splits()])
    assert sorted(image.tobytes() for image in found) == sorted(image.tobytes() for image in images)
    assert data.class_names == tuple(names)
    if names:
        rows_of = data.train.pixels.rows
        assert rows_of is not None
        assert data.train.labels is not None
        assert np.array_equal(data.train.labels, LABELS[rows_of])


def test_a_column_of_labels_may_have_any_name_and_hold_words(tmp_path: Path) -> None:
    words = np.array(["NA", "bee", "cup"])[LABELS]
    rows = [",".join([word, *map(str, row)]) for word, row in zip(words, FLAT.tolist(), strict=True)]
    (tmp_path / "a.csv").write_text("\n".join([f"sign,{PIXELS}", *rows]))
    data = load_dataset(str(tmp_path / "a.csv"), reading=ReadOptions(keys=("labels=sign",)))
    assert data.class_names == ("NA", "bee", "cup")


@pytest.mark.parametrize("prefix", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("packed", [False, True])
def test_a_table_may_be_packed_and_have_a_byte_order_mark(prefix: bytes, packed: bool, tmp_path: Path) -> None:
    path = csv(tmp_path, np.column_stack([LABELS, FLAT]), f"label,{PIXELS}")
    content = prefix + path.read_bytes()
    path.write_bytes(gzip.compress(content) if packed else content)
    assert_read(path)


def test_arrays_of_other_names_are_given_by_keys(tmp_path: Path) -> None:
    path = npz(tmp_path, pix=SQUARE, lab=LABELS, other=SQUARE[:3])
    with pytest.raises(DamagedInput, match="no images under a usual name, only: pix, lab, other"):
        load_dataset(str(path))
    assert not assert_read(path, keys=("images=pix", "labels=lab"))
    assert not assert_read(path, names="", keys=("images=pix",))
    with pytest.raises(UsageError, match="has no nix"):
        load_dataset(str(path), reading=ReadOptions(keys=("images=nix",)))
    for wrong in ("images", "pictures=pix", "=pix", "images="):
        with pytest.raises(UsageError, match="ROLE=NAME"):
            ReadOptions(keys=(wrong,))


def test_labels_can_be_left_out(tmp_path: Path) -> None:
    path = npz(tmp_path, images=SQUARE, labels=np.arange(30) % 2)
    assert load_dataset(str(path), reading=ReadOptions(keys=("labels=none",))).train.labels is None


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("x_train", "train_images"), ("y_test", "test_labels"), ("XTest", "test_images"), ("val_images", "val_images"),
        ("train/data", "train_images"), ("dataset.test.labels", "test_labels"), ("class_names", "names"),
        ("label_names", "names"), ("target_names", "names"), ("names", "names"), ("train_y", "train_labels"),
        ("images_valid", "val_images"), ("validation_labels", "val_labels"), ("weights", ""), ("x_mean", ""),
        ("train_test_x", ""), ("Xtrain", "train_images"),
        ("ds.train.images", "train_images"),
        ("train_set_x", "train_images"), ("pixels", "train_images"), ("Y", "train_labels"), ("", ""),
    ],
)  # fmt: skip
def test_the_role_of_an_array_is_in_its_name(name: str, role: str) -> None:
    assert _role_of(name)[0] == role


def test_a_validation_split_is_left_out_or_used_as_the_test(tmp_path: Path) -> None:
    arrays = {"train_images": SQUARE[:20], "val_images": SQUARE[20:25], "val_labels": LABELS[20:25]}
    data, told = told_by(npz(tmp_path, **arrays, train_labels=LABELS[:20]))
    assert (data.train.pixels.n, data.test.pixels.n) == (20, 5)
    assert "is used as the test split" in told[0]
    data, told = told_by(npz(tmp_path, **arrays, test_images=SQUARE[25:]))
    assert (data.train.pixels.n, data.test.pixels.n) == (20, 5)
    assert np.array_equal(data.test.pixels.load(), SQUARE[25:])
    assert "is left out" in told[0]


def test_an_empty_test_split_is_told_and_made(tmp_path: Path) -> None:
    data, told = told_by(npz(tmp_path, x_train=SQUARE, x_test=SQUARE[:0], y_train=LABELS, y_test=LABELS[:0]))
    assert (data.train.pixels.n, data.test.pixels.n) == (25, 5)
    assert told == [f"the test split of {tmp_path / 'a.npz'} is empty: one image in 6 is held out instead"]


def test_fortran_order_is_read(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.asfortranarray(SQUARE))
    assert not assert_read(tmp_path / "a.npy", names="")


@pytest.mark.parametrize("transpose", [True, False])
def test_images_can_be_transposed(transpose: bool, tmp_path: Path) -> None:
    turned = IMAGES.swapaxes(1, 2)
    path = npz(tmp_path, images=turned, labels=LABELS)
    assert not assert_read(path, IMAGES if transpose else turned, transpose=transpose)
    for number, image in enumerate(turned):
        (tmp_path / "pictures").mkdir(exist_ok=True)
        Image.fromarray(image).save(tmp_path / "pictures" / f"{number:02}.png")
    assert not assert_read(tmp_path / "pictures", IMAGES if transpose else turned, names="", transpose=transpose)


def test_emnist_is_told_to_lie_on_its_side(tmp_path: Path) -> None:
    np.savez(tmp_path / "emnist-letters.npz", images=SQUARE)
    _, told = told_by(tmp_path / "emnist-letters.npz")
    assert "transpose=True turns them upright" in told[0]
    assert not told_by(tmp_path / "emnist-letters.npz", transpose=True)[1]


def zipped(name: str) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, b"hello")
    return file.getvalue()


def idx(images: NDArray[np.uint8]) -> bytes:
    return struct.pack(">4I", 2051, *images.shape) + images.tobytes()


def idx_labels(labels: NDArray[np.uint8]) -> bytes:
    return struct.pack(">2I", 2049, len(labels)) + labels.tobytes()


@pytest.mark.parametrize(
    ("images", "labels", "test"),
    [
        ("{train}-images-idx3-ubyte", "{train}-labels-idx1-ubyte", "t10k"),
        ("{train}-images-idx3-ubyte.gz", "{train}-labels-idx1-ubyte.gz", "t10k"),
        ("emnist-letters-{train}-images-idx3-ubyte.gz", "emnist-letters-{train}-labels-idx1-ubyte.gz", "test"),
        ("{train}-images.idx3-ubyte", "{train}-labels.idx1-ubyte", "t10k"),
        ("MNIST/raw/{train}-images-idx3-ubyte", "MNIST/raw/{train}-labels-idx1-ubyte", "t10k"),
        ("{train}-images/{train}-images", "{train}-labels/{train}-labels", "t10k"),
        ("{train}_Images", "{train}_Labels", "Test"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("packed", [False, True])
def test_idx_files_are_found_under_any_of_the_usual_names_and_read_by_their_content(
    packed: bool, images: str, labels: str, test: str, tmp_path: Path
) -> None:
    parts = {
        images.format(train="train"): idx(SQUARE[:20]),
        labels.format(train="train"): idx_labels(LABELS[:20]),
        images.format(train=test): idx(SQUARE[20:]),
        labels.format(train=test): idx_labels(LABELS[20:]),
    }
    for name, content in parts.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(gzip.compress(content) if packed else content)
    for path in (tmp_path, tmp_path / images.format(train="train")):
        data, _ = told_by(path)
        assert (data.train.pixels.n, data.test.pixels.n) == (20, 10)
        assert_same(data, SQUARE, "012")


@pytest.mark.parametrize("packed", [False, True])
def test_the_labels_of_qmnist_are_the_first_of_eight_numbers(packed: bool, tmp_path: Path) -> None:
    table = np.column_stack([LABELS.astype(">i4")] + [np.full(30, 9)] * 7).astype(">i4")
    labels = struct.pack(">3I", 3074, 30, 8) + table.tobytes()
    for name, content in (("qmnist-train-images-idx3-ubyte", idx(SQUARE)), ("qmnist-train-labels-idx2-int", labels)):
        (tmp_path / name).write_bytes(gzip.compress(content) if packed else content)
    assert_read(tmp_path)


def test_keys_where_no_array_has_a_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "train-images-idx3-ubyte").write_bytes(idx(SQUARE))
    np.save(tmp_path / "a.npy", SQUARE)
    (tmp_path / "pictures").mkdir()
    Image.fromarray(SQUARE[0]).save(tmp_path / "pictures" / "a.png")
    for name in ("train-images-idx3-ubyte", "a.npy", "pictures"):
        with pytest.raises(UsageError, match="has no named arrays"):
            load_dataset(str(tmp_path / name), reading=ReadOptions(keys=("images=a",)))


def test_sets_of_idx_files_in_several_folders_are_not_mixed(tmp_path: Path) -> None:
    for name, parts in (("MNIST", ("train", "t10k")), ("FashionMNIST", ("train",))):
        (tmp_path / name / "raw").mkdir(parents=True)
        for part in parts:
            (tmp_path / name / "raw" / f"{part}-images-idx3-ubyte").write_bytes(idx(SQUARE))
    with pytest.raises(DamagedInput, match="several data sets: FashionMNIST/raw, MNIST/raw"):
        load_dataset(str(tmp_path))


def test_several_sets_of_idx_files_are_named(tmp_path: Path) -> None:
    for name in ("digits", "letters"):
        (tmp_path / f"emnist-{name}-train-images-idx3-ubyte").write_bytes(idx(SQUARE))
        (tmp_path / f"emnist-{name}-train-labels-idx1-ubyte").write_bytes(idx_labels(LABELS))
    with pytest.raises(DamagedInput, match="several data sets: emnist-digits, emnist-letters") as raised:
        load_dataset(str(tmp_path))
    assert "emnist-digits-train-images-idx3-ubyte" in raised.value.remedy
    assert_read(tmp_path / "emnist-letters-train-images-idx3-ubyte")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.npz", b"", "is empty"),
        ("a.csv", b"hello\nworld\n", "cannot be read as a CSV file of images"),
        ("a.csv", b"label,a,b\n1,2,x\n", "column b is not a number"),
        ("a.csv", b"label,a,b\n1,2,\n", "a cell is empty"),
        ("a.mat", b"MATLAB 5.0 MAT-file" + bytes(200), "cannot be read as a MATLAB file"),
        ("a.h5", b"\x89HDF\r\n\x1a\n" + bytes(200), "cannot be read as an HDF5 file"),
        ("a.bin", bytes(100), "is not a file that can be read"),
        ("a.zip", b"PK\x05\x06" + bytes(18), "no images under a usual name, only: nothing"),
        ("a.png", b"\x89PNG\r\n\x1a\n", "is one picture"),
        ("a.zip", zipped("scans/1.png"), r"is a zip archive of other files, for example scans/1\.png"),
    ],
)
def test_other_files_are_refused_with_a_word_on_what_they_are(
    name: str, content: bytes, words: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DamagedInput, match=words):
        load_dataset(str(tmp_path / name))


def test_a_file_that_ends_the_library_apart_is_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mnistae_cli.data.formats.unpacked.SCRIPT", "import os; os.abort()  # {module}")
    with pytest.raises(DamagedInput, match="it ends the library that reads it"):
        load_dataset(str(mat(tmp_path, X=SQUARE)))


@pytest.mark.parametrize("shape", [(5, 4, 3), (5, 4, 3, 1), (5, 1, 4, 3), (5, 4, 3, 3), (5, 3, 4, 5), (5, 16)])
def test_layouts_of_arrays(shape: tuple[int, ...]) -> None:
    layout = layout_of(shape, "test")
    expected = {(5, 16): (5, 4, 4), (5, 3, 4, 5): (5, 4, 5)}.get(shape, (5, 4, 3))
    rows = layout.gray(np.zeros(shape, np.uint8))
    assert rows.shape == (5, layout.height, layout.width) == expected
    turned = layout_of(shape, "test", transpose=True)
    assert turned.gray(np.zeros(shape, np.uint8)).shape == (5, layout.width, layout.height)


def test_colors_become_the_gray_levels_of_a_picture() -> None:
    colors = np.random.default_rng(0).integers(0, 256, (4, 6, 5, 3)).astype(np.uint8)
    gray = layout_of(colors.shape, "test").gray(colors)
    assert all(
        np.array_equal(np.asarray(Image.fromarray(a).convert("L")), b) for a, b in zip(colors, gray, strict=True)
    )
    floats = layout_of(colors.shape, "test").gray((colors / 255).astype(np.float32))
    np.testing.assert_allclose(floats * 255, gray, atol=0.6)


@pytest.mark.parametrize("kind", ONE_FILE)
def test_unlabeled_images_are_opened_from_every_kind(kind: str, tmp_path: Path) -> None:
    images = open_images(ONE_FILE[kind](tmp_path)).load()
    levels = images if images.dtype == np.uint8 else np.rint(images * 255)
    assert np.array_equal(levels, SQUARE)


def test_of_several_arrays_of_images_one_is_chosen(tmp_path: Path) -> None:
    path = npz(tmp_path, x_train=SQUARE[:20], x_test=SQUARE[20:])
    with pytest.raises(DamagedInput, match="several arrays of images: x_train, x_test"):
        open_images(path)
    assert np.array_equal(open_images(path, ReadOptions(keys=("images=x_test",))).load(), SQUARE[20:])


def saved(image: NDArray[Any], kind: str, **how: Any) -> bytes:
    file = BytesIO()
    Image.fromarray(image).save(file, kind, **how)
    return file.getvalue()


@pytest.mark.parametrize(
    ("kind", "how"), [("TIFF", {}), ("WEBP", {"lossless": True}), ("GIF", {}), ("PNG", {}), ("BMP", {})]
)
def test_pictures_of_every_kind_are_read_in_folders(kind: str, how: dict[str, Any], tmp_path: Path) -> None:
    ending = {"TIFF": "TIF", "WEBP": "webp", "GIF": "gif", "PNG": "PNG", "BMP": "bmp"}[kind]
    for number, image in enumerate(SQUARE):
        (tmp_path / f"{number:02}.{ending}").write_bytes(saved(image, kind, **how))
    assert not assert_read(tmp_path, names="")


def test_the_first_frame_of_several_is_read(tmp_path: Path) -> None:
    first, second = (Image.fromarray(image) for image in SQUARE[:2])
    for kind in ("gif", "tif", "webp"):
        first.save(tmp_path / f"a.{kind}", save_all=True, append_images=[second], lossless=True)
        assert np.array_equal(open_images(tmp_path / f"a.{kind}").load()[0], SQUARE[0])


@pytest.mark.parametrize("ink", [255, 200, 0])
def test_the_alpha_is_the_picture_if_the_color_is_constant(ink: int, tmp_path: Path) -> None:
    for mode in ("LA", "RGBA"):
        colors = [np.full_like(SQUARE[0], ink)] * (1 if mode == "LA" else 3)
        Image.fromarray(np.dstack([*colors, SQUARE[0]]), mode).save(tmp_path / "a.png")
        found = open_images(tmp_path / "a.png").load()[0]
        assert np.array_equal(found, SQUARE[0] if ink else 255 - SQUARE[0])


def test_what_is_transparent_is_white_if_the_colors_differ(tmp_path: Path) -> None:
    colors = np.dstack([SQUARE[0], SQUARE[1], SQUARE[2], np.where(SQUARE[3] > 0, 0, 255).astype(np.uint8)])
    Image.fromarray(colors).save(tmp_path / "a.png")
    found = open_images(tmp_path / "a.png").load()[0]
    assert (found[SQUARE[3] > 0] == 255).all()
    assert (found[(SQUARE[:4] == 0).all(axis=0)] == 0).all()


def test_parquet_of_hugging_face_is_read(tmp_path: Path) -> None:
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    features = b'{"info": {"features": {"label": {"names": ["axe", "bee", "cup"]}}}}'
    for split, part in (("train", slice(20)), ("test", slice(20, 30))):
        rows = {
            "image": [{"bytes": saved(image, "PNG"), "path": "a.png"} for image in SQUARE[part]],
            "label": LABELS[part].tolist(),
        }
        table = arrow.table(rows).replace_schema_metadata({b"huggingface": features})
        parquet.write_table(table, tmp_path / f"{split}-00000-of-00001.parquet")
    data, _ = told_by(tmp_path)
    assert (data.train.pixels.n, data.test.pixels.n) == (20, 10)
    assert data.class_names == ("axe", "bee", "cup")
    assert_same(data, SQUARE, ["axe", "bee", "cup"])  # type: ignore[arg-type]
    assert_same(load_recorded(data.record(labels=True), None), SQUARE, ["axe", "bee", "cup"])  # type: ignore[arg-type]
    file = tmp_path / "train-00000-of-00001.parquet"
    assert data.train.pixels.names()[7] == f"{file}[7]"
    assert load_dataset(str(file), reading=ReadOptions(keys=("labels=none",))).train.labels is None


def test_an_absurd_size_is_refused_apart(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("images", (2_000_000, 28, 28), np.uint8, chunks=(1000, 28, 28))  # nothing is written
    with pytest.raises(DamagedInput, match=r"its header says that it unpacks to 1,568,000,000") as raised:
        load_dataset(str(tmp_path / "a.h5"))
    assert "trust_sizes=True" in raised.value.remedy


def test_what_a_file_is_is_in_its_first_bytes(tmp_path: Path) -> None:
    for content, kind in (
        (b"", contents.EMPTY),
        (gzip.compress(idx(SQUARE)), contents.IDX_IMAGES),
        (idx_labels(LABELS), contents.IDX_LABELS),
        (b"1,2,3\n", contents.TEXT),
        ("é,ü\n".encode() * 200, contents.TEXT),
        (b"MATLAB 7.3 MAT-file", contents.HDF5),
        (b"PAR1", contents.PARQUET),
        (bytes(9), contents.UNKNOWN),
    ):
        (tmp_path / "a").write_bytes(content)
        assert contents.kind_of(tmp_path / "a") == kind


def test_a_folder_without_pictures_is_told_what_it_holds(tmp_path: Path) -> None:
    for number in range(24):
        (tmp_path / f"{number}.heic").touch()
    with pytest.raises(MissingInput, match=r"holds no PNG.* but 24 \.heic files"):
        load_dataset(str(tmp_path))
