"""`mnistae finetune`: images, few labels and the trained encoder → a better encoder with its own head."""

from pathlib import Path

import numpy as np

from mnistae_cli.common import Report, silent, write_history
from mnistae_cli.data import Drawn, Rows, draw_from, in_parallel, load_encoded, unit_scale
from mnistae_cli.networks import BATCH_SIZE, open_network
from mnistae_cli.settings import FinetuneConfig
from mnistae_cli.store import TEST_IMAGES, TRAIN_IMAGES, Manifest, Work, stage
from mnistae_cli.training import finetune_encoder

READS = {
    # It loads `autoencoder.keras`, which contains a date. `encoder.onnx` has the same weights without a date.
    "train": ("encoder.onnx",),
    "encode": (
        *("features_train.npy", "labels_train.npy", "#dataset.class_names", "#dataset.n_train"),
        *(TRAIN_IMAGES, TEST_IMAGES),
    ),
}


def finetune(config: FinetuneConfig, artifacts: Path, report: Report = silent, *, force: bool = False) -> Manifest:
    """Train encoder and head together on the drawn labels and on pseudo-labels of all other images.

    Sohn et al. 2020, "FixMatch": see `training.finetune_encoder`. Only the drawn labels are used.

    Writes `encoder.onnx`, `classifier.onnx`, `finetuned.keras`, `probabilities_test.npy` (N, C) float32,
    `labelled_indices.npy` (L,) int64 (numbers of the drawn training images), and `history.csv`.

    Args:
        config: the settings.
        artifacts: the artifacts directory.
        report: listener.
        force: run even if up to date.

    Raises:
        MissingInput: there is no valid encoder, there are no labels, or the images are gone.
        MnistaeError: the labels cannot be drawn: see `draw_labels`.
    """
    with stage("finetune", artifacts, report, force=force) as work:
        encode = work.open(READS)["encode"]
        config = config.for_images(encode.manifest.data.n_train)
        drawn = draw_from(encode, config)
        if work.is_due(config, drawn.record()):
            _fill(work, config, drawn, report)
    return work.manifest


def _fill(work: Work, config: FinetuneConfig, drawn: Drawn, report: Report) -> None:
    train, encode = work.inputs["train"], work.inputs["encode"]
    class_names = encode.manifest.data.class_names
    data = load_encoded(encode, config.data_dir, report)
    drawn.warn_of_missed(class_names, report)
    fitted = finetune_encoder(
        config,
        train.folder / "autoencoder.keras",
        data.train.pixels,
        Rows.open(encode.folder / "features_train.npy"),
        drawn,
        len(class_names),
        report,
        checkpoint=work.checkpoint,
    )
    fitted.export(work.folder)
    write_history(work.folder / "history.csv", fitted.history)
    np.save(work.folder / "labelled_indices.npy", drawn.indices)
    encoder, classifier = (open_network(work.folder / f"{name}.onnx") for name in ("encoder", "classifier"))
    batches = data.test.pixels.batches(BATCH_SIZE)
    probabilities = in_parallel(lambda batch: classifier(encoder(unit_scale(batch))), batches)
    np.save(work.folder / "probabilities_test.npy", np.concatenate(list(probabilities)))
    work.metrics = {
        "labels_used": len(drawn.indices),
        "class_names": class_names,
        "epochs": len(fitted.history["loss"]),
        **{name: values[-1] for name, values in fitted.history.items()},
    }
