"""`mnistae train`: images → autoencoder. Looks at no label, and the test images decide nothing."""

from dataclasses import asdict
from pathlib import Path

from mnistae_cli.artifacts import Plan, Work, make_stage
from mnistae_cli.configs import TrainConfig
from mnistae_cli.datasets import Dataset, load_dataset
from mnistae_cli.directory import hold
from mnistae_cli.errors import UsageError
from mnistae_cli.framing import measure_frame
from mnistae_cli.manifests import Manifest
from mnistae_cli.progress import Notice, Report, silent


def train(config: TrainConfig, artifacts: Path, report: Report = silent, *, force: bool = False) -> Manifest:
    """Train an autoencoder; write `autoencoder.keras`, `encoder.onnx`, `decoder.onnx`, `history.csv`.

    The manifest's metrics: `epochs`, `best_epoch`, the `loss` and `test_loss` of that epoch (nats or squared
    grey levels per pixel) and `frame`, how the training images hold their sign.

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
    from mnistae_cli.nets import losses
    from mnistae_cli.nets.autoencoder import build_autoencoder
    from mnistae_cli.nets.export import export_onnx, write_history
    from mnistae_cli.nets.runtime import start_session
    from mnistae_cli.nets.training import Examples, Optimisation, train_network

    start_session(config.seed)
    pixels, test_pixels = data.train.pixels.load(), data.test.pixels.load()
    model = build_autoencoder(data.train.pixels.height, data.train.pixels.width, config)
    fitted = train_network(
        model.logits,
        losses.binary_crossentropy if config.loss == "bce" else losses.squared_error,
        Examples(pixels),
        Optimisation.of(config),
        report,
        task="train",
        xla=True,
        shown={"test": Examples(test_pixels)},
    )
    model.whole.save(work.folder / "autoencoder.keras")
    export_onnx(model.encoder, work.folder / "encoder.onnx")
    export_onnx(model.decoder, work.folder / "decoder.onnx")
    write_history(work.folder / "history.csv", fitted.history)
    work.metrics = {
        "epochs": len(fitted.history["loss"]),
        "best_epoch": fitted.best_epoch,
        **{name: values[fitted.best_epoch - 1] for name, values in fitted.history.items()},
        "frame": asdict(measure_frame(pixels)),
    }
