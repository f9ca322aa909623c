"""`mnistae train`: images → autoencoder. Labels are not used, and test images do not influence the result."""

from dataclasses import asdict
from pathlib import Path

import numpy as np

from mnistae_cli.common import Notice, Report, UsageError, setting, silent, write_history
from mnistae_cli.data import Dataset, data_folder, fits_memory, load_dataset
from mnistae_cli.settings import TrainConfig
from mnistae_cli.store import Manifest, Work, stage
from mnistae_cli.training import fit_autoencoder


def train(
    config: TrainConfig,
    artifacts: Path,
    report: Report = silent,
    *,
    force: bool = False,
    data: Dataset | None = None,
) -> Manifest:
    """Train an autoencoder; write `autoencoder.keras`, `encoder.onnx`, `decoder.onnx`, `history.csv`.

    If the decoder has one layer, also write `atoms.npy` (D, H, W) float32: what each unit of the code adds to the
    picture. If the code learns from pairs, also write `neighbors.npy` (N, p) int32: the nearest images to each training
    image by pixels.

    The manifest's metrics: `epochs`, `best_epoch`, the `loss` and `test_loss` of that epoch (in nats or squared gray
    levels per pixel; for an invariant code from one view), its `penalty` if there is one, and `frame`: where the symbol
    is in the training images.

    Args:
        config: the settings.
        artifacts: the artifacts directory.
        report: listener.
        force: run even if up to date.
        data: the data set, if it is open already (`open_data`).

    Raises:
        MnistaeError: the data set or the artifacts directory cannot be used.
    """
    data = data or open_data(config, artifacts, report)
    with stage("train", artifacts, report, force=force, create=True) as work:
        config = config.for_images(data.train.pixels.n)
        if work.is_due(config, data.record(labels=False)):
            _fill(work, config, data, report)
    return work.manifest


def open_data(config: TrainConfig, artifacts: Path, report: Report = silent) -> Dataset:
    """Load the data set to train on. It makes no folder, so that an error leaves nothing behind."""
    folder = data_folder(config.dataset)
    if folder and artifacts.resolve().is_relative_to(folder):
        raise UsageError(
            f"{setting('artifacts', artifacts)} is in the data set {folder}.", "Give a directory outside of it."
        )
    return load_dataset(config.dataset, config.data_dir, report, config.reading)


def _fill(work: Work, config: TrainConfig, data: Dataset, report: Report) -> None:
    source = data.train.pixels
    streamed = config.code.in_parts and source.at is not None and not fits_memory(source.n_bytes, config.memory_share)
    if streamed:
        report(Notice(f"{source.n:,} images stay on the disk, and are read in batches"))
    shown = {"test": data.test.pixels}
    fitted = fit_autoencoder(
        config.code, source, config.seed, report, streamed=streamed, shown=shown, checkpoint=work.checkpoint
    )
    fitted.model.whole.save(work.folder / "autoencoder.keras")
    fitted.export(work.folder)
    write_history(work.folder / "history.csv", fitted.history)
    if fitted.neighbors.shape[1]:
        np.save(work.folder / "neighbors.npy", fitted.neighbors)
    if fitted.atoms is not None:
        np.save(work.folder / "atoms.npy", fitted.atoms)
    work.metrics = {
        "epochs": len(fitted.history["loss"]),
        "best_epoch": fitted.best_epoch,
        **{name: values[fitted.best_epoch - 1] for name, values in fitted.history.items()},
        "frame": asdict(fitted.frame),
    }
