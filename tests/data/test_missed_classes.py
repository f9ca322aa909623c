import numpy as np

from mnistae_cli.data.draws import Drawn


def test_classes_of_which_no_label_was_drawn_are_named() -> None:
    drawn = Drawn(np.arange(3), np.array([0, 2, 2], np.uint8))
    assert drawn.missed(["a", "b", "c", "d"]) == ["b", "d"]
    assert drawn.missed(["a"]) == []
