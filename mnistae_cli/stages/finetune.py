"""`mnistae finetune`: images, few labels and the trained encoder → a better encoder with a head of its own."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from mnistae_cli.data import Drawn, draw_from, in_parallel, load_encoded, load_npy, unit_scale
from mnistae_cli.inference import BATCH_SIZE, open_network
from mnistae_cli.progress import Notice, Report, silent
from mnistae_cli.settings import FinetuneConfig, reads_of
from mnistae_cli.spreadsheets import write_history
from mnistae_cli.store import Manifest, Plan, Stored, Work, hold, make_stage, open_stages


def finetune(config: FinetuneConfig, artifacts: Path, report: Report = silent, *, force: bool = False) -> Manifest:
    """Train encoder and head together on the drawn labels, and on pseudo-labels of all other images.

    Sohn et al. 2020, "FixMatch": `nets.finetuning.SelfTraining` has the equation.

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
    train_images, test_images = data.train.pixels, data.test.pixels
    del data  # and all of its labels; the drawn ones are in `drawn`
    pixels = train_images.load()
    drawn.warn_of_missed(class_names, report)
    report(Notice("loading TensorFlow"))
    from mnistae_cli import nets

    nets.start_session(config.seed)
    autoencoder = nets.load_keras(train.folder / "autoencoder.keras")
    codes = load_npy(encode.folder / "features_train.npy")
    model = nets.build_finetuned(autoencoder, pixels, codes, drawn, len(class_names), config)
    examples = nets.Examples(pixels, drawn.among(len(pixels)), labelled=drawn.indices)
    del pixels, codes  # TensorFlow holds them now
    fitted = nets.train_network(
        model.trained,
        nets.labelled_loss(len(drawn.indices), len(examples), len(class_names)),
        examples,
        nets.Optimisation.of(config, config.seed),
        report,
        task="finetune",
        xla=False,
        checkpoint=work.checkpoint,
    )
    nets.export_onnx(model.encoder, work.folder / "encoder.onnx")
    nets.export_onnx(model.classifier, work.folder / "classifier.onnx")
    model.whole.save(work.folder / "finetuned.keras")
    write_history(work.folder / "history.csv", fitted.history)
    np.save(work.folder / "labelled_indices.npy", drawn.indices)
    encoder, classifier = (open_network(work.folder / f"{name}.onnx") for name in ("encoder", "classifier"))
    batches = test_images.batches(BATCH_SIZE)
    probabilities = in_parallel(lambda batch: classifier(encoder(unit_scale(batch))), batches)
    np.save(work.folder / "probabilities_test.npy", np.concatenate(list(probabilities)))
    work.metrics = {
        "labels_used": len(drawn.indices),
        "class_names": class_names,
        "epochs": len(fitted.history["loss"]),
        **{name: values[-1] for name, values in fitted.history.items()},
    }
