"""`mnistae encode`: images → features, in batches, with ONNX Runtime."""

import shlex
import shutil
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from itertools import chain
from pathlib import Path
from time import perf_counter

import numpy as np

from mnistae_cli.common import Advance, DamagedInput, MissingInput, Notice, Report, UsageError, setting, silent
from mnistae_cli.curation import measure_baseline
from mnistae_cli.data import (
    Dataset,
    ImageSource,
    NpyWriter,
    Preparation,
    Rows,
    has_other_images,
    in_parallel,
    load_dataset,
    load_npy,
    load_recorded,
    open_images,
    preparation_of,
    unit_scale,
)
from mnistae_cli.networks import BATCH_SIZE, ERRORS, Encoded, Network, encode_batch, open_network
from mnistae_cli.settings import DEFAULT, GRAPH_FEATURES_OF, EncodeConfig, ReadOptions, graph_features
from mnistae_cli.stages.shards import finished, plan_shards, read_shard, write_shard
from mnistae_cli.stages.workers import connect
from mnistae_cli.store import DataRecord, Manifest, Stored, Work, command_again, command_for, open_stage, stage, steady

SHARDS = ".encode.shards"
READS = {"train": ("encoder.onnx", "decoder.onnx", "#dataset.height", "#dataset.width", *GRAPH_FEATURES_OF)}


def encode(
    config: EncodeConfig,
    artifacts: Path,
    report: Report = silent,
    *,
    force: bool = False,
    data: Dataset | None = None,
    scheduler: str | None = None,
) -> Manifest:
    """Turn the training and test images into features, and measure the errors of their reconstructions.

    Writes, for train and test, `features_*.npy` (N, D) float32, `labels_*.npy` (N,) uint8 if there are labels, and
    per image `reconstruction_mse_*.npy`, `reconstruction_bce_*.npy` and `reconstruction_fvu_*.npy` (N,) float32 (FVU:
    share of the variance that is not explained). Also `novelty.npy` (2, M) float32: for M training images the distances
    to their neighbors, and their FVU (`curation.NoveltyBaseline`).

    Args:
        config: the settings; without a data set, the one that `train` used is encoded.
        artifacts: the artifacts directory.
        report: listener.
        force: run even if up to date.
        data: the data set, if it is loaded already.
        scheduler: `local` or the address of a Dask scheduler, whose workers do the work; the bytes are the same. What
            they have finished is kept until the stage is done, unless `force`.

    Raises:
        MnistaeError: there is no valid autoencoder, the images have another size than those of its training, or the
            data set that `train` used has changed.
    """
    shards = artifacts.resolve() / SHARDS
    with stage("encode", artifacts, report, force=force) as work:
        train = work.open(READS)["train"]
        trained_on, named = train.manifest.data, data is not None or config.dataset is not None
        if data is None and config.dataset:
            data = load_dataset(
                config.dataset, config.data_dir, report, config.reading, fixed_for(config.reading, train)
            )
        elif data is None:
            fixed_for(config.reading, train, other=False)
            data = load_recorded(trained_on, config.data_dir, report, config.reading)
        for split in (data.train, data.test):
            check_size(split.pixels, train)
        record = data.record(labels=True)
        if not named:
            _check_trained(data, trained_on, artifacts)
        if force:
            shutil.rmtree(shards, ignore_errors=True)
        if work.is_due(config, record):
            if scheduler is None:
                _fill(work, train, data, report)
            else:
                _fill_by_workers(work, train, data, record, report, scheduler, shards)
            _write_novelty_baseline(work.folder, train)
    shutil.rmtree(shards, ignore_errors=True)
    return work.manifest


def _check_trained(data: Dataset, trained: DataRecord, artifacts: Path) -> None:
    """Raise `MissingInput` if the images are not those that `train` recorded."""
    if has_other_images(data, trained):
        source = trained.source
        keeping = f"{command_for(artifacts, 'encode')} --dataset {shlex.quote(source)}"
        raise MissingInput(
            f"the data set {source} has changed since train.",
            f"Run again: {command_again(artifacts, 'train')}; or, to keep the autoencoder: {keeping}",
        )


def _fill(work: Work, train: Stored, data: Dataset, report: Report) -> None:
    encoder, decoder = (open_network(train.folder / f"{name}.onnx") for name in ("encoder", "decoder"))
    for split, images in data.splits():
        batches = images.pixels.batches(BATCH_SIZE)
        encoded = in_parallel(lambda raw: encode_batch(raw, encoder, decoder), batches)
        work.metrics[split] = write_split(work.folder, split, images.pixels, encoded, report)
        if images.labels is not None:
            np.save(work.folder / f"labels_{split}.npy", images.labels)


def _write_novelty_baseline(folder: Path, train: Stored) -> None:
    """Write `novelty.npy`, (2, M): distances and errors of held-out training images, with which others are compared."""
    features, errors = Rows.open(folder / "features_train.npy"), load_npy(folder / "reconstruction_fvu_train.npy")
    usual = measure_baseline(features, errors, graph_features(train.manifest.config))
    np.save(folder / "novelty.npy", np.stack([usual.distances, usual.errors]))


