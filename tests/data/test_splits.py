import numpy as np
import pytest

from mnistae_cli.common.errors import DamagedInput
from mnistae_cli.data.sources import from_array
from mnistae_cli.data.splits import with_labels

PIXELS = from_array(np.zeros((3, 2, 2)), "test")


def test_labels_may_be_a_column_and_take_all_of_a_byte() -> None:
    column = with_labels(PIXELS, np.array([[0], [7], [255]]), "test").labels
    assert column is not None
    assert column.tolist() == [0, 7, 255]
    assert column.dtype == np.uint8


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ([0, 1, 256], "whole numbers from 0 to 255"),
        ([0, 1, -1], "whole numbers from 0 to 255"),
        ([0.0, 1.0, 2.0], "whole numbers from 0 to 255"),
        ([0, 1], r"shape \(2,\) for 3 images"),
        ([[0, 1]] * 3, r"shape \(3, 2\) for 3 images"),
    ],
)
def test_other_labels_are_refused(labels: list[object], words: str) -> None:
    with pytest.raises(DamagedInput, match=words):
        with_labels(PIXELS, np.array(labels), "test")
