"""Images → autoencoder. Looks at no label."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.clusters import nearest_images
from mnistae_cli.codes import Code, Learned, Training
from mnistae_cli.data import MEASURED_IMAGES, Frame, ImageSource, Pixels, load_npy, measure_frame
from mnistae_cli.progress import Notice, Report, silent
from mnistae_cli.store import Checkpoint

if TYPE_CHECKING:
    from mnistae_cli.nets import Autoencoder, Examples, Fitted, Part


@dataclass(frozen=True)
class FittedAutoencoder:
    """A trained autoencoder.

    Args:
        model: its networks.
        history: the losses of each epoch: `loss`, and those of what was shown, as `test_loss`; in nats or squared grey
            levels per pixel, of an invariant code from one view. `penalty` is beside the loss where there is one.
        best_epoch: the epoch whose weights were kept, from 1.
        frame: where the sign is in the training images.
        neighbors: (N, p) int32, of each training image the nearest ones by pixels; p is 0 if the code needs none.
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
        from mnistae_cli import nets

        nets.export_onnx(self.model.encoder, folder / "encoder.onnx")
        nets.export_onnx(self.model.decoder, folder / "decoder.onnx")


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
    """Train an autoencoder with a code of this kind.

    Keras' session is cleared, and its random draws start from `seed`.

    Args:
        code: with a number of epochs (`Code.for_images`).
        images: to learn from.
        seed: of every random draw.
        report: hears the progress.
        streamed: leave the images where they are and read them in batches; for a code that learns in parts.
        shown: images whose loss is recorded each epoch, by name. They have no influence.
        checkpoint: where the state is kept; an interrupted training goes on from there.

    Raises:
        UsageError: the code cannot be learned from these images, or the loss is no longer a number.
    """
    report(Notice("loading TensorFlow"))
    pixels, frame = _load_during_import(images, streamed)
    from mnistae_cli import nets

    nets.start_session(seed)
    neighbors = _kept(checkpoint, "neighbors.npy", lambda: _nearest(pixels, code, report))
    in_pairs = code.n_pair_neighbors is not None

    def held(source: ImageSource | Pixels, neighbors: NDArray[np.int32]) -> "Examples":
        return nets.Examples(source, neighbors=neighbors if in_pairs else None)

    examples = held(images if streamed else pixels, neighbors)
    watched = {name: held(_placed(each, streamed), neighbors[:0, :0]) for name, each in (shown or {}).items()}

    def learn(model: "Autoencoder", training: Training, part: "Part") -> "Fitted":
        optimisation = nets.Optimisation.of(training, seed)
        return nets.train_network(
            model.trained, model.loss, examples, optimisation, report,
            task="train", xla=code.gains_by_xla, shown=watched, checkpoint=checkpoint, part=part,
        )  # fmt: skip

    first, *later = code.parts
    epochs = int(code.training.epochs)
    model = code.build(pixels, _n_steps(first, images.n), seed)
    if not later:
        del pixels  # TensorFlow holds them now
    fitted = learn(model, first, nets.Part(0, 0, epochs))
    for number, part in enumerate(later, start=1):
        learned, trained = Learned(pixels, neighbors), model
        find_groups = partial(code.find_groups, trained, learned, seed, report)
        groups = _kept(checkpoint, f"groups_{number}.npy", find_groups)
        model = code.rebuild(trained, pixels, groups, _n_steps(part, len(pixels)), seed)
        fitted = fitted.then(learn(model, part, nets.Part(number, len(fitted.history["loss"]), epochs)))
    return FittedAutoencoder(model, fitted.history, fitted.best_epoch, frame, neighbors)


def _placed(images: ImageSource, streamed: bool) -> ImageSource | Pixels:
    """The images where they are, if they are streamed and can be read in any order; else loaded."""
    return images if streamed and images.at else images.load()


def _load_during_import(images: ImageSource, streamed: bool) -> tuple[Pixels, Frame]:
    """Load and measure the images while TensorFlow is imported, which takes seconds of one core."""

    def load() -> tuple[Pixels, Frame]:
        pixels = next(images.batches(MEASURED_IMAGES)) if streamed else images.load()
        return pixels, measure_frame(pixels)

    with ThreadPoolExecutor(1) as other_thread:
        loading = other_thread.submit(load)
        from mnistae_cli import nets  # noqa: F401

        return loading.result()


def _nearest(pixels: Pixels, code: Code, report: Report) -> NDArray[np.int32]:
    n_neighbors = code.n_pair_neighbors or 0
    if n_neighbors and len(pixels) > 1:
        report(Notice(f"nearest neighbors of {len(pixels):,} images"))
    return nearest_images(pixels, n_neighbors)


def _kept(checkpoint: Checkpoint | None, name: str, make: Callable[[], NDArray[np.int32]]) -> NDArray[np.int32]:
    """An array from the checkpoint of an interrupted training, or a new one, which goes there."""
    path = checkpoint.find(name) if checkpoint else None
    if path:
        return load_npy(path)
    array = make()
    if checkpoint and array.size:
        checkpoint.save({name: lambda place: np.save(place, array)}, {})
    return array


def _n_steps(training: Training, n: int) -> int:
    """The steps of a part of the training of `n` images."""
    from mnistae_cli import nets

    return nets.plan_steps(n, min(training.batch_size, n)).per_epoch * int(training.epochs)