def _fill_by_workers(
    work: Work, train: Stored, data: Dataset, record: DataRecord, report: Report, scheduler: str, folder: Path
) -> None:
    """Let workers write shards into `folder`, and join them in their order."""
    files = ((train.folder / f"{name}.onnx").resolve() for name in ("encoder", "decoder"))
    networks = {path: train.manifest.files[path.name]["sha256"] for path in files}
    with connect(scheduler) as workers:
        shards = plan_shards(folder, data, record, networks)
        known = {shard.folder: hashes for shard in shards if (hashes := finished(shard))}
        if known:
            report(Notice(f"encode: {len(known)} of {len(shards)} shards are finished already"))
        made = workers.in_order(write_shard, [shard for shard in shards if shard.folder not in known])

        def encoded(split: str) -> Iterator[Encoded]:
            for shard in shards:
                if shard.split == split:
                    yield from read_shard(shard, known.get(shard.folder) or next(made))

        for split, images in data.splits():
            work.metrics[split] = write_split(work.folder, split, images.pixels, encoded(split), report)
            if images.labels is not None:
                np.save(work.folder / f"labels_{split}.npy", images.labels)


def write_split(
    folder: Path, split: str, pixels: ImageSource, batches: Iterable[Encoded], report: Report
) -> dict[str, float]:
    """Write a split into `folder`. Returns its mean reconstruction errors and the mean variance of its pixels."""
    done, started, totals = 0, perf_counter(), dict.fromkeys(ERRORS, 0.0)
    moments = np.zeros((2, pixels.height, pixels.width))
    paths = {name: folder / f"reconstruction_{name}_{split}.npy" for name in ERRORS}
    batches = iter(batches)
    first = next(batches)
    with (
        NpyWriter(folder / f"features_{split}.npy", (pixels.n, first.features.shape[1])) as features_file,
        ExitStack() as files,
    ):
        error_files = {name: files.enter_context(NpyWriter(path, (pixels.n,))) for name, path in paths.items()}
        for encoded in chain((first,), batches):
            features_file.write(encoded.features)
            for name, errors in encoded.errors.items():
                error_files[name].write(errors)
                totals[name] += float(errors.sum(dtype=np.float64))
            moments += encoded.moments
            done += len(encoded.features)
            rate = done / (perf_counter() - started)
            report(Advance(f"encode {split}", done, pixels.n, "images", {"images_per_second": rate}))
    mean, mean_square = moments / pixels.n
    variance = float((mean_square - mean**2).mean())
    return {name: total / pixels.n for name, total in totals.items()} | {"pixel_variance": variance}


def encode_images(
    images: Path, output: Path, artifacts: Path, report: Report = silent, reading: ReadOptions = DEFAULT
) -> tuple[int, int]:
    """Write the features of other images as a `.npy` file. A folder is read in the order of file names.

    Args:
        images: a folder of pictures, a picture, a `.npy` array (N, H, W) or an IDX file; H and W are those of training.
        output: the `.npy` file, (N, D) float32, in a folder that exists.
        artifacts: the artifacts directory; nothing is written there.
        report: listener.
        reading: which images are refused.

    Returns:
        The shape (N, D) of the features.

    Raises:
        UsageError: `output` cannot be a `.npy` file of features.
        MnistaeError: there is no valid autoencoder, or it cannot take the images.
    """
    if output.suffix != ".npy" or output.is_dir() or not output.parent.is_dir():
        raise UsageError(
            f"{setting('output', output)} cannot hold the features.", "Give a .npy file in a folder that exists."
        )
    if output.exists() and images.exists() and output.samefile(images):
        raise UsageError(
            f"{setting('output', output)} is the same file as {setting('images')}.",
            "Give another file, so that the images are kept.",
        )
    if artifacts.resolve() in output.resolve().parents:
        raise UsageError(f"{setting('output', output)} is in the artifacts directory.", "Give a file in another place.")

    def opened() -> tuple[Stored, Network]:
        train = open_stage(artifacts, "train")
        return train, open_network(train.folder / "encoder.onnx")

    train, encoder = steady(artifacts, opened)
    pixels = open_images(images, reading, report, fixed_for(reading, train))
    check_size(pixels, train)
    done, started, shape = 0, perf_counter(), (pixels.n, _latent_dim(encoder, pixels))
    with NpyWriter(output, shape) as file:
        for features in in_parallel(lambda raw: encoder(unit_scale(raw)), pixels.batches(BATCH_SIZE)):
            file.write(features)
            done += len(features)
            rate = done / (perf_counter() - started)
            report(Advance("encode", done, pixels.n, "images", {"images_per_second": rate}))
    return shape


def fixed_for(reading: ReadOptions, train: Stored, *, other: bool = True) -> Preparation:
    """How `train` brought images to their size and range, for these or `other` images.

    Other images may have a frame even if those of `train` had none.

    Raises:
        UsageError: another frame, side or polarity is asked for.
    """
    record = train.manifest.data
    found = preparation_of(record)
    frame = found.frame or (reading.frame if other else None) or ""
    before = {"frame": frame, "side": record.height, "polarity": found.polarity}
    for name, value in before.items():
        asked = getattr(reading, name)
        if asked not in (None, "auto", value):
            had = setting(name, value) if value else "no frame"
            raise UsageError(
                f"{setting(name, asked)} is given, but train had {had}.", "Leave it out, or train again with it."
            )
    return replace(found, frame=frame, height=record.height, width=record.width)


def check_size(pixels: ImageSource, train: Stored) -> None:
    """Raise `DamagedInput` if images have another size than the autoencoder's."""
    record = train.manifest.data
    expected, found = (record.height, record.width), (pixels.height, pixels.width)
    if found != expected:
        raise DamagedInput(
            f"{pixels.origin}: images of {found[0]}×{found[1]}, but the autoencoder takes {expected[0]}×{expected[1]}.",
            f"Train on images of this size, or bring them to it: {setting('frame', 'pad')}.",
        )


def _latent_dim(encoder: Network, pixels: ImageSource) -> int:
    return int(encoder(np.zeros((1, pixels.height, pixels.width), np.float32)).shape[1])
