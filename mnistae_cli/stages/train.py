"""`mnistae train`: images → autoencoder. Looks at no label, and the test images decide nothing."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mnistae_cli.artifacts import Plan, Work, make_stage
from mnistae_cli.codes import TrainConfig
from mnistae_cli.datasets import Dataset, load_dataset
from mnistae_cli.directory import hold
from mnistae_cli.errors import UsageError
from mnistae_cli.framing import measure_frame
from mnistae_cli.manifests import Manifest
from mnistae_cli.neighbors import nearest_neighbors
from mnistae_cli.progress import Notice, Report, silent
from mnistae_cli.sources import Pixels

if TYPE_CHECKING:
    from mnistae_cli.nets.autoencoder import Autoencoder
    from mnistae_cli.nets.batches import Examples


def train(config: TrainConfig, artifacts: Path, report: Report = silent, *, force: bool = False) -> Manifest:
    """Train an autoencoder; write `autoencoder.keras`, `encoder.onnx`, `decoder.onnx`, `history.csv`.

    With a decoder of one layer also `atoms.npy` (D, H, W) float32: what each unit of the code adds to the picture.

    The manifest's metrics: `epochs`, `best_epoch`, the `loss` and `test_loss` of that epoch (nats or squared
    grey levels per pixel; of an invariant code from one view), the `penalty` beside the loss where there is one, and
    `frame`, how the training images hold their sign.

    Raises:
        MnistaeError: the data set or the artifacts directory cannot be used.
    """
    data = open_data(config, artifacts, report)
    with hold(artifacts, report):
        config = config.for_images(data.train.pixels.n)
        plan = Plan(config, dataset=data.record(labels=False))
        return make_stage(artifacts, plan, lambda work: _fill(work, config, data, report), report, force=force)


def open_data(config: TrainConfig, artifacts: Path, report: Report = silent) -> Dataset:
    """The data set to train on; before a folder is made, all that can be refused is.

    Raises:
        UsageError: no such data set, or `artifacts` lies among its images.
        MnistaeError: it cannot be read.
    """
    data = load_dataset(config.dataset, config.data_dir, report)
    source = Path(data.where.source)
    if source.is_dir() and artifacts.resolve().is_relative_to(source):
        raise UsageError(
            f"--artifacts {artifacts} is in the data set {source}.", "Name a directory apart from the images."
        )
    return data


def _fill(work: Work, config: TrainConfig, data: Dataset, report: Report) -> None:
    report(Notice("loading TensorFlow"))
    from mnistae_cli.nets.export import export_onnx, write_history
    from mnistae_cli.nets.losses import reconstruction_loss
    from mnistae_cli.nets.runtime import start_session
    from mnistae_cli.nets.training import Optimisation, train_network

    start_session(config.seed)
    pixels = data.train.pixels.load()
    model, frame = _build(config, pixels), measure_frame(pixels)
    if config.n_neighbors and len(pixels) > 1:
        report(Notice(f"nearest neighbors of {len(pixels):,} images"))
    examples = _examples(pixels, config.n_neighbors)
    del pixels  # TensorFlow holds them now
    test = _examples(data.test.pixels.load(), None if config.n_neighbors is None else 0)
    fitted = train_network(
        model.trained,
        reconstruction_loss(config),
        examples,
        Optimisation.of(config),
        report,
        task="train",
        xla=_gains_by_xla(config),
        shown={"test": test},
    )
    model.whole.save(work.folder / "autoencoder.keras")
    export_onnx(model.encoder, work.folder / "encoder.onnx")
    export_onnx(model.decoder, work.folder / "decoder.onnx")
    write_history(work.folder / "history.csv", fitted.history)
    if model.atoms is not None:
        height, width = data.train.pixels.height, data.train.pixels.width
        np.save(work.folder / "atoms.npy", model.atoms.numpy().reshape(-1, height, width))
    work.metrics = {
        "epochs": len(fitted.history["loss"]),
        "best_epoch": fitted.best_epoch,
        **{name: values[fitted.best_epoch - 1] for name, values in fitted.history.items()},
        "frame": asdict(frame),
    }


def _build(config: TrainConfig, pixels: Pixels) -> "Autoencoder":
    from mnistae_cli.nets.autoencoder import build_dense
    from mnistae_cli.nets.batches import plan_steps
    from mnistae_cli.nets.invariance import build_invariant
    from mnistae_cli.nets.sparse import build_sparse

    n, height, width = pixels.shape
    if config.model == "dense":
        return build_dense(height, width, config)
    steps = plan_steps(n, min(config.batch_size, n)).per_epoch * (config.epochs or 1)
    if config.model == "invariant":
        return build_invariant(height, width, config, steps)
    mean_image = pixels.mean(axis=0, dtype=np.float64) / (255 if pixels.dtype == np.uint8 else 1)
    return build_sparse(mean_image, config, steps)


def _examples(pixels: Pixels, n_neighbors: int | None) -> "Examples":
    from mnistae_cli.nets.batches import Examples

    neighbors = None if n_neighbors is None else nearest_neighbors(pixels, n_neighbors)
    return Examples(pixels, neighbors=neighbors)


def _gains_by_xla(config: TrainConfig) -> bool:
    """For the k largest XLA sorts whole rows (17 ms a step, the plain graph 2).

    Its convolutions and random draws are slow on a CPU; the warps compile themselves.
    """
    return config.k is None and not (config.channels or config.augment or config.occlusion or config.noise)
