import keras
import numpy as np
import pytest

from mnistae_cli.settings import Corruption, Views
from mnistae_cli.training.augmentation import (
    RandomAffine,
    RandomLight,
    RandomMirror,
    RandomOcclusion,
    corrupt,
    occlude,
    warp,
)
from tests.builders import build, train_config

RNG = np.random.default_rng(0)
IMAGES = RNG.random((5, 9, 7)).astype(np.float32)


def warped(images: np.ndarray, **parameters: float) -> np.ndarray:
    names = ("angle", "shear", "log_width", "log_height", "right", "down")
    columns = [np.full(len(images), parameters.get(name, 0.0), np.float32) for name in names]
    return np.asarray(warp(images, *columns))


def test_no_change_gives_the_identical_image() -> None:
    assert np.array_equal(warped(IMAGES), IMAGES)


def test_a_shift_moves_a_pixel_and_leaves_darkness() -> None:
    image = np.zeros((1, 9, 7), np.float32)
    image[0, 4, 3] = 1
    moved = warped(image, right=2 / 7, down=-1 / 9)  # the place that is read is further right and higher
    assert np.argwhere(moved[0] > 0.5).tolist() == [[5, 1]]
    assert moved.sum() == pytest.approx(1, abs=1e-5)
    assert warped(IMAGES, right=1.0).max() == pytest.approx(0, abs=1e-5)


def test_a_quarter_turn_is_numpys() -> None:
    square = RNG.random((3, 8, 8)).astype(np.float32)
    assert warped(square, angle=np.pi / 2) == pytest.approx(np.rot90(square, axes=(1, 2)), abs=1e-4)


def test_a_scale_and_a_shear_keep_the_centre_and_move_the_rest() -> None:
    image = np.zeros((1, 9, 9), np.float32)
    image[0, 4, 4] = image[0, 2, 4] = 1
    assert warped(image, log_height=np.log(2))[0, [3, 4], 4] == pytest.approx([1, 1], abs=1e-5)
    assert warped(image, shear=0.5)[0, [2, 4], [5, 4]] == pytest.approx([1, 1], abs=1e-5)


def test_the_same_seed_gives_the_same_views_in_the_same_order() -> None:
    first, second, other = RandomAffine(1.0, 3), RandomAffine(1.0, 3), RandomAffine(1.0, 4)
    views = [np.asarray(first(IMAGES, training=True)) for _ in range(2)]
    assert all(np.array_equal(second(IMAGES, training=True), view) for view in views)
    assert not np.array_equal(views[0], views[1])
    assert not np.array_equal(other(IMAGES, training=True), views[0])


def test_images_are_left_alone_outside_training_and_at_strength_0() -> None:
    assert np.array_equal(RandomAffine(1.0, 0)(IMAGES), IMAGES)
    assert np.array_equal(RandomAffine(0.0, 0)(IMAGES, training=True), IMAGES)


def test_strength_bounds_the_change_and_nothing_is_learned() -> None:
    little, much = (np.asarray(RandomAffine(strength, 0)(IMAGES, training=True)) for strength in (0.05, 1.0))
    assert 0 < np.abs(little - IMAGES).mean() < 0.3 * np.abs(much - IMAGES).mean()
    assert RandomAffine(1.0, 0).trainable_variables == []


def test_one_side_of_an_image_is_hidden() -> None:
    light = np.ones((5, 8, 8), np.float32)
    hidden = np.array([True, True, True, True, False])
    seen = np.asarray(occlude(light, hidden, np.array([0, 1, 2, 3, 0]), np.full(5, 0.25, np.float32)))
    bottom, top, right, left, whole = seen
    assert np.array_equal(whole, light[4])
    assert np.array_equal(bottom, np.repeat([1, 1, 1, 1, 1, 1, 0, 0], 8).reshape(8, 8))
    assert np.array_equal(top, bottom[::-1])
    assert np.array_equal(right, bottom.T)
    assert np.array_equal(left, bottom.T[:, ::-1])


def test_a_share_of_the_images_is_hidden_after_some_steps() -> None:
    light = np.ones((2000, 8, 8), np.float32)
    layer, again = RandomOcclusion(0.3, 5, 2), RandomOcclusion(0.3, 5, 2)
    hidden = []
    for _ in range(4):
        seen = np.asarray(layer(light, training=True))
        assert np.array_equal(np.asarray(again(light, training=True)), seen)
        hidden.append((seen == 0).any((1, 2)).mean())
    assert hidden == [0, 0, pytest.approx(0.3, abs=0.05), pytest.approx(0.3, abs=0.05)]
    assert np.array_equal(layer(light), light)
    assert (np.asarray(RandomOcclusion(1.0, 5)(light, training=True)) == 0).any((1, 2)).all()


