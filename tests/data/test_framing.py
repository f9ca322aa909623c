import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from mnistae_cli.common.errors import DamagedInput
from mnistae_cli.data import framing
from mnistae_cli.data.framing import Frame, frame_image, measure_frame

MNIST = Frame(28, 28, 20, 2.5, 14.0, 14.0, light_ink=True)


def seven(size: int, *, dark_on_light: bool, shift: tuple[int, int] = (0, 0)) -> np.ndarray:
    """A seven of pen strokes on a square sheet."""
    paper, ink = (230, 25) if dark_on_light else (15, 240)
    sheet = Image.new("L", (size, size), paper)
    across, down = shift
    points = [(0.35, 0.3), (0.6, 0.3), (0.45, 0.7)]
    line = [(round(x * size) + across, round(y * size) + down) for x, y in points]
    ImageDraw.Draw(sheet).line(line, fill=ink, width=max(size // 17, 1), joint="curve")
    return np.asarray(sheet)


def centre_of_mass(image: np.ndarray) -> tuple[float, float]:
    rows, columns = np.indices(image.shape)
    return float((rows * image).sum() / image.sum()), float((columns * image).sum() / image.sum())


def test_the_ink_fills_its_box_and_its_mass_is_in_the_centre() -> None:
    framed = frame_image(seven(200, dark_on_light=False), MNIST, "test")
    assert framed.shape == (28, 28)
    assert framed.dtype == np.float32
    assert framed.min() == 0
    assert framed.max() == 1
    rows = np.flatnonzero(framed.any(axis=1))
    assert rows[-1] - rows[0] + 1 == 20
    assert centre_of_mass(framed) == pytest.approx((14, 14), abs=0.51)


@pytest.mark.parametrize("size", [70, 100, 333, 1200])
def test_size_place_and_polarity_of_a_photo_do_not_matter(size: int) -> None:
    reference = frame_image(seven(600, dark_on_light=False), MNIST, "test")
    for dark in (False, True):
        moved = seven(size, dark_on_light=dark, shift=(size // 8, -size // 8))
        assert np.abs(frame_image(moved, MNIST, "test") - reference).mean() < 0.06


def test_paper_with_grain_shadow_and_specks_is_no_ink() -> None:
    rng = np.random.default_rng(0)
    photo = seven(300, dark_on_light=True).astype(float)
    photo += rng.normal(0, 4, photo.shape) + np.linspace(-15, 15, 300)
    photo[10:13, 280:283] = 30
    blurred = Image.fromarray(photo.clip(0, 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(1))
    clean = frame_image(seven(300, dark_on_light=True), MNIST, "test")
    assert np.abs(frame_image(np.asarray(blurred), MNIST, "test") - clean).mean() < 0.03


def test_an_image_that_is_framed_stays_as_it_is() -> None:
    once = frame_image(seven(200, dark_on_light=True), MNIST, "test")
    assert np.abs(frame_image(once, MNIST, "test") - once).max() < 1e-6


def test_other_data_sets_get_their_own_frame() -> None:
    images = np.zeros((5, 16, 10), np.uint8)
    images[:, 3:12, 2:7] = 200
    frame = measure_frame(255 - images)
    assert frame == Frame(16, 10, 9, frame.stroke, 7.0, 4.0, light_ink=False)
    framed = frame_image(seven(100, dark_on_light=False), frame, "test")
    assert framed.shape == (16, 10)
    assert framed[0, 0] == 1  # paper


def test_a_wide_sign_is_fitted_into_a_narrow_frame() -> None:
    wide = np.zeros((50, 200), np.uint8)
    wide[20:30, 10:190] = 255
    framed = frame_image(wide, Frame(16, 10, 14, 2.0, 7.5, 4.5, light_ink=True), "test")
    assert framed.shape == (16, 10)
    assert framed.sum() > 0


@pytest.mark.parametrize("level", [0, 128, 255])
def test_an_empty_sheet_is_refused(level: int) -> None:
    with pytest.raises(DamagedInput, match=r"blank\.png: nothing is drawn"):
        frame_image(np.full((40, 40), level, np.uint8), MNIST, "blank.png")


def test_one_pixel_is_a_sign() -> None:
    assert frame_image(
        np.array([[255]], np.uint8).repeat(3, 0).repeat(3, 1) * np.eye(3, dtype=np.uint8), MNIST, "x"
    ).any()


def test_a_blank_data_set_has_a_frame() -> None:
    assert measure_frame(np.zeros((3, 8, 6), np.uint8)) == Frame(8, 6, 8, 0.0, 3.5, 2.5, light_ink=True)


def test_a_ruled_line_and_a_black_edge_are_no_ink() -> None:
    clean = frame_image(seven(300, dark_on_light=True), MNIST, "test")
    ruled, edged = seven(300, dark_on_light=True).copy(), seven(300, dark_on_light=True).copy()
    ruled[250:254] = 40
    edged[:6] = edged[-6:] = edged[:, :6] = edged[:, -6:] = 0
    for sheet in (ruled, edged):
        assert np.abs(frame_image(sheet, MNIST, "test") - clean).mean() < 0.03


def test_a_line_that_is_the_only_ink_is_the_sign() -> None:
    line = np.zeros((300, 300), np.uint8)
    line[:, 140:160] = 255
    assert frame_image(line, MNIST, "test").any()


def test_a_fine_pen_gets_the_strokes_of_the_training_images() -> None:
    fine, broad = Image.new("L", (600, 600), 255), Image.new("L", (600, 600), 255)
    for sheet, width in ((fine, 3), (broad, 40)):
        ImageDraw.Draw(sheet).line([(200, 150), (400, 150), (280, 450)], fill=0, width=width)
    inked = [frame_image(np.asarray(sheet), MNIST, "test").sum() for sheet in (fine, broad)]
    assert inked[0] > 0.6 * inked[1]


@pytest.mark.parametrize("width", [3, 5, 8])
def test_the_stroke_width_is_that_of_the_pen(width: int) -> None:
    sheet = np.zeros((120, 120), np.float32)
    sheet[60 : 60 + width, 10:110] = 1
    # The edge of a straight stroke is 2 (100 + width) long, and counts as π / 4 of it.
    assert framing._stroke_width(sheet) == pytest.approx(4 / np.pi * 100 * width / (100 + width))
