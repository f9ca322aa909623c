import numpy as np
import pytest

from mnistae_cli.common.errors import DamagedInput
from mnistae_cli.data.labels import UNLABELED, number_labels


@pytest.mark.parametrize(
    ("labels", "numbers", "names"),
    [
        ([0, 1, 2], [0, 1, 2], "012"),
        ([[0], [1], [0]], [0, 1, 0], "01"),
        ([[0, 1, 0]], [0, 1, 0], "01"),
        ([0.0, 1.0, 3.0], [0, 1, 2], "013"),
        (["3", "0", "3"], [1, 0, 1], "03"),
        ([b"7", b"5", b"7"], [1, 0, 1], "57"),
        ([True, False, True], [1, 0, 1], "01"),
        ([[0, 1, 0], [0, 0, 1], [1, 0, 0]], [1, 2, 0], "012"),
        ([2, -1, 5], [0, UNLABELED, 1], "25"),
        ([2.0, np.nan, 5.0], [0, UNLABELED, 1], "25"),
        (["b", "", "a"], [1, UNLABELED, 0], "ab"),
        (["ü", "क", "ü"], [0, 1, 0], "üक"),
        (["10", "2", ""], [1, 0, UNLABELED], ["2", "10"]),
        (["3.0", "1.0", "-1"], [1, 0, UNLABELED], "13"),
        ([[0, 1], [0, 0], [1, 0]], [1, UNLABELED, 0], "01"),
        ([3, 17, 2**40], [0, 1, 2], ["3", "17", "1099511627776"]),
    ],
)
def test_labels_in_any_form_are_numbered(labels: list[object], numbers: list[int], names: str) -> None:
    (found,), class_names = number_labels([np.array(labels)], [3], "test")
    assert found is not None
    assert found.dtype == np.uint8
    assert found.tolist() == numbers
    assert class_names == tuple(names)


def test_classes_are_those_of_all_splits_and_have_their_names() -> None:
    splits = [np.array([3, 1]), None, np.array([2])]
    (train, none, test), names = number_labels(splits, [2, 5, 1], "test", ["nought", "one", "two", "three"])
    assert train is not None
    assert test is not None
    assert none is None
    assert (train.tolist(), test.tolist(), names) == ([2, 0], [1], ("one", "two", "three"))


def test_names_may_be_those_of_the_numbers_from_1() -> None:
    assert number_labels([np.array([1, 2, 3])], [3], "test", ["a", "b", "c"])[1] == ("a", "b", "c")
    assert number_labels([np.array([1, 2, 3])], [3], "test", ["a", "b", "c", "d"])[1] == ("b", "c", "d")


def test_numbers_beside_words_are_words_but_none_is_none() -> None:
    (train, test), names = number_labels([np.array(["a", "b"]), np.array([-1, -1])], [2, 2], "test")
    assert test is not None
    assert train is not None
    assert (names, train.tolist(), test.tolist()) == (("a", "b"), [0, 1], [UNLABELED, UNLABELED])


def test_labels_that_are_all_missing_are_none() -> None:
    assert number_labels([np.array([-1, -1])], [2], "test") == ([None], ())


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ([0, 1, -2], "the label of image 2 is -2"),
        ([0, 1, 0.5], "the label of image 2 is 0.5"),
        ([0, 1], r"shape \(2,\) for 3 images"),
        ([[0, 2]] * 3, "not one-hot"),
        ([1j, 2j, 3j], "dtype complex128"),
    ],
)
def test_other_labels_are_refused(labels: list[object], words: str) -> None:
    with pytest.raises(DamagedInput, match=words):
        number_labels([np.array(labels)], [3], "test")


@pytest.mark.parametrize(("least", "n"), [(0, 257), (-1, 257)])
def test_more_classes_than_a_byte_tells_apart_are_refused(least: int, n: int) -> None:
    labels = np.arange(least, least + n)
    with pytest.raises(DamagedInput, match="classes, and at most 255"):
        number_labels([labels], [n], "test")
    (found,), _ = number_labels([labels[:-1]], [n - 1], "test")
    assert found is not None
    assert len(set(found.tolist())) == 256
