"""What training leaves on the disk: ONNX for inference, the losses as a table."""

import csv
import logging
import warnings
from collections.abc import Mapping
from pathlib import Path

import keras
import numpy as np


def export_onnx(model: keras.Model, path: Path) -> None:
    """Write `model` as ONNX, with a free batch axis."""
    logging.getLogger("tf2onnx").setLevel(logging.ERROR)
    model(np.zeros((1, *model.input_shape[1:]), np.float32))  # Keras exports what was called once
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # Keras' patch of tf2onnx looks for np.object
        model.export(path, format="onnx", verbose=False)


def write_history(path: Path, history: Mapping[str, list[float]]) -> None:
    """One row per epoch: its number from 1, then its losses."""
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["epoch", *history])
        table.writerows([epoch, *row] for epoch, row in enumerate(zip(*history.values(), strict=True), start=1))
