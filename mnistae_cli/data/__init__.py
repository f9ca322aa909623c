"""Where images come from, how they are read and framed, and which labels are drawn."""

from mnistae_cli.data import cache, mnist
from mnistae_cli.data.datasets import (
    KNOWN,
    as_encoded,
    compare_data,
    data_folder,
    has_other_images,
    load_dataset,
    load_encoded,
    load_recorded,
    preparation_of,
)
from mnistae_cli.data.draws import Drawn, can_be_classified, draw_from, draw_labels
from mnistae_cli.data.formats.files import holds_arrays, read_array
from mnistae_cli.data.framing import MEASURED_IMAGES, Frame, frame_image, measure_frame
from mnistae_cli.data.image_files import PICTURES, image_paths, prepare_file, read_gray, read_picture
from mnistae_cli.data.labels import labeled
from mnistae_cli.data.memory import fits_memory
from mnistae_cli.data.npy import NpyWriter, load_npy
from mnistae_cli.data.opening import open_images
from mnistae_cli.data.orders import epoch_order, hold_out
from mnistae_cli.data.parallel import in_parallel
from mnistae_cli.data.preparing import KEEP, Preparation
from mnistae_cli.data.ranges import Pixels, check_numbers, scaled
from mnistae_cli.data.rows import ROWS_AT_ONCE, Rows
from mnistae_cli.data.sources import ImageSource, from_array, unit_scale
from mnistae_cli.data.splits import Dataset
from mnistae_cli.data.surveying import for_arrays
