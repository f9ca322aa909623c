"""Where images come from, how they are read and framed, and which labels are drawn."""

from mnistae_cli.data import mnist
from mnistae_cli.data.datasets import KNOWN, as_encoded, load_dataset, load_encoded, load_recorded
from mnistae_cli.data.draws import Drawn, can_be_classified, draw_from, draw_labels
from mnistae_cli.data.framing import Frame, frame_image, measure_frame
from mnistae_cli.data.image_files import image_paths, open_images, read_grey
from mnistae_cli.data.npy import NpyWriter, load_npy
from mnistae_cli.data.sources import ImageSource, Pixels, checked_pixels, unit_scale
from mnistae_cli.data.splits import Dataset

__all__ = [
    "KNOWN",
    "Dataset",
    "Drawn",
    "Frame",
    "ImageSource",
    "NpyWriter",
    "Pixels",
    "as_encoded",
    "can_be_classified",
    "checked_pixels",
    "draw_from",
    "draw_labels",
    "frame_image",
    "image_paths",
    "load_dataset",
    "load_encoded",
    "load_npy",
    "load_recorded",
    "measure_frame",
    "mnist",
    "open_images",
    "read_grey",
    "unit_scale",
]
