"""The figures of `mnistae evaluate`, from the files of the stages. It is only imported if figures are drawn."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.clusters import Placement
from mnistae_cli.common import Notice, Report
from mnistae_cli.data import Pixels, Rows, load_npy
from mnistae_cli.networks import open_network
from mnistae_cli.pictures import figures
from mnistae_cli.pictures._names import names_for
from mnistae_cli.pictures.maps import MAPPED, draw_images, lay_out
from mnistae_cli.scores import metrics
from mnistae_cli.store import Stored


@dataclass(frozen=True)
class HeldOut:
    """The test images.

    Args:
        features: (N, D) float32.
        images: (N, H, W).
        known: (M,) the indices of the images that have a label, or None.
        labels: (M,) their labels, or None.
    """

    features: Rows
    images: Pixels
    known: NDArray[np.int64] | None
    labels: NDArray[np.uint8] | None

    @property
    def all_labels(self) -> NDArray[np.uint8] | None:
        """The labels (N,), if all images have one."""
        return self.labels if self.labels is not None and len(self.labels) == len(self.images) else None


def draw(
    folder: Path,
    inputs: Mapping[str, Stored],
    test: HeldOut,
    tables: Mapping[str, metrics.Table],
    seed: int,
    report: Report,
) -> None:
    """Write a PNG file for each figure that the stages in `inputs` allow.

    `folder` has `density.npy` already. `tables`: split with labels → contingency table of clusters and classes.
    """
    class_names = inputs["encode"].manifest.data.class_names
    if names_for(class_names).lacking:
        report(Notice("the figures' font lacks letters of class names: figures show #NUMBER, tables have the names"))
    mapped = draw_images(len(test.features), MAPPED, seed)
    colors = None if test.all_labels is None else test.all_labels[mapped]
    # NumPy releases Python's global lock for about half of the map's time. Meanwhile Matplotlib draws.
    with ThreadPoolExecutor(1) as other_thread:
        layout = other_thread.submit(lay_out, test.features.take(mapped))
        _draw_codes(folder, inputs["train"], test)
        if "classify" in inputs and test.labels is not None:
            probabilities = load_npy(inputs["classify"].folder / "probabilities_test.npy")[test.known]
            figures.save(figures.confusion_matrix(probabilities, test.labels, class_names), folder / "confusion.png")
        if "cluster" in inputs:
            _draw_clusters(folder, inputs["cluster"], test, tables, class_names)
        figures.save(figures.feature_map(*layout.result(), colors, class_names), folder / "feature_map.png")


def _draw_codes(folder: Path, train: Stored, test: HeldOut) -> None:
    shown = figures.one_per_class(test.all_labels, len(test.images))
    codes, images, density = test.features.take(shown), test.images[shown], load_npy(folder / "density.npy")
    reconstructed = open_network(train.folder / "decoder.onnx")(codes)
    figures.save(figures.reconstructions(images, reconstructed), folder / "reconstructions.png")
    figures.save(figures.loss_curve(train.folder / "history.csv"), folder / "loss.png")
    figures.save(figures.density(density), folder / "density.png")
    if "atoms.npy" in train.manifest.files:
        atoms = load_npy(train.folder / "atoms.npy")
        figures.save(figures.atoms(atoms, density), folder / "atoms.png")
        figures.save(figures.compositions(images, codes, reconstructed, atoms), folder / "compositions.png")


def _draw_clusters(
    folder: Path, cluster: Stored, test: HeldOut, tables: Mapping[str, metrics.Table], class_names: Sequence[str]
) -> None:
    placement, config = Placement.load(cluster.folder, "test"), cluster.manifest.config
    by_distance = config["method"] == "kmeans"
    numbers = range(len(cluster.manifest.metrics["cluster_sizes"]))
    typical = [placement.typical_first(number, by_distance=by_distance) for number in numbers]
    figures.save(figures.clusters(test.images, typical, tables.get("test"), class_names), folder / "clusters.png")
    if "resolutions.csv" in cluster.manifest.files:
        scan = cluster.folder / "resolutions.csv"
        figures.save(figures.resolutions(scan, config["n_clusters"]), folder / "resolutions.png")
    if test.labels is not None and "train" in tables:
        predicted = metrics.hungarian_mapping(tables["train"])[placement.clusters[test.known]]
        mistakes = figures.mistakes(test.images[test.known], predicted, test.labels, class_names)
        figures.save(mistakes, folder / "mistakes.png")
