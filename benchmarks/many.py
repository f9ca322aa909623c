"""Ten times as many images: neighbors and graph of MNIST's training images and warped copies of them.

    python -m benchmarks.many --artifacts DIR    # of `mnistae run --preset invariant`

Each copy except the first is warped as in training. Images and codes are made before the clock starts.
"""

import os
import resource
import sys
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from benchmarks.measuring import Table, parser_of_artifacts, report
from mnistae_cli.clusters import Directions, find_clusters, nearest_images
from mnistae_cli.data import Pixels, in_parallel, load_dataset, unit_scale
from mnistae_cli.networks.inference import open_network

LATENT_DIM = 128
BATCH = 1000


def warped(images: Pixels, seed: int) -> NDArray[np.uint8]:
    """A copy of images (N, H, W), each warped."""
    from mnistae_cli.training.augmentation import RandomAffine

    layer = RandomAffine(1.0, seed)
    starts = range(0, len(images), BATCH)
    parts = [layer(unit_scale(images[start : start + BATCH]), training=True).numpy() for start in starts]
    return np.round(np.concatenate(parts) * 255).astype(np.uint8)


def main() -> None:
    """Measure and report."""
    parser = parser_of_artifacts(__doc__)
    parser.add_argument("--copies", type=int, default=10)
    options = parser.parse_args()
    train = load_dataset("mnist", os.environ.get("MNISTAE_DATA_DIR")).train
    images = train.pixels.load()
    every = np.concatenate([images, *(warped(images, seed) for seed in range(1, options.copies))])
    encoder = open_network(options.artifacts / "train" / "encoder.onnx")
    batches = (every[start : start + BATCH] for start in range(0, len(every), BATCH))
    codes = in_parallel(lambda batch: encoder(unit_scale(batch))[:, -LATENT_DIM:].copy(), batches)
    embedding = np.concatenate(list(codes))
    print(f"{len(every):,} images are encoded", file=sys.stderr)
    laps = [perf_counter()]
    by_pixels = nearest_images(every, 4)
    laps.append(perf_counter())
    found = find_clusters(Directions(embedding), by_pixels, seed=0)
    laps.append(perf_counter())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    assert train.labels is not None
    labels = np.tile(train.labels, options.copies)
    table = np.zeros((len(found.sizes), 10), int)
    np.add.at(table, (found.placement.clusters, labels), 1)
    figures = {
        "neighbors by pixels, s": laps[1] - laps[0],
        "neighbors by the embedding and graph, s": laps[2] - laps[1],
        "peak memory, GiB": peak,
        "clusters found": found.n_clusters,
        "majority accuracy": float(table.max(axis=1).sum() / len(labels)),
    }
    rows = [[name, f"{value:.4g}"] for name, value in figures.items()]
    report("many", figures, Table([f"{len(every):,} images", ""], rows), 1)


if __name__ == "__main__":
    main()
