"""For other rooms: images → an autoencoder, and few labels → a better encoder.

TensorFlow is imported when one of these functions is called, while the images are read.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.clusters import nearest_images
from mnistae_cli.common import Notice, Report, silent
from mnistae_cli.data import MEASURED_IMAGES, Drawn, Frame, ImageSource, Pixels, Rows, load_npy, measure_frame
from mnistae_cli.settings import Code, FinetuneConfig, Training
from mnistae_cli.store import Checkpoint
from mnistae_cli.training.proposing import propose_views

if TYPE_CHECKING:
    from mnistae_cli.training.autoencoder import Autoencoder
    from mnistae_cli.training.batches import Examples
    from mnistae_cli.training.finetuning import Finetuned
    from mnistae_cli.training.regrouping import Groups
    from mnistae_cli.training.resuming import Part
    from mnistae_cli.training.steps import Fitted


@dataclass(frozen=True)
class FittedAutoencoder:
    """A trained autoencoder.

    Args:
        model: its networks.
        history: the losses of each epoch: `loss`, that of each of the `shown` images, for example `test_loss`, and
            `penalty`, if there is one. They are in nats or squared gray levels per pixel; of an invariant code from one
            view.
        best_epoch: the epoch, from 1, whose weights were kept.
        frame: where the symbol is in the training images.
        neighbors: (N, p) int32, the nearest images to each training image by pixels; p is 0 if the code needs none.
    """

    model: "Autoencoder"
    history: Mapping[str, list[float]]
    best_epoch: int
    frame: Frame
    neighbors: NDArray[np.int32] = field(repr=False)

    @property
    def atoms(self) -> NDArray[np.float32] | None:
        """(D, H, W), what each unit of the code adds to the picture; None if the decoder has hidden layers."""
        if self.model.atoms is None:
            return None
        atoms: NDArray[np.float32] = self.model.atoms.numpy().reshape(-1, self.frame.height, self.frame.width)
        return atoms

    def export(self, folder: Path) -> None:
        """Write `encoder.onnx` and `decoder.onnx`."""
        from mnistae_cli.training.export import export_onnx

        export_onnx(self.model.encoder, folder / "encoder.onnx")
        export_onnx(self.model.decoder, folder / "decoder.onnx")


def fit_autoencoder(
    code: Code,
    images: ImageSource,
    seed: int,
    report: Report = silent,
    *,
    streamed: bool = False,
    shown: Mapping[str, ImageSource] | None = None,
    checkpoint: Checkpoint | None = None,
) -> FittedAutoencoder:
    """Train an autoencoder with a code of this kind. Labels are not used.

    Keras' session is cleared, and its random draws start from `seed`.

    Args:
        code: the settings, with a number of epochs (`Code.for_images`).
        images: the images to learn from.
        seed: seed of every random draw.
        report: listener.
        streamed: leave the images on the disk and read them in batches; only if `Code.in_parts`.
        shown: name → images whose loss is recorded each epoch. They have no influence.
        checkpoint: keeps the state; an interrupted training continues from it.
    """
    report(Notice("loading TensorFlow"))
    pixels, frame = _load_during_import(images, streamed)
    from mnistae_cli.training.batches import Examples, plan_steps
    from mnistae_cli.training.builders import builder_of, can_use_xla
    from mnistae_cli.training.resuming import Part
    from mnistae_cli.training.runtime import start_session
    from mnistae_cli.training.steps import Optimization, train_network

    start_session(seed)
    builder, training = builder_of(code), code.training
    n_neighbors = builder.n_pair_neighbors(code) if builder.n_pair_neighbors else None
    neighbors = _kept(checkpoint, "neighbors.npy", lambda: _nearest(pixels, n_neighbors or 0, report))

    def held(source: ImageSource | Pixels, neighbors: NDArray[np.int32]) -> "Examples":
        return Examples(source, neighbors=None if n_neighbors is None else neighbors)

    if n_neighbors is not None:
        for proposed in propose_views(pixels, code.corruption):
            report(Notice(proposed))
    examples = held(images if streamed else pixels, neighbors)
    watched = {name: held(_placed(each, streamed), neighbors[:0, :0]) for name, each in (shown or {}).items()}

    def n_steps(part: Training) -> int:
        return plan_steps(images.n, min(part.batch_size, images.n)).per_epoch * int(part.epochs)

    def learn(model: "Autoencoder", training: Training, part: "Part", groups: "Groups | None" = None) -> "Fitted":
        learned, seen = examples, watched
        if groups:
            takes_groups = len(model.trained.inputs) > 1
            learned = examples.regrouped(groups.of_images if takes_groups else None, groups.neighbors)
            seen = {
                name: each.regrouped(np.full(len(each), -1) if takes_groups else None) for name, each in watched.items()
            }
        return train_network(
            model.trained, model.loss, learned, Optimization.from_settings(training, seed), report,
            task="train", xla=can_use_xla(code), shown=seen, checkpoint=checkpoint, part=part,
        )  # fmt: skip

    first, *later = builder.regrouping.parts_of(code) if builder.regrouping else [training]
    model = builder.build(code, pixels, n_steps(first), seed)
    if not later:
        del pixels  # TensorFlow holds them now
    fitted = learn(model, first, Part(0, 0, int(training.epochs)))
    for number, part in enumerate(later, start=1):
        assert builder.regrouping
        find = partial(builder.regrouping.find, code, model, pixels, neighbors, seed, report)
        groups = _kept_groups(checkpoint, f"groups_{number}.npz", find)
        model = builder.regrouping.rebuild(code, model, pixels, groups, n_steps(part), seed)
        place = Part(number, len(fitted.history["loss"]), int(training.epochs))
        fitted = fitted.followed_by(learn(model, builder.regrouping.adapt(part, groups), place, groups))
    return FittedAutoencoder(model, fitted.history, fitted.best_epoch, frame, neighbors)


def _placed(images: ImageSource, streamed: bool) -> ImageSource | Pixels:
    """The images as they are, if they are streamed and can be read in any order; otherwise loaded."""
    return images if streamed and images.at else images.load()


def _load_during_import(images: ImageSource, streamed: bool) -> tuple[Pixels, Frame]:
    """Load and measure the images while TensorFlow is imported, which takes seconds of one core."""

    def load() -> tuple[Pixels, Frame]:
        pixels = next(images.batches(MEASURED_IMAGES)) if streamed else images.load()
        return pixels, measure_frame(pixels)

    with ThreadPoolExecutor(1) as other_thread:
        loading = other_thread.submit(load)
        from mnistae_cli.training import backend  # noqa: F401

        return loading.result()


def _nearest(pixels: Pixels, n_neighbors: int, report: Report) -> NDArray[np.int32]:
    if n_neighbors and len(pixels) > 1:
        report(Notice(f"nearest neighbors of {len(pixels):,} images"))
    return nearest_images(pixels, n_neighbors)


def _kept(checkpoint: Checkpoint | None, name: str, make: Callable[[], NDArray[np.int32]]) -> NDArray[np.int32]:
    """An array from the checkpoint of an interrupted training, or a new one, which is saved there."""
    path = checkpoint.find(name) if checkpoint else None
    if path:
        return load_npy(path)
    array = make()
    if checkpoint and array.size:
        checkpoint.save({name: lambda place: np.save(place, array)}, {})
    return array


def _kept_groups(checkpoint: Checkpoint | None, name: str, find: "Callable[[], Groups]") -> "Groups":
    """The groups from the checkpoint of an interrupted training, or new ones, which are saved there."""
    from mnistae_cli.training.regrouping import Groups

    path = checkpoint.find(name) if checkpoint else None
    if path:
        return Groups.load(path)
    groups = find()
    if checkpoint:
        checkpoint.save({name: groups.save}, {})
    return groups


@dataclass(frozen=True)
class FinetunedEncoder:
    """An encoder that was trained further, together with a head.

    Args:
        model: its networks.
        history: name → the losses of each epoch, in nats.
    """

    model: "Finetuned"
    history: Mapping[str, list[float]]

    def export(self, folder: Path) -> None:
        """Write `encoder.onnx`, `classifier.onnx` and `finetuned.keras`."""
        from mnistae_cli.training.export import export_onnx

        export_onnx(self.model.encoder, folder / "encoder.onnx")
        export_onnx(self.model.classifier, folder / "classifier.onnx")
        self.model.whole.save(folder / "finetuned.keras")


def finetune_encoder(
    config: FinetuneConfig,
    autoencoder: Path,
    images: ImageSource,
    codes: Rows,
    drawn: Drawn,
    n_classes: int,
    report: Report = silent,
    *,
    checkpoint: Checkpoint | None = None,
) -> FinetunedEncoder:
    """Train encoder and head together on the drawn labels and on pseudo-labels of all other images.

    Sohn et al. 2020, "FixMatch": `finetuning.SelfTraining` has the equation.

    Args:
        config: the settings, with a number of epochs (`FinetuneConfig.for_images`).
        autoencoder: the `autoencoder.keras` of `train`. Check its hash first (`store.open_stage`).
        images: all training images.
        codes: the codes of all training images, (N, D), as saved by `encode`.
        drawn: the labels that may be used.
        n_classes: C.
        report: listener.
        checkpoint: keeps the state; an interrupted training continues from it.

    Raises:
        UsageError: the loss is no longer a number.
    """
    report(Notice("loading TensorFlow"))
    pixels = images.load()
    from mnistae_cli.training import backend  # noqa: F401
    from mnistae_cli.training.batches import Examples
    from mnistae_cli.training.export import load_keras
    from mnistae_cli.training.finetuning import build_finetuned, labeled_loss
    from mnistae_cli.training.runtime import start_session
    from mnistae_cli.training.steps import Optimization, train_network

    start_session(config.seed)
    model = build_finetuned(load_keras(autoencoder), pixels, codes.load(), drawn, n_classes, config)
    examples = Examples(pixels, drawn.labels_of_all(len(pixels)), labelled=drawn.indices)
    del pixels  # TensorFlow holds them now
    loss = labeled_loss(len(drawn.indices), len(examples), n_classes)
    fitted = train_network(
        model.trained, loss, examples, Optimization.from_settings(config, config.seed), report,
        task="finetune", xla=False, checkpoint=checkpoint,
    )  # fmt: skip
    return FinetunedEncoder(model, fitted.history)
