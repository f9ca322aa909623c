"""`mnistae finetune`: images, few labels and the trained encoder → a better encoder with a head of its own."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from mnistae_cli.common import Report, silent, write_history
from mnistae_cli.data import Drawn, Rows, draw_from, in_parallel, load_encoded, unit_scale
from mnistae_cli.networks import BATCH_SIZE, open_network
from mnistae_cli.settings import FinetuneConfig, reads_of
from mnistae_cli.store import Manifest, Plan, Stored, Work, hold, make_stage, open_stages
from mnistae_cli.training import finetune_encoder


def finetune(config: FinetuneConfig, artifacts: Path, report: Report = silent, *, force: bool = False) -> Manifest:
    """Train encoder and head together on the drawn labels, and on pseudo-labels of all other images.

    Sohn et al. 2020, "FixMatch": `training.finetune_encoder`.

    Writes `encoder.onnx`, `classifier.onnx`, `finetuned.keras`, `probabilities_test.npy` (N, C) float32,
    `labelled_indices.npy` (L,) int64 into the training images, and `history.csv`. No label but the drawn ones is
    used.

    Raises:
        MissingInput: no valid encoder, no labels, or the images are gone.
        MnistaeError: the labels cannot be drawn: see `draw_labels`.
    """
    with hold(artifacts, report, create=False):
        inputs = open_stages(artifacts, reads_of(config))
        encode = inputs["encode"]
        config = config.for_images((encode.manifest.dataset or {})["n_train"])
        drawn = draw_from(encode, config)
        plan = Plan("finetune", config, inputs=inputs, dataset=drawn.record())
        return make_stage(
            artifacts, plan, lambda work: _fill(work, config, plan.inputs, drawn, report), report, force=force
        )


def _fill(work: Work, config: FinetuneConfig, inputs: Mapping[str, Stored], drawn: Drawn, report: Report) -> None:
    train, encode = inputs["train"], inputs["encode"]
    class_names = (encode.manifest.dataset or {})["class_names"]
    data = load_encoded(encode, config.data_dir, report)
    drawn.warn_of_missed(class_names, report)
    fitted = finetune_encoder(
        config,
        train.folder / "autoencoder.keras",
        data.train.pixels,
        Rows.of(encode.folder / "features_train.npy"),
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
