"""`mnistae train`: images → autoencoder. Looks at no label, and the test images decide nothing."""

from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.clusters import nearest_images
from mnistae_cli.codes import Learned, Training
from mnistae_cli.data import (
    MEASURED_IMAGES,
    Dataset,
    data_folder,
    fits_memory,
    load_dataset,
    load_npy,
    measure_frame,
)
from mnistae_cli.errors import UsageError
from mnistae_cli.progress import Notice, Report, silent
from mnistae_cli.settings import TrainConfig
from mnistae_cli.spreadsheets import write_history
from mnistae_cli.store import Manifest, Plan, Work, hold, make_stage

if TYPE_CHECKING:
    from mnistae_cli.nets import Autoencoder, Fitted, Part


def train(
    config: TrainConfig,
    artifacts: Path,
    report: Report = silent,
    *,
    force: bool = False,
    data: Dataset | None = None,
) -> Manifest:
    """Train an autoencoder; write `autoencoder.keras`, `encoder.onnx`, `decoder.onnx`, `history.csv`.

    With a decoder of one layer also `atoms.npy` (D, H, W) float32: what each unit of the code adds to the picture. If
    the code learns from pairs, also `neighbors.npy` (N, p) int32: of each training image the nearest ones by pixels.

    The manifest's metrics: `epochs`, `best_epoch`, the `loss` and `test_loss` of that epoch (nats or squared
    grey levels per pixel; of an invariant code from one view), the `penalty` beside the loss where there is one, and
    `frame`, where the sign is in the training images.

    Args:
        config: of the data set and the code.
        artifacts: the artifacts directory.
        report: hears the progress.
        force: run even if up to date.
        data: the data set, where it is open already (`open_data`).

    Raises:
        MnistaeError: the data set or the artifacts directory cannot be used.
    """
    data = data or open_data(config, artifacts, report)
    with hold(artifacts, report):
        config = config.for_images(data.train.pixels.n)
        plan = Plan("train", config, dataset=data.record(labels=False))
        return make_stage(artifacts, plan, lambda work: _fill(work, config, data, report), report, force=force)


def open_data(config: TrainConfig, artifacts: Path, report: Report = silent) -> Dataset:
    """Load the data set to train on. All checks come before a folder is made.

    Raises:
        UsageError: no such data set, or `artifacts` lies among its images.
        MnistaeError: it cannot be read.
    """
    folder = data_folder(config.dataset)
    if folder and artifacts.resolve().is_relative_to(folder):
        raise UsageError(f"--artifacts {artifacts} is in the data set {folder}.", "Name a directory outside of it.")
    return load_dataset(config.dataset, config.data_dir, report, config.reading)


def _fill(work: Work, config: TrainConfig, data: Dataset, report: Report) -> None:
    report(Notice("loading TensorFlow"))
    from mnistae_cli import nets

    nets.start_session(config.seed)
    code = config.code
    source, test = data.train.pixels, data.test.pixels
    streamed = code.in_parts and source.at and not fits_memory(source.n_bytes, config.memory_share)
    if streamed:
        report(Notice(f"{source.n:,} images stay on the disk, and are read in batches"))
    pixels = next(source.batches(MEASURED_IMAGES)) if streamed else source.load()
    frame = measure_frame(pixels)
    in_pairs, n_neighbors = code.n_pair_neighbors is not None, code.n_pair_neighbors or 0
    if n_neighbors and len(pixels) > 1:
        report(Notice(f"nearest neighbors of {len(pixels):,} images"))
    neighbors = _kept(work, "neighbors.npy", lambda: nearest_images(pixels, n_neighbors))
    examples = nets.Examples(source if streamed else pixels, neighbors=neighbors if in_pairs else None)
    none = neighbors[:0, :0] if in_pairs else None
    shown = {"test": nets.Examples(test if streamed else test.load(), neighbors=none)}

    def learn(model: "Autoencoder", training: Training, part: "Part") -> "Fitted":
        return nets.train_network(
            model.trained,
            model.loss,
            examples,
            nets.Optimisation.of(training, config.seed),
            report,
            task="train",
            xla=code.gains_by_xla,
            shown=shown,
            checkpoint=work.checkpoint,
            part=part,
        )

    first, *later = code.parts
    epochs = int(code.training.epochs)
    model = code.build(pixels, _n_steps(first, source.n), config.seed)
    if not later:
        del pixels  # TensorFlow holds them now
    fitted = learn(model, first, nets.Part(0, 0, epochs))
    for number, part in enumerate(later, start=1):
        images, trained = Learned(pixels, neighbors), model
        find_groups = partial(code.find_groups, trained, images, config.seed, report)
        groups = _kept(work, f"groups_{number}.npy", find_groups)
        model = code.rebuild(trained, pixels, groups, _n_steps(part, len(pixels)), config.seed)
        fitted = fitted.then(learn(model, part, nets.Part(number, len(fitted.history["loss"]), epochs)))
    model.whole.save(work.folder / "autoencoder.keras")
    nets.export_onnx(model.encoder, work.folder / "encoder.onnx")
    nets.export_onnx(model.decoder, work.folder / "decoder.onnx")
    write_history(work.folder / "history.csv", fitted.history)
    if neighbors.shape[1]:
        np.save(work.folder / "neighbors.npy", neighbors)
    if model.atoms is not None:
        height, width = data.train.pixels.height, data.train.pixels.width
        np.save(work.folder / "atoms.npy", model.atoms.numpy().reshape(-1, height, width))
    work.metrics = {
        "epochs": len(fitted.history["loss"]),
        "best_epoch": fitted.best_epoch,
        **{name: values[fitted.best_epoch - 1] for name, values in fitted.history.items()},
        "frame": asdict(frame),
    }


def _kept(work: Work, name: str, make: Callable[[], NDArray[np.int32]]) -> NDArray[np.int32]:
    """An array from the checkpoint of an interrupted training, or a new one, which goes there."""
    path = work.checkpoint.find(name)
    if path:
        return load_npy(path)
    array = make()
    if array.size:
        work.checkpoint.save({name: lambda place: np.save(place, array)}, {})
    return array


def _n_steps(training: Training, n: int) -> int:
    """The steps of a part of the training of `n` images."""
    from mnistae_cli import nets

    return nets.plan_steps(n, min(training.batch_size, n)).per_epoch * int(training.epochs)
