"""`mnistae classify`: features and a share of their labels → a head and test probabilities."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.artifacts import Plan, Stored, Work, make_stage, open_stage
from mnistae_cli.configs import ClassifyConfig
from mnistae_cli.directory import hold
from mnistae_cli.errors import MissingInput, UsageError
from mnistae_cli.inference import open_network
from mnistae_cli.manifests import Manifest
from mnistae_cli.npy import load_npy
from mnistae_cli.progress import Notice, Report, silent


def classify(config: ClassifyConfig, artifacts: Path, report: Report = silent, *, force: bool = False) -> Manifest:
    """Train a head on the features of images whose labels are drawn.

    Writes `classifier.keras`, `classifier.onnx`, `probabilities_test.npy` (N, C) float32, `labelled_indices.npy`
    (L,) int64 into the training images, and `history.csv`.

    Raises:
        MissingInput: no sound features, or no labels beside them.
        UsageError: more labels asked for than there are.
    """
    with hold(artifacts, report, create=False):
        encode = open_stage(artifacts, "encode")
        if not can_be_classified(encode.manifest):
            raise MissingInput(
                f"{encode.folder} has no labels of two classes or more to learn from.",
                "Go on with mnistae cluster, or sort the images into class folders.",
            )
        plan = Plan(config, inputs={"encode": encode})
        return make_stage(artifacts, plan, lambda work: _fill(work, config, encode, report), report, force=force)


def can_be_classified(encoded: Manifest) -> bool:
    """Whether the encoded data set has training labels, and more than one class."""
    return "labels_train.npy" in encoded.files and len((encoded.dataset or {})["class_names"]) > 1


def _fill(work: Work, config: ClassifyConfig, encode: Stored, report: Report) -> None:
    labels = load_npy(encode.folder / "labels_train.npy")
    features = load_npy(encode.folder / "features_train.npy")
    drawn = draw_labels(labels, config)
    class_names = (encode.manifest.dataset or {})["class_names"]
    n_classes = len(class_names)
    report(Notice("loading TensorFlow"))
    from mnistae_cli.nets.batches import Examples
    from mnistae_cli.nets.classifier import build_head
    from mnistae_cli.nets.export import export_onnx, write_history
    from mnistae_cli.nets.losses import softmax_crossentropy
    from mnistae_cli.nets.runtime import start_session
    from mnistae_cli.nets.training import Optimisation, train_network

    start_session(config.seed)
    head = build_head(features[drawn], n_classes, config)
    fitted = train_network(
        head.logits,
        softmax_crossentropy(config.label_smoothing, n_classes),
        Examples(features[drawn], labels[drawn]),
        Optimisation.of(config),
        report,
        task="classify",
        xla=False,
    )
    head.probabilities.save(work.folder / "classifier.keras")
    export_onnx(head.probabilities, work.folder / "classifier.onnx")
    write_history(work.folder / "history.csv", fitted.history)
    np.save(work.folder / "labelled_indices.npy", drawn)
    probabilities = open_network(work.folder / "classifier.onnx")(load_npy(encode.folder / "features_test.npy"))
    np.save(work.folder / "probabilities_test.npy", probabilities)
    work.metrics = {
        "labels_used": len(drawn),
        "class_names": class_names,
        "epochs": len(fitted.history["loss"]),
        "best_epoch": fitted.best_epoch,
        **{name: values[fitted.best_epoch - 1] for name, values in fitted.history.items()},
    }


def draw_labels(labels: NDArray[np.uint8], config: ClassifyConfig) -> NDArray[np.int64]:
    """Sorted indices (L,) int64 of the labels that may be used: a seeded draw without replacement.

    Stratified, every class gives its share, and the largest remainders give the odd ones; the draw then reads
    all labels to know the classes, but nothing else is learned from the others.

    Raises:
        UsageError: more labels than there are.
    """
    n = len(labels)
    n_drawn = max(round(config.labels * n), 1) if isinstance(config.labels, float) else config.labels
    if n_drawn > n:
        raise UsageError(f"--labels is {n_drawn}, and there are {n}.", f"Give at most {n}, or a share.")
    order = np.random.default_rng(config.seed).permutation(n)
    if not config.stratify:
        return np.sort(order[:n_drawn])
    classes, counts = np.unique(labels, return_counts=True)
    shares = counts * n_drawn / n
    quotas = np.floor(shares).astype(int)
    quotas[np.argsort(quotas - shares, kind="stable")[: n_drawn - quotas.sum()]] += 1
    parts = [order[labels[order] == each][:quota] for each, quota in zip(classes, quotas, strict=True)]
    return np.sort(np.concatenate(parts))