@pytest.mark.parametrize(
    "settings",
    [
        {"noise": 0.3},
        {"augment": 1.0},
        {"occlusion": 1.0},
        {"augment": 1.0, "occlusion": 0.5, "noise": 0.3},
        {"augment": 1.0, "rotation": 0, "zoom": 0, "shear": 0, "shift": 0, "mirror": True},
        {"augment": 0.5, "rotation": 0, "zoom": 0, "shear": 0, "shift": 0, "brightness": 0.5, "blur": 1.0},
    ],
)
def test_images_are_corrupted_in_training_alone_and_never_in_the_encoder(settings: dict[str, float]) -> None:
    model = build((9, 7), train_config(latent_dim=6, **settings))
    clean = build((9, 7), train_config(latent_dim=6))
    clean.whole.set_weights(model.whole.get_weights())
    expected = clean.trained(IMAGES).numpy()
    assert model.trained(IMAGES).numpy() == pytest.approx(expected, abs=1e-6)
    assert np.abs(model.trained(IMAGES, training=True).numpy() - expected).max() > 1e-3
    assert model.encoder(IMAGES, training=True).numpy() == pytest.approx(clean.encoder(IMAGES).numpy(), abs=1e-6)


def test_noise_has_the_standard_deviation_that_is_asked_for() -> None:
    images = np.zeros((200, 9, 7), np.float32)
    layer = keras.Input((9, 7))
    seen = keras.Model(layer, corrupt(layer, Corruption(noise=0.3), 0))(images, training=True).numpy()
    assert seen.std() == pytest.approx(0.3, rel=0.05)


def test_half_of_the_images_are_mirrored() -> None:
    images = RNG.random((400, 4, 5)).astype(np.float32)
    layer, again = RandomMirror(3), RandomMirror(3)
    seen = np.asarray(layer(images, training=True))
    mirrored = (seen == images[:, :, ::-1]).all((1, 2))
    assert mirrored.mean() == pytest.approx(0.5, abs=0.1)
    assert np.array_equal(seen[~mirrored], images[~mirrored])
    assert np.array_equal(again(images, training=True), seen)
    assert np.array_equal(layer(images), images)
    assert RandomMirror.from_config(layer.get_config()).seed == 3


def test_light_changes_by_the_formula() -> None:
    images = (0.3 + 0.2 * RNG.random((50, 6, 6))).astype(np.float32)
    mean = images.mean((1, 2), keepdims=True)
    brighter = np.asarray(RandomLight(1, 0.4, 0, 0)(images, training=True)) / images
    factors = brighter.mean((1, 2))
    assert brighter == pytest.approx(np.broadcast_to(factors[:, None, None], images.shape), rel=1e-4)
    assert np.exp(-0.4) <= factors.min() < 0.8
    assert 1.2 < factors.max() <= np.exp(0.4)
    contrasts = (np.asarray(RandomLight(1, 0, 0.4, 0)(images, training=True)) - mean) / (images - mean)
    assert contrasts.std((1, 2)).max() < 0.05
    assert np.exp(-0.4) - 0.01 <= contrasts.mean((1, 2)).min() < 0.8
    assert np.asarray(RandomLight(1, 3, 0, 0)(images, training=True)).max() <= 1
    assert np.array_equal(RandomLight(1, 3, 3, 1)(images), images)


def test_blur_mixes_in_a_binomial_mean_and_keeps_the_light() -> None:
    image = np.zeros((40, 9, 9), np.float32)
    image[:, 4, 4] = 1
    seen = np.asarray(RandomLight(1, 0, 0, 1.0)(image, training=True))
    shares = (1 - seen[:, 4, 4]) / (1 - 36 / 256)
    assert 0 <= shares.min() < 0.2
    assert 0.8 < shares.max() <= 1
    assert seen[:, 4, 5] == pytest.approx(shares * 24 / 256, abs=1e-6)
    assert seen.sum((1, 2)) == pytest.approx(1, abs=1e-5)


def test_augment_scales_every_change() -> None:
    one, views = RNG.random((3, 8, 8)).astype(np.float32), Views(brightness=0.5, contrast=0.5, blur=0.5)
    entry = keras.Input((8, 8))

    def seen(augment: float) -> np.ndarray:
        model = keras.Model(entry, corrupt(entry, Corruption(augment=augment, views=views), 0))
        return np.asarray(model(one, training=True))

    little, much = (np.abs(seen(augment) - one).mean() for augment in (0.05, 1.0))
    assert 0 < little < 0.3 * much
    assert np.array_equal(seen(0.0), one)
